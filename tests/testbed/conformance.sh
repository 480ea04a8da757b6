#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Every row of the contract of ukalloc, in each way to make the heap and with
# one heap or one for each thread; with one heap, also on the marks that it is
# compared with; as TAP.
#
#   conformance.sh [single|thread [quick]]    quick: once in each mode

set -u
source "$(dirname "$0")/lib.bash"

# MODE MEMORY PARAMETER ARGUMENTS
cases='static 64 junk=all 1
static 64 first=64 2
static 64 first=16 3
static 64 ranges=4 4
static 24 stats=1 5
paging 64 junk=all 6
paging 24 stats=1 7
vmem 64 junk=all 8
vmem 24 stats=1 9
vmem 128 stats=1 10
vmem 64 mimalloc.learn_kib=0 11 unlearned'

[ "${2:-}" != quick ] || cases=$(grep -E '^(static|paging) 24|^vmem 64 junk' \
	<<<"$cases")

# MODE MEMORY PARAMETER ARGUMENTS, of the marks that are compared with
marks='static 64 ranges=4 12
paging 24 junk=all 13
vmem 64 junk=all 14'

for flavour in ${1:-single thread}; do
	while read -r mode memory parameter arguments; do
		# shellcheck disable=SC2086
		boots "$flavour heaps, $mode, $memory MiB, $parameter" \
			"$flavour" conformance --mode "$mode" --memory \
			"$memory" --parameter "$parameter" -- $arguments
	done <<<"$cases"
	[ "$flavour ${2:-}" = "single " ] || continue
	for alloc in buddy tlsf; do
		while read -r mode memory parameter arguments; do
			boots "$alloc, $mode, $memory MiB, $parameter" single \
				conformance --mode "$mode" --memory "$memory" \
				--parameter "$parameter" --alloc $alloc -- \
				"$arguments"
		done <<<"$marks"
	done
done
finish
