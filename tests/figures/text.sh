#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The size of the shared library's code, which has libgcc's unwinder in it.

source "$(dirname "$0")/figures.bash"

prepare 1 size
need_libraries

# What size calls text counts everything that is only read: symbols, strings
# and relocations as well as code.
tell "size counts $(size "$so" | awk 'NR == 2 { print $1 }') bytes as text," \
	"symbols and relocations included"
tell "$(size -A "$so" | awk '/^\.(rodata|data|bss|data\.rel\.ro|tdata) / {
	printf "%s %d bytes  ", $1, $2 }')"
at_most ".text of libmimalloc.so" \
	"$(size -A "$so" | awk '$1 == ".text" { print $2 }')" 66304 bytes
finish
