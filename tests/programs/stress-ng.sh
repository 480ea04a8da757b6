#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# stress-ng --malloc with threads, verifying what it wrote, for ten seconds.

source "$(dirname "$0")/lib.bash"
begin 4 stress-ng

preloaded stress-ng --malloc 2 --malloc-pthreads 2 --malloc-bytes 128K \
	--malloc-max 8192 --malloc-touch --verify --timeout 10 --metrics \
	--temp-path "$tmp" >"$tmp/out" 2>&1
point $? "exit status 0"
check "a successful run" grep -q 'successful run completed' "$tmp/out"

# The metrics line is: stress-ng: info/metrc: [pid] malloc OPERATIONS ...
operations=$(sed -n 's/.*\] malloc  *\([0-9][0-9]*\) .*/\1/p' "$tmp/out")
echo "# $operations operations"
check "work was done" test "${operations:-0}" -gt 0
[ "$failures" -eq 0 ] || comment "$tmp/out"
served stress-ng
finish
