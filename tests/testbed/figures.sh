#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Executed instructions in the testbed, and what fits into 64 MiB, against
# limits and golden numbers (golden.txt, golden-arm64.txt); as TAP. OPERATIONS is
# the length of the search for the worst call. "figures.sh write" puts what it
# counts into the golden numbers' place; the limits stay and judge.

set -u
here=$(dirname "$(realpath "$0")")
source "$(dirname "$0")/lib.bash"
golden=$here/golden$suffix.txt
operations=${OPERATIONS:-10000000}
write=no
[ "${1:-}" != write ] || write=yes

value()
{
	awk -v name="$1" '$1 == name { print $2 }' "$console"
}

# holds ACTUAL LIMIT: numbers may have a decimal
holds()
{
	awk -v actual="$1" -v limit="$2" 'BEGIN {
		match(limit, /[0-9]/)
		sign = substr(limit, 1, RSTART - 1)
		limit = substr(limit, RSTART) + 0
		exit !(sign == "<=" ? actual <= limit :
		       sign == ">=" ? actual >= limit : actual == limit)
	}'
}

# judge HEAPS FIGURE LIMIT GOLDEN ACTUAL
judge()
{
	local name="$1 heaps: $2 ${5:-unknown} ($3" good=0

	if [[ $5 =~ ^-?[0-9]+([.][0-9])?$ ]] && holds "$5" "$3"; then
		good=1
		[ "$4" = - ] || [ $write = yes ] || holds "$5" "=$4" || good=0
	fi
	[ "$4" = - ] || name="$name, golden $4"
	[ "$4" = - ] || [ $write = no ] || sed -i \
		"s/^\($1\t$2\t[^\t]*\t\).*/\1${5:-unknown}/" "$golden"
	if [ $good = 1 ]; then
		ok "$name)"
	else
		not_ok "$name)"
	fi
}

# judge_all HEAPS PREFIX: of the golden figures those with the prefix, or those
# that have none
judge_all()
{
	local heaps figure limit number prefix

	while read -r heaps figure limit number; do
		case $figure in
		heap_init) continue ;;
		vmem_*) prefix=vmem_ ;;
		mi_*) prefix=mi_ ;;
		*) prefix= ;;
		esac
		[ "$heaps $prefix" = "$1 $2" ] &&
			judge "$1" "$figure" "$limit" "$number" \
				"$(value "${figure#vmem_}")"
	done <"$golden"
}

figures()
{
	local heaps figure limit number size init

	boots "$1 heaps: alloc_bench" "$1" alloc_bench --mode paging \
		--memory 160 --timeout 900 --parameter spare=65536 -- \
		"$operations"
	judge_all "$1" ""
	for size in 32 100 1000 5000 70000; do
		figure=fill_${size}_availmem_change
		judge "$1" "$figure" =0 - "$(value "$figure")"
		figure=fill_${size}_maxalloc_permille
		judge "$1" "$figure" ">=990" - "$(value "$figure")"
	done
	boots "$1 heaps: alloc_bench, demand paging" "$1" alloc_bench \
		--mode vmem --memory 160 --timeout 900 -- 1000
	judge_all "$1" vmem_
	guest "$1" interface --mode paging --memory 64
	judge_all "$1" mi_
	guest "$1" alloc_bench --mode paging --memory 64 -- 1000
	init=$(value heap_init)
	while read -r heaps figure limit number; do
		[ "$heaps" = "$1" ] && [ "$figure" = heap_init ] &&
			judge "$1" "$figure" "$limit" "$number" "$init"
	done <"$golden"
	guest "$1" alloc_bench --mode paging --memory 2048 -- 1000
	judge "$1" "heap_init with 2 GiB" "=${init:-0}" - "$(value heap_init)"
}

figures single
figures thread
finish
