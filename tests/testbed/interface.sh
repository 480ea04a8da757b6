#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A program on the mi_* functions, in each way to make the heap; a block of
# another allocator; and a program that uses none of them; as TAP.

set -u
source "$(dirname "$0")/lib.bash"

for flavour in single thread; do
	for mode in static paging vmem; do
		boots "mi_*, $flavour heaps, $mode" "$flavour" interface \
			--mode $mode --parameter junk=all
	done
	guest "$flavour" interface -- foreign
	gave "a block of another allocator ends the system, $flavour" $? 3 \
		"invalid free of 0x[0-9a-f]*: not a block of this heap"
	guest "$flavour" interface --parameter mimalloc.ignore_errors=1 -- \
		foreign
	gave "or is passed over, $flavour" $? 0 "went on"
	guest "$flavour" interface -- show
	gave "an option has statistics printed at the halt, $flavour" $? 0 \
		"^mimalloc statistics"
	# libgcc is not part of an image of Unikraft
	if ${NM:-nm} -u "$images/mimalloc-$flavour.o" >"$console" &&
		! grep -E ' __[a-z]+[sdt]i[234]$' "$console"
	then
		ok "nothing of libgcc is asked for, $flavour"
	else
		not_ok "nothing of libgcc is asked for, $flavour"
	fi
	if ${NM:-nm} "$images/$flavour/hello.elf" >"$console" &&
		! grep -E ' mi_| turn_take$| malloc_usable_size$' "$console"
	then
		ok "what is not used is not there, $flavour"
	else
		not_ok "what is not used is not there, $flavour"
	fi
done
finish
