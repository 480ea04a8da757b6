#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# SQLite in the testbed: in each way to make the heap, against the buddy, in
# the least memory, and its shell; as TAP. Skipped where SQLite could not be
# fetched.

set -u
source "$(dirname "$0")/lib.bash"

if [ ! -e "$images/single/sqlite_bench.elf" ]; then
	echo "1..0 # SKIP SQLite is not there: npm could not fetch it"
	exit 0
fi

# less NAME OURS THEIRS: ours is a number, and less than theirs
less()
{
	if [[ $2 =~ ^[0-9]+$ && $3 =~ ^[0-9]+$ && $2 -lt $3 ]]; then
		ok "$1: $2, the buddy $3"
	else
		not_ok "$1: ${2:-unknown}, the buddy ${3:-unknown}"
	fi
}

# column FILE FIGURE NUMBER: of a table that run.py compare has printed
column()
{
	sed -n "s/^$2  *//p" "$1" | tr -d , | awk -v n="$3" '{ print $n }'
}

# against_buddy HEAPS MODE: the same rows on both
against_buddy()
{
	local figure left allowed
	if ! ./run.py compare --build "$images/$1" --mode "$2" --memory 64 \
		--allocs buddy,mimalloc -- 1000 >"$console" 2>&1; then
		not_ok "$1 heaps, $2: 1000 rows on both"
		sed 's/^/# /' "$console"
		return
	fi
	for figure in "instructions for each INSERT" \
		"bytes of heap in use, data loaded" \
		"bytes of heap in use, peak"; do
		less "$1 heaps, $2, $figure" "$(column "$console" "$figure" 2)" \
			"$(column "$console" "$figure" 1)"
	done
	# the heap of the thread that ran SQLite stays, and its first pages
	figure="bytes of heap in use after close"
	left=$(column "$console" "$figure" 2)
	allowed=0
	[ "$1" = single ] || allowed=16384
	if [[ $left =~ ^[0-9]+$ && $left -le $allowed ]]; then
		ok "$1 heaps, $2, $figure: $left (at most $allowed)"
	else
		not_ok "$1 heaps, $2, $figure: $left (at most $allowed)"
	fi
}

# smallest HEAPS ALLOC: KiB in which 1,000 rows can be inserted
smallest()
{
	./run.py smallest sqlite_bench --build "$images/$1" --alloc "$2" \
		--memory 16 -- 1000 insert 2>"$console" |
		awk '$1 == "smallest_memory_kib" { print $2 }'
}

for heaps in single thread; do
	for mode in static paging vmem; do
		boots "$heaps heaps, $mode: 300 rows" "$heaps" \
			sqlite_bench --mode "$mode" --memory 32 -- 300
		[ $mode = vmem ] || against_buddy $heaps $mode
	done
	less "$heaps heaps: smallest memory for 1000 rows, KiB" \
		"$(smallest $heaps mimalloc)" "$(smallest $heaps buddy)"
done

for bad in 0 -5 abc 10x 99999999999 "10 20" "10 insert 20"; do
	# shellcheck disable=SC2086
	guest single sqlite_bench --memory 16 -- $bad
	if [ $? = 1 ] && grep -q "^FAILED: .*${bad##* }" "$console"; then
		ok "rows: $bad is refused"
	else
		not_ok "rows: $bad is refused"
		sed 's/^/# /' "$console"
	fi
done

printf '%s\n' 'CREATE TABLE t(a);' 'INSERT INTO t VALUES(6),(7);' \
	'SELECT group_concat(a), sum(a) FROM t;' |
	./run.py shell --build "$images/single" --alloc mimalloc \
	>"$console" 2>&1 && grep -qx '6,7|13' "$console" &&
	ok "the shell answers" || not_ok "the shell answers"
finish
