#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The threaded C++ program of threads.cpp, plain and preloaded.

source "$(dirname "$0")/lib.bash"
begin 8 g++

check "threads.cpp compiles" g++ -std=c++17 -O2 -pthread -Wall -Wextra \
	-Wno-alloc-size-larger-than -o "$tmp/threads" \
	"$(dirname "$0")/threads.cpp"
both "$tmp/threads"
check "the work came to its end" grep -qx 'end of work' "$tmp/preload.out"
check "an impossible new throws bad_alloc" \
	grep -qx 'bad_alloc 1' "$tmp/preload.out"
check "the library is in the process's map" \
	grep -qF " $MIMALLOC_SO" "$tmp/preload/maps"
served threads
finish
