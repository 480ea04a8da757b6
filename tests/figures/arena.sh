#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# How much of a range handed over by mi_manage_os_memory() can be allocated
# when there is no other memory. tests/api judges the same for many ranges.

source "$(dirname "$0")/figures.bash"

prepare 3 "$CC"
need_libraries
mkdir "$tmp/lib"
ln -s "$so" "$tmp/lib/libmimalloc.so.2"
compile arena "$tmp/arena" "$so" -Wl,-rpath,"$tmp/lib"

percent() {
	calculate "100 * a / b" a="${1:-0}" b="${2:-1}"
}

read -r range blocks fresh after \
	< <(MIMALLOC_DISALLOW_OS_ALLOC=1 "$tmp/arena" 2>"$tmp/errors")
comment "$tmp/errors"
at_least "8 MiB handed over, in blocks of 4 KiB" \
	"$(percent "${blocks:-}" "${range:-}")" 97 %
at_least "8 MiB handed over, in one block" \
	"$(percent "${fresh:-}" "${range:-}")" 96 %
at_least "8 MiB handed over, in one block after all the small ones" \
	"$(percent "${after:-}" "${range:-}")" 96 %
finish
