#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Executed instructions of the fast paths, against tests/figures/golden.txt.
# The library as it is by default is that of BUILD; others are made here.
#
#	tests/figures/instructions.sh [default]
#
# `default` leaves the others out.

source "$(dirname "$0")/figures.bash"

# hardening and threads of what is judged; all if empty
only=
[ "${1:-}" != default ] || only=$'1\t1\t'

golden() {
	grep -v -e '^#' -e '^$' "$here/golden.txt" | grep "^$only"
}

# measure PROGRAM FUNCTION: sets count, or prints why there is none.
measure() {
	local took calls status
	count=
	[ -x "$1" ] || return
	"$1" "$2" >"$tmp/count" 2>"$tmp/count.err"
	status=$?
	if [ "$status" -eq 3 ]; then
		tell "ptrace is not permitted here, so nothing can be counted:"
		tell "allow it (a container: --cap-add=SYS_PTRACE)"
	fi
	if [ "$status" -ne 0 ]; then
		comment "$tmp/count.err"
		return
	fi
	read -r count took calls <"$tmp/count"
	if [ $((took * 4)) -lt $((calls * 3)) ]; then
		tell "only $took of $calls calls took $count instructions"
		count=
	fi
}

# judge HARDENING THREADS LIBRARY FUNCTION GOLDEN LIMIT: two points.
judge() {
	local name="$3 mi_$4"
	[ "$1" -eq 1 ] || name="$name, hardening $1"
	[ "$2" -eq 1 ] || name="$name, no threads"
	measure "$tmp/$3$1$2" "$4"
	at_most "$name" "${count:-nothing}" "$6" instructions
	[ "${count:-nothing}" = "$5" ]
	point $? "$name: ${count:-nothing} instructions as in golden.txt ($5)"
	[ "${count:-nothing}" = "$5" ] ||
		tell "if this is meant, change golden.txt in the same commit"
}

# sizes and limits of the means
pairs=("16 36" "64 36" "256 38" "1024 46" "4096 68")

prepare $((2 * $(golden | wc -l) + 2 * ${#pairs[@]})) "$CC" make
need_libraries
[ "$(uname -m)" = x86_64 ] || bail "the golden numbers are for x86-64"

# programs HARDENING-AND-THREADS FOLDER: one on the shared library, one on the archive.
programs() {
	mkdir "$tmp/lib$1"
	ln -s "$2/libmimalloc.so" "$tmp/lib$1/libmimalloc.so.2"
	compile instructions "$tmp/shared$1" "$2/libmimalloc.so" \
		-Wl,-z,now -Wl,-rpath,"$tmp/lib$1"
	compile instructions "$tmp/archive$1" "$2/libmimalloc.a"
}

# build HARDENING THREADS: a library of its own
build() {
	local folder=$tmp/build$1$2
	if env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -j "$(nproc)" \
		-C "$root" CC="$CC" HARDENING="$1" THREADS="$2" \
		BUILD="$folder" "$folder"/libmimalloc.{so,a} \
		>"$tmp/make" 2>&1; then
		programs "$1$2" "$folder"
	else
		tell "make HARDENING=$1 THREADS=$2 fails:"
		comment "$tmp/make"
	fi
}

programs 11 "$BUILD"
if [ -z "$only" ]; then
	build 1 0
	build 0 1
	build 2 1
fi

# The mean of 2,000 pairs of one size, and the dearest of them.
for pair in "${pairs[@]}"; do
	read -r size limit <<<"$pair"
	mean= worst=
	[ ! -x "$tmp/shared11" ] || read -r mean worst \
		< <("$tmp/shared11" pair "$size" 2>>"$tmp/count.err")
	at_most "shared, mean of a pair of $size bytes" "${mean:-nothing}" \
		"$limit" instructions
	at_most "shared, worst pair of $size bytes" "${worst:-nothing}" 5000 \
		instructions
done

while read -r hardening threads library function expected limit; do
	judge "$hardening" "$threads" "$library" "$function" "$expected" \
		"$limit"
done < <(golden)
finish
