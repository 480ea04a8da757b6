#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# fork-spawn.c: programs are started without fork() while threads allocate.

source "$(dirname "$0")/lib.bash"
source "$(dirname "$0")/fork.bash"
begin 4 gcc

check "fork-spawn.c compiles" gcc "${strict[@]}" -o "$tmp/dynamic" \
	"$folder/fork-spawn.c"
check "it compiles with the archive" gcc "${strict[@]}" -o "$tmp/archive" \
	"$folder/fork-spawn.c" "$archive"
fine_served "shared library" env LD_PRELOAD="$MIMALLOC_SO" "$tmp/dynamic"
fine_served "archive" "$tmp/archive"
finish
