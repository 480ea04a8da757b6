#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The gallery: that docs/gallery.md has what its traces give, and that they can
# be recorded again.

root=$(cd "$(dirname "$0")/../.." && pwd)
source "$root/tests/programs/lib.bash"
prepare 11 python3 qemu-system-x86_64 sqlite3 lua5.4 redis-server perl gcc
export BUILD=${BUILD:-$root/build}
gallery=$root/trace/gallery
# Another python3 may be a script that looks for one
python=$(PATH=/usr/bin:$PATH command -v python3)
compile=$BUILD/trace/mi-trace-compile

# row NAME FILE : of the first table, its cells one a line
row() {
	grep -m 1 "^| $1 | " "$2" | tr '|,' '\n\n' | sed 's/^ *//; s/ *$//'
}

# near FILE FILE : words are the same, numbers nearly
near() {
	paste -d '\t' "$1" "$2" | awk -F '\t' '
	$1 == $2 || $1 ~ /^[0-9.]+$/ && $2 ~ /^[0-9.]+$/ && $1 < $2 * 1.1 &&
		$2 < $1 * 1.1 { next }
	{ gsub(/[0-9]+ %/, "N %"); if ($1 != $2) { print; bad = 1 } }
	END { exit bad || NR < 15 }'
}

operations() {
	"$compile" "$1" "$tmp/script" | grep -o '"operations": [0-9]*' |
		tr -dc 0-9
}

# Between three quarters and four thirds of the calls of the other
alike() {
	local one other
	one=$(operations "$1") && other=$(operations "$2") || return
	echo "$one calls, and $other"
	[ $((one * 3)) -lt $((other * 4)) ] && [ $((other * 3)) -lt $((one * 4)) ]
}

"$python" "$gallery/replay" --in unikernel nginx sqlite3 >"$tmp/table"
check "the tables are printed" test $? = 0
for name in nginx sqlite3; do
	row $name "$tmp/table" >"$tmp/new"
	row $name "$root/docs/gallery.md" >"$tmp/told"
	check "docs/gallery.md has the row of $name" near "$tmp/new" "$tmp/told"
done
check "what is no trace of the gallery is told" bash -c "! '$python' \
	'$gallery/replay' nothing 2>'$tmp/err' && grep -q 'nothing: no trace' \
	'$tmp/err'"
check "all of them are half a MiB at most" test \
	"$(cat "$gallery"/*.trace | wc -c)" -lt $((512 * 1024))
for name in sqlite3 lua redis gcc perl; do
	if "$gallery/record" -o "$tmp" $name >"$tmp/out" 2>&1; then
		check "$name is recorded again, and is alike" alike \
			"$tmp/$name.trace" "$gallery/$name.trace"
	else
		point 1 "$name is recorded again"
		comment "$tmp/out"
	fi
done
check "what is no program of it is told" bash -c "! '$gallery/record' -o \
	'$tmp' nothing 2>'$tmp/err' && grep -q 'one of sqlite3' '$tmp/err'"
finish
