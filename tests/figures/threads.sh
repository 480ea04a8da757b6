#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Processor time of the start and the end of 10,000 threads, and of a short
# thread while they live, as a multiple of what it is with the C library's own
# allocator. The two take turns; of each figure the least of all rounds counts.
# A busy machine disturbs rounds: there are more of them while a figure is over
# its limit, up to ROUNDS_MAX.

source "$(dirname "$0")/figures.bash"

LIVE=10000
SHORT=2000
ROUNDS=4
ROUNDS_MAX=16
LIMIT=1.5

prepare 2 "$CC"
need_libraries
compile threads_cost "$tmp/threads_cost"

# least FILE EXPRESSION: the smallest of an awk expression over the lines
least() {
	awk "{ print $2 }" "$1" | sort -n | head -n 1
}

# ratio EXPRESSION: of the least of ours and of the C library's
ratio() {
	calculate "a / b" "a=$(least "$tmp/ours" "$1")" \
		"b=$(least "$tmp/libc" "$1")"
}

for ((round = 0; round < ROUNDS_MAX; round++)); do
	"$tmp/threads_cost" $LIVE $SHORT >>"$tmp/libc" ||
		bail "$LIVE threads cannot be started here: see ulimit -u"
	LD_PRELOAD=$so "$tmp/threads_cost" $LIVE $SHORT >>"$tmp/ours"
	[ $round -ge $((ROUNDS - 1)) ] &&
		holds "$(ratio '$1 + $3') <= $LIMIT" &&
		holds "$(ratio '$2') <= $LIMIT" && break
done

# judge NAME EXPRESSION
judge() {
	local libc ours
	libc=$(least "$tmp/libc" "$2")
	ours=$(least "$tmp/ours" "$2")
	tell "$1: $ours ns, with the C library's allocator $libc ns"
	at_most "$1 with $LIVE threads alive" \
		"$(ratio "$2")" $LIMIT times
}

tell "start alone: $(least "$tmp/ours" '$1') ns, with the C library's" \
	"allocator $(least "$tmp/libc" '$1') ns"
tell "end alone: $(least "$tmp/ours" '$3') ns, with the C library's" \
	"allocator $(least "$tmp/libc" '$3') ns, $(ratio '$3') times"
judge "start and end of a thread" '$1 + $3'
judge "short thread" '$2'
finish
