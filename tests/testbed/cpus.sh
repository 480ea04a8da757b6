#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The allocator on several CPUs: what it hands out and gets back, and what it
# costs beside the same calls on one; as TAP.
#
#   cpus.sh [quick]	quick: all parts once, and the figures in one mode

set -u
source "$(dirname "$0")/lib.bash"

# MODE CPUS PARAMETER ARGUMENTS. With turn= a CPU's turn ends amid calls: only
# so do those that get at the same page meet there. It is not for the figures,
# and takes long where all memory is filled
calls="bare crowd exchange heaps ends second interrupts"
cases="static 1 turn=0 1
static 2 turn=0 2
static 4 turn=0 3
static 2 turn=1000 4 $calls
static 4 turn=1000 5 $calls
paging 1 turn=0 6
paging 2 turn=0 7
paging 4 turn=0 8
paging 4 turn=1500 9 $calls"
modes="static paging"
if [ "${1:-}" = quick ]; then
	cases=$(grep -E '^static 4' <<<"$cases")
	modes=static
fi

while read -r mode cpus parameter arguments; do
	# shellcheck disable=SC2086
	boots "$cpus CPUs, $mode, $parameter" smp cpus --mode "$mode" \
		--cpus "$cpus" --timeout 900 --parameter junk=all \
		--parameter spare=16384 --parameter "$parameter" -- $arguments
done <<<"$cases"

# The contract of an allocator, in an image for several CPUs
for mode in $modes; do
	boots "conformance, $mode" smp conformance --mode "$mode" --cpus 1
done

# figure NAME : as the console has it
figure()
{
	awk -v name="$1" '$1 == name { print $2 }' "$console"
}

# at_most NAME VALUE LIMIT
at_most()
{
	if [[ $2 =~ ^[0-9]+([.][0-9]+)?$ ]] &&
		awk "BEGIN { exit !($2 <= $3) }"; then
		ok "$1: $2, at most $3"
	else
		not_ok "$1: ${2:-unknown}, at most $3"
		console_told
	fi
}

# ratio A B : with three decimals, or nothing
ratio()
{
	[ -z "$1" ] || [ -z "$2" ] || awk "BEGIN { printf \"%.3f\", $1 / $2 }"
}

case $arch in
x86_64)	few=60 many=60 ;;
arm64)	few=63 many=65 ;;
esac
for mode in $modes; do
	boots "pairs on one CPU, heaps for threads, $mode" thread cpus \
		--mode "$mode" -- pairs
	one=$(figure pairs_of_1_cpu)
	for cpus in 1 2 4; do
		boots "pairs on $cpus CPUs, $mode" smp cpus --mode "$mode" \
			--cpus $cpus -- pairs
		at_most "instructions of a pair, to those on one CPU, $mode" \
			"$(ratio "$(figure "pairs_of_${cpus}_cpus")" "$one")" \
			1.15
	done
	boots "frees on another CPU, $mode" smp cpus --mode "$mode" --cpus 4 \
		-- remote
	at_most "instructions of a free there, 100 at once, $mode" \
		"$(figure remote_free_batch_100)" $few
	at_most "instructions of a free there, 1000 at once, $mode" \
		"$(figure remote_free_batch_1000)" $many
done
finish
