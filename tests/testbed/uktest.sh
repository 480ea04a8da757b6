#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The unit tests for Unikraft (tests/test_*.c) in the testbed, in each way to
# make the heap: with one heap, with one for each thread, and with statistics
# and assertions; as TAP.
#
#   uktest.sh [single|thread|stats]...

set -u
source "$(dirname "$0")/lib.bash"

[ $# != 0 ] || set -- single thread stats
for flavour; do
	for mode in static paging vmem; do
		boots "unit tests, $flavour, $mode" "$flavour" uktest \
			--mode $mode --parameter junk=all
		# what was skipped, and all others were run
		grep '^skipped' "$console" && not_ok "nothing is skipped"
		grep '^[0-9]* cases, [0-9]* run, ' "$console" | sed 's/^/# /'
	done
done
finish
