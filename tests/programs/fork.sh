#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The program of fork.c, which forks while its threads allocate.

source "$(dirname "$0")/lib.bash"
begin 6 gcc

check "fork.c compiles" gcc -std=c11 -D_GNU_SOURCE -O2 -pthread -Wall -Wextra \
	-Werror -o "$tmp/fork" "$(dirname "$0")/fork.c"
both "$tmp/fork" 200
check "all children exited with 0" \
	grep -qx '200 of 200 children exited with 0' "$tmp/preload.out"
served fork
finish
