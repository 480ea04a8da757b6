#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A machine that the library is not made for gets one line as an answer.

root=$(cd "$(dirname "$0")/../.." && pwd)
source "$root/tests/programs/lib.bash"
prepare 5 make gcc
sentence="lib-mimalloc is written for 64-bit (LP64) machines"

# The test may itself run below a make that has other settings.
own_make() {
	env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u MAKELEVEL \
		timeout 100 make -C "$root" --no-print-directory \
		BUILD="$tmp/build" "$@"
}

# refused_in_a_line SETTING...
refused_in_a_line() {
	own_make "$@" >"$tmp/said" 2>&1 && return 1
	cat "$tmp/said"
	grep -qF "$sentence" "$tmp/said" && [ "$(wc -l <"$tmp/said")" -eq 1 ]
}

# Who compiles without our Makefile is told by the first error at least.
told_by_header() {
	! gcc -m32 -fsyntax-only -x c "$root/src/ground/config.h" 2>"$tmp/said" &&
		cat "$tmp/said" && grep -m 1 'error:' "$tmp/said" |
		grep -qF "$sentence"
}

check "make CFLAGS_EXTRA=-m32 is one line" refused_in_a_line CFLAGS_EXTRA=-m32
check "make CC='gcc -m32' is, with jobs that go on, too" \
	refused_in_a_line -k -j 4 CC="gcc -m32"
check "so is that of the tests" refused_in_a_line CC="gcc -m32" tests-unit
check "and that of long mode with short pointers" \
	refused_in_a_line CFLAGS_EXTRA=-mx32
check "the header says it as well" told_by_header
finish
