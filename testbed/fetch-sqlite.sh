#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Fetches the SQLite amalgamation into the folder given (default: sqlite) from
# the npm package better-sqlite3, and checks it. Nothing is done when both files
# are there already, of whatever version. May run twice at the same time.
set -eu

package=better-sqlite3@12.11.1		# SQLite 3.53.2
sums="\
60d2f39a3726cd6b9021da6f4e868608d66fbb6528a9f513dc8ffcc640493422  sqlite3.c
9e69a1353a4288450b0d5239ede11fc7f1f4c8e5eb07491fc8317eacb5b7de7e  sqlite3.h"

out=${1:-sqlite}
here=$(dirname "$0")

fail() {
	echo "fetch-sqlite: $*" >&2
	echo "Without a network: put sqlite3.c and sqlite3.h, SQLite's" \
		"amalgamation, into $(realpath "$out")," >&2
	echo "or name the folder that has them: make run SQLITE=/path" >&2
	exit 1
}

[ ! -e "$out/sqlite3.c" ] || [ ! -e "$out/sqlite3.h" ] || exit 0

mkdir -p "$out"
command -v npm >/dev/null ||
	"$here/../tests/install-packages" "$here/packages-sqlite.txt" ||
	fail "npm is missing"
work=$(mktemp -d "$out/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
echo "fetching $package ..."
(cd "$work" && npm pack --loglevel=error "$package" >name) ||
	fail "npm pack $package failed"
tar -xzmf "$work/$(tail -n 1 "$work/name")" -C "$work" ||
	fail "the package is damaged"
(cd "$work/package/deps/sqlite3" && echo "$sums" |
	sha256sum --check --status) ||
	fail "$package holds no SQLite, or not the one whose checksum is known"
mv "$work/package/deps/sqlite3/sqlite3.c" \
	"$work/package/deps/sqlite3/sqlite3.h" "$out/"
