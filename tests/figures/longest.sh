#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Executed instructions of the longest malloc, and of the longest free, after
# 3 million blocks came back from another thread: no call pays for all of them.

source "$(dirname "$0")/figures.bash"

prepare 2 "$CC"
need_libraries
[ "$(uname -m)" = x86_64 ] || bail "instructions are counted on x86-64"
compile longest "$tmp/longest" "$archive"
for call in malloc free; do
	count=$("$tmp/longest" "$call" 2>"$tmp/longest.err")
	[ $? -ne 3 ] || tell "ptrace is not permitted here (--cap-add=SYS_PTRACE)"
	[ -n "$count" ] || comment "$tmp/longest.err"
	at_most "longest $call after others freed 3 million blocks" \
		"$count" 50000 instructions
done
finish
