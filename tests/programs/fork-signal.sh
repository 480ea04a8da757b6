#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# fork-signal.c: forks in a signal handler that interrupts malloc or free.

source "$(dirname "$0")/lib.bash"
source "$(dirname "$0")/fork.bash"
begin 6 gcc

program=$folder/fork-signal.c
build_all() {
	local here=("${strict[@]}" -Wl,-z,now)
	[ "$(uname -m)" != x86_64 ] || here+=(-mno-red-zone)
	gcc "${here[@]}" -o "$tmp/dynamic" "$program" &&
	gcc "${here[@]}" -static-pie -o "$tmp/archive" "$program" "$archive"
}
check "the programs build" build_all

if [ "$(uname -m)" = x86_64 ]; then
	# not plain with threads: glibc's own malloc hangs then
	fine "plain, one thread" "$tmp/dynamic" alone 50
	for threads in alone threads; do
		fine_served "shared library, $threads" \
			env LD_PRELOAD="$MIMALLOC_SO" "$tmp/dynamic" $threads 11
		fine_served "archive, $threads" "$tmp/archive" $threads 13
	done
else
	for point in 2 3 4 5 6; do
		skip "no trap flag on $(uname -m)" "fork in a signal handler"
	done
fi
finish
