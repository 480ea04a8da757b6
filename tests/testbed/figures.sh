#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Executed instructions in the testbed, and what fits into 64 MiB, against
# limits; as TAP. OPERATIONS is the length of the search for the worst call.

set -u
source "$(dirname "$0")/lib.bash"
operations=${OPERATIONS:-10000000}

value()
{
	awk -v name="$1" '$1 == name { print $2 }' "$console"
}

# limit FLAVOUR NAME most|least|exactly NUMBER
limit()
{
	local is
	is=$(value "$2")
	case $3 in
	most)	[ -n "$is" ] && [ "$is" -le "$4" ] ;;
	least)	[ -n "$is" ] && [ "$is" -ge "$4" ] ;;
	*)	[ -n "$is" ] && [ "$is" -eq "$4" ] ;;
	esac && ok "$1 heaps: $2 ${is:-unknown} (at $3 $4)" ||
		not_ok "$1 heaps: $2 ${is:-unknown} (at $3 $4)"
}

# figures FLAVOUR MALLOC FREE
figures()
{
	local size init
	boots "$1 heaps: alloc_bench" "$1" alloc_bench --mode paging \
		--memory 160 --timeout 900 --parameter spare=65536 -- \
		"$operations"
	limit "$1" pair_32_malloc most "$2"
	limit "$1" pair_32_free most "$3"
	limit "$1" pair_65536 most 150
	limit "$1" pair_1048576 most 200
	limit "$1" worst_malloc most 4000
	limit "$1" worst_free most 4000
	limit "$1" fill_32 least 2034000
	limit "$1" fill_100 least 585000
	limit "$1" fill_1000 least 65200
	limit "$1" fill_5000 least 12950
	limit "$1" fill_70000 least 900
	for size in 32 100 1000 5000 70000; do
		limit "$1" "fill_${size}_availmem_change" exactly 0
		limit "$1" "fill_${size}_maxalloc_permille" least 990
	done
	limit "$1" batch_pair most 60
	guest "$1" alloc_bench --mode paging --memory 64 -- 1000
	limit "$1" heap_init most 2000
	init=$(value heap_init)
	guest "$1" alloc_bench --mode paging --memory 2048 -- 1000
	limit "$1" heap_init exactly "${init:-0}"
}

figures single 14 20
figures thread 18 24
finish
