#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Fetches Debian's musl-dev for another architecture (default: arm64) and
# unpacks it into the folder given (default: musl-arm64), by apt-get with lists
# of its own: nothing is installed, and the machine's settings stay as they are.
# Nothing is done when the library is there. May run twice at the same time.
set -eu

arch=${1:-arm64}
out=${2:-musl-$arch}

fail() {
	echo "fetch-musl: $*" >&2
	echo "Without a network: unpack Debian's musl-dev_*_$arch.deb into" \
		"$(realpath "$out") by dpkg-deb -x," >&2
	echo "or name a folder that has it: make ARCH=$arch MUSL=/path" >&2
	exit 1
}

for library in "$out"/usr/lib/*-linux-musl/libc.a; do
	[ ! -e "$library" ] || exit 0
done

mkdir -p "$out"
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
	fail "apt-get or dpkg-deb is missing"
work=$(mktemp -d "$(realpath "$out")/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/archives/partial"

apt() {
	(cd "$work" && apt-get -qq -o APT::Architecture="$arch" \
		-o APT::Architectures="$arch" -o Dir::State::Lists="$work/lists" \
		-o Dir::Cache="$work" -o APT::Sandbox::User="$(id -un)" \
		"$@" 2>&1) >"$work/said" || {
		cat "$work/said" >&2
		return 1
	}
}

echo "fetching musl-dev for $arch ..." >&2
apt update || fail "apt-get update failed"
apt download musl-dev || fail "apt-get download musl-dev failed"
dpkg-deb -x "$work"/musl-dev_*.deb "$work/tree" ||
	fail "the package is damaged"
[ -d "$out/usr" ] || mv "$work/tree/usr" "$out/" || [ -d "$out/usr" ]
