#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# SQLite in the testbed, in each way to make the heap; as TAP. Skipped where
# SQLite could not be fetched.

set -u
source "$(dirname "$0")/lib.bash"

if [ ! -e "$images/single/sqlite_bench.elf" ]; then
	echo "1..0 # SKIP SQLite is not there: npm could not fetch it"
	exit 0
fi
for flavour in single thread; do
	for mode in static paging vmem; do
		boots "$flavour heaps, $mode: 300 rows" "$flavour" \
			sqlite_bench --mode "$mode" --memory 32 -- 300
	done
done
finish
