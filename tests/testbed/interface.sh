#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A program on the mi_* functions, in each way to make the heap; a block of
# another allocator; and a program that uses none of them; as TAP.

set -u
source "$(dirname "$0")/lib.bash"

# json_is_true NAME: of what the guest has said
json_is_true()
{
	if python3 - "$console" >"$console.said" 2>&1 <<'END'
import json
import sys

with open(sys.argv[1], errors="replace") as console:
    text = console.read()
read, _ = json.JSONDecoder().raw_decode(text[text.index('{"schema"'):])
live = {row["block_bytes"]: row["live"] for row in read["classes"]}
assert live[5120] == 1, live
assert read["schema_version"] == 1 and read["pid"] is None
assert read["blocks"]["live"] == sum(live.values())
memory = read["memory"]
assert memory["held_peak_bytes"] >= memory["held_bytes"] > 5120
assert memory["used_peak_bytes"] >= memory["used_bytes"]
END
	then
		ok "$1"
	else
		not_ok "$1"
		sed 's/^/# /' "$console.said"
	fi
	rm -f "$console.said"
}

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
	guest "$flavour" interface -- json
	gave "statistics come as JSON, $flavour" $? 0 "^{\"schema\""
	json_is_true "the numbers in it are those of the program, $flavour"
	# libgcc is not part of an image of Unikraft
	if ${NM:-nm} -u "$images/mimalloc-$flavour.o" >"$console" &&
		! grep -E ' __[a-z]+[sdt]i[234]$' "$console"
	then
		ok "nothing of libgcc is asked for, $flavour"
	else
		not_ok "nothing of libgcc is asked for, $flavour"
	fi
	if ${NM:-nm} "$images/$flavour/hello.elf" >"$console" &&
		! grep -E ' mi_| turn_take$| malloc_usable_size$| instance_census$' "$console"
	then
		ok "what is not used is not there, $flavour"
	else
		not_ok "what is not used is not there, $flavour"
	fi
done
finish
