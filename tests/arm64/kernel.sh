#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A kernel of Debian's for arm64 machines, whose pages have 4 or 16 KiB.
#
#	tests/arm64/kernel.sh 4k|16k FOLDER
#
# Leaves it in FOLDER as kernel-4k or kernel-16k, with a file of the package's
# name beside it, unless it is there already. The package is fetched from where
# this machine's apt has Debian's, by settings of our own, so that nothing
# changes in those of the machine. Where there is none to be had the exit status
# is 3, and the last line on standard error says why.

set -u -o pipefail
export LC_ALL=C

none() {
	echo "$*" >&2
	exit 3
}

case ${1:-} in
4k)	meta=linux-image-arm64 ;;
16k)	meta=linux-image-arm64-16k ;;
*)	echo "usage: kernel.sh 4k|16k FOLDER" >&2; exit 2 ;;
esac
kernel=${2:?a folder}/kernel-$1
[ ! -s "$kernel" ] || exit 0
for tool in apt-get apt-cache dpkg-deb; do
	command -v $tool >/dev/null || none "no $tool here to fetch $meta with"
done
mkdir -p "$2" || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# Where Debian's packages come from, and the release of this machine
release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
address=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
	'Created-By: Packages' 2>/dev/null | awk -v release="$release" \
	'$2 == release && $3 == "main" { print $1; exit }')
[ -n "$address" ] || none "apt has no source of Debian's ${release:-packages}"

# Debian 12 has none with 16 KiB itself; what comes from later releases runs on
# no machine of ours but the emulated one
releases=$release
[ "$1" = 4k ] || releases="$release $release-backports trixie"

# settings RELEASE : an apt that knows this one and arm64 alone
settings() {
	local keys=/usr/share/keyrings/debian-archive-keyring.gpg
	mkdir -p "$tmp/lists/partial" "$tmp/cache/archives/partial"
	: >"$tmp/status"
	[ -r $keys ] && keys="[signed-by=$keys]" || keys=
	echo "deb $keys $address $1 main" >"$tmp/sources.list"
	cat >"$tmp/apt.conf" <<-EOF
	APT::Architecture "arm64";
	APT::Architectures { "arm64"; };
	APT::Sandbox::User "root";
	Dir::State "$tmp";
	Dir::State::status "$tmp/status";
	Dir::Cache "$tmp/cache";
	Dir::Etc::sourcelist "$tmp/sources.list";
	Dir::Etc::sourceparts "-";
	Acquire::Languages "none";
	Acquire::Retries "3";
	EOF
	export APT_CONFIG="$tmp/apt.conf"
}

# fetch RELEASE : the newest kernel there, if there is one
fetch() {
	local package
	settings "$1"
	apt-get -q update >>"$tmp/log" 2>&1 || return
	package=$(apt-cache depends "$meta" 2>>"$tmp/log" |
		sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p' | head -n 1)
	[ -n "$package" ] || { echo "$1 has no $meta" >>"$tmp/log"; return 1; }
	(cd "$tmp" && apt-get -q download "$package") >>"$tmp/log" 2>&1 || return
	dpkg-deb --fsys-tarfile "$tmp/$package"_*.deb >"$tmp/tar" || return
	tar -xOf "$tmp/tar" "./boot/vmlinuz-${package#linux-image-}" \
		>"$tmp/kernel" 2>>"$tmp/log" || return
	[ -s "$tmp/kernel" ] || return
	echo "$package" >"$kernel.package"
	mv "$tmp/kernel" "$kernel"
}

for release in $releases; do
	! fetch "$release" || exit 0
done
cat "$tmp/log" >&2
none "no $meta could be fetched from $releases"
