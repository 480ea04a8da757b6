#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What a malloc and the free of its block cost more where samples are taken, in
# counted instructions, samples included.

source "$(dirname "$0")/lib.bash"
prepare 5 gcc valgrind awk
need_libraries
compile pairs.c pairs
unset DEBUGINFOD_URLS

# counted SIZE COUNT SETTING...: instructions of so many pairs
counted() {
	local size=$1 count=$2
	shift 2
	env "$@" valgrind --tool=callgrind --callgrind-out-file=/dev/null \
		./pairs "$size" "$count" 2>&1 |
		awk '/Collected/ { print $NF }'
}

# pair SIZE SETTING...: of one
pair() {
	local size=$1 count=20000 all none
	shift
	all=$(counted "$size" $count "$@")
	none=$(counted "$size" 0 "$@")
	awk -v all="$all" -v none="$none" -v count=$count \
		'BEGIN { printf "%.1f", (all - none) / count }'
}

# judge NAME LIMIT SIZE SETTING...
judge() {
	local name=$1 limit=$2 size=$3 with more
	shift 3
	with=$(pair "$size" LD_PRELOAD="$profiler:$MIMALLOC_SO" "$@")
	more=$(awk -v with="$with" -v plain="${plain[$size]}" \
		'BEGIN { printf "%.1f", with - plain }')
	awk -v more="$more" -v limit="$limit" \
		'BEGIN { exit !(more > 0 && more <= limit) }'
	point $? "$name: $more instructions more (at most $limit)"
}

declare -A plain
for size in 64 1024; do
	plain[$size]=$(pair $size LD_PRELOAD="$MIMALLOC_SO")
	echo "# a pair of $size bytes without the profiler: ${plain[$size]}"
done
seed=MIMALLOC_PROFILE_SEED=1
file=MIMALLOC_PROFILE=/dev/null
judge "64 bytes, preloaded, nothing asked for" 40 64 $seed
judge "64 bytes, a sample each 512 KiB" 60 64 $seed $file
judge "1024 bytes, a sample each 512 KiB" 90 1024 $seed $file
judge "1024 bytes, a sample each 16 KiB" 1200 1024 $seed $file \
	MIMALLOC_PROFILE_RATE=16K
judge "64 bytes, each one a sample" 20000 64 $seed $file \
	MIMALLOC_PROFILE_RATE=1
finish
