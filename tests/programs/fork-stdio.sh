#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# fork-stdio.c: a fork while all files are flushed and one is being read.

source "$(dirname "$0")/lib.bash"
source "$(dirname "$0")/fork.bash"
begin 5 gcc

program=$folder/fork-stdio.c
build_all() {
	gcc "${strict[@]}" -o "$tmp/dynamic" "$program" &&
	gcc "${strict[@]}" -o "$tmp/archive" "$program" "$archive" &&
	gcc "${strict[@]}" -static-pie -o "$tmp/static-pie" "$program" \
		"$archive"
}
check "the programs build" build_all
fine plain "$tmp/dynamic"
fine_served "shared library" env LD_PRELOAD="$MIMALLOC_SO" "$tmp/dynamic"
fine_served "archive" "$tmp/archive"
fine_served "archive, static" "$tmp/static-pie"
finish
