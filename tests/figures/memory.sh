#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# How much memory the shared library takes, keeps and gives back, under
# LD_PRELOAD. Memory is counted by the kernel and varies by a few pages from
# run to run; the times of growth are noisy, so the best of five is taken.

source "$(dirname "$0")/figures.bash"

THREADS=64
ROUNDS=5
mixes=("16 1024" "16 32768" "4096 1048576" "64 4194304" "24 24")
orders=(fifo lifo random holes)

prepare $((5 + ${#orders[@]} * ${#mixes[@]} + 2 * ${#orders[@]} + 2)) "$CC"
need_libraries
for program in one_block live_threads objects idle growth; do
	compile "$program" "$tmp/$program"
done
# Pages of files just written count as private dirty until they are on disk
sync "$so" "$tmp"/*

# ours PROGRAM [ARGUMENT...], plain PROGRAM [ARGUMENT...]
ours() {
	local program=$1
	shift
	LD_PRELOAD=$so "$tmp/$program" "$@"
}

plain() {
	local program=$1
	shift
	"$tmp/$program" "$@"
}

# least COMMAND...: of three runs, for what varies by a page
least() {
	local run
	for run in 1 2 3; do
		"$@"
	done | sort -n | head -n 1
}

one_block() {
	local with without
	with=$(least ours one_block)
	without=$(least plain one_block)
	tell "private dirty: $with KiB with the library, $without without"
	at_most "one malloc(8) in a fresh process" $((with - without)) 64 KiB
}

# The same program without the library, once with its own malloc(8) in each
# thread, which is what is to be compared, and once with none at all.
live_threads() {
	local with without none
	with=$(calculate "(a - b) / n" a="$(least ours live_threads $THREADS 8)" \
		b="$(least ours live_threads 0 8)" n=$THREADS)
	without=$(calculate "(a - b) / n" \
		a="$(least plain live_threads $THREADS 8)" \
		b="$(least plain live_threads 0 8)" n=$THREADS)
	none=$(calculate "(a - b) / n" \
		a="$(least plain live_threads $THREADS 0)" \
		b="$(least plain live_threads 0 0)" n=$THREADS)
	tell "private dirty for each of $THREADS threads: $with KiB with the" \
		"library, $without without, $none without malloc"
	at_most "one malloc(8) in a further thread, above the same thread" \
		"$(calculate "a - b" a="$with" b="$without")" 12 KiB
	at_most "one malloc(8) in a further thread, above one without malloc" \
		"$(calculate "a - b" a="$with" b="$none")" 12 KiB
}

# objects NAME LIMIT ARGUMENT...
objects() {
	local name=$1 limit=$2 asked resident glibc
	shift 2
	read -r asked resident < <(ours objects "$@")
	read -r _ glibc < <(plain objects "$@")
	tell "$name: $asked KiB asked, $resident resident, glibc $glibc"
	at_most "$name, resident / asked" \
		"$(calculate "r / a" r="$resident" a="$asked")" "$limit" times
}

# idle ORDER MIX [MODE]: both read by the program
idle() {
	at_most "200 MiB of $2 bytes freed in order $1, ${3:-one thread}, idle" \
		"$(ours idle "$1" $2 ${3:-})" 10240 "KiB above the beginning"
}

idle_all() {
	local mix order mode
	for mix in "${mixes[@]}"; do
		for order in "${orders[@]}"; do
			idle "$order" "$mix"
		done
	done
	for order in "${orders[@]}"; do
		idle "$order" "16 32768" end
		idle "$order" "16 32768" stay
	done
	for mode in swap hand; do
		tell "200 MiB of 16 1024 bytes freed by other threads while" \
			"their owners wait ($mode), not judged:" \
			"$(ours idle fifo 16 1024 $mode) KiB above the beginning"
	done
}

# growth [between]: sets the best microseconds and the highest peak of both
growth() {
	local us kib round
	best_ours= best_plain= peak_ours=0
	for ((round = 0; round < ROUNDS; round++)); do
		read -r us kib < <(plain growth "$@")
		[ -n "$best_plain" ] && [ "$best_plain" -le "$us" ] ||
			best_plain=$us
		read -r us kib < <(ours growth "$@")
		[ -n "$best_ours" ] && [ "$best_ours" -le "$us" ] ||
			best_ours=$us
		[ "$peak_ours" -ge "$kib" ] || peak_ours=$kib
	done
	time_ratio=$(calculate "o / p" o="$best_ours" p="$best_plain")
	peak_ratio=$(calculate "k / 1024 / 256" k="$peak_ours")
}

growth_all() {
	growth
	tell "growth: $best_ours us, glibc $best_plain us (best of $ROUNDS)"
	at_most "realloc from 1 to 256 MiB, time / glibc's" "$time_ratio" 2 times
	at_most "realloc from 1 to 256 MiB, peak / final" "$peak_ratio" 1.1 times
	growth between
	tell "the same with 64 KiB allocated between the steps, not judged:" \
		"time / glibc's $time_ratio, peak / final $peak_ratio"
}

one_block
live_threads
objects "10 million objects of 32 bytes" 1.02 10000000 32 32
objects "1 million objects of 16..1024 bytes" 1.04 1000000 16 1024
idle_all
growth_all
finish
