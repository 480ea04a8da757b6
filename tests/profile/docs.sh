#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The example of docs/profiles.md is compiled and run as it stands there, and
# prints what stands there; and all settings are there.

source "$(dirname "$0")/lib.bash"
prepare 7 gcc python3
need_libraries
page=$root/docs/profiles.md

# A block of the page from the line that begins with this to the next text
block() {
	awk -v from="    $1" '
	index($0, from) == 1 { on = 1 }
	on && /^[^ ]/ { exit }
	on { print substr($0, 5) }' "$page"
}

block '#include <stdlib.h>' >cache.c
block 'gcc -g' >commands
mkdir build
cp "$profiler" "$MIMALLOC_SO" build
check "the program of the page compiles and runs" bash -e -c \
	'. ./commands 2>leaks; [ -z "${LD_PRELOAD:-}" ]'

# Addresses and folders are the machine's
plain() {
	sed -e 's/ (.*//' -e 's/^cache\[[0-9]*\]/cache/'
}

block 'cache[' | grep . >shown
grep -v '…' shown | plain >promised
grep -q '…' shown && [ "$(wc -l <leaks)" = $(($(wc -l <promised) + 3)) ]
point $? "the lines that it leaves out are as many as it says"
head -n "$(wc -l <promised)" leaks | plain >printed
same "it prints what the page says" promised printed
check "the sum that pprof shows is there" eval \
	'python3 "$here/profile.py" cache.pb | grep -x "inuse_space 470000 bytes"'
check "so is that of the peak" expects cache.pb "answer peak_space 5712880"
grep -ohE '"PROFILE[A-Z_]*"' "$root"/profile/*.c | tr -d '"' |
	sed 's/^/MIMALLOC_/' | sort -u >settings
grep -oE '^\| `MIMALLOC_[A-Z_]+' "$page" | sed 's/.*`//' | sort >described
[ "$(wc -l <settings)" -gt 4 ]
point $? "the profiler has settings"
same "the page has each of them" settings described
finish
