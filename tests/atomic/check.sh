#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# include/musl/stdatomic.h with each compiler, standard and C library; as TAP.
#
#   tests/atomic/check.sh [FOLDER]	builds there; in a temporary one without
#
# Debian 12: gcc clang libcmocka-dev musl-tools

set -eu

cd "$(dirname "$0")/../.."
if [ $# -gt 0 ]; then
	mkdir -p "$1"
	out=$1
else
	out=$(mktemp -d)
	trap 'rm -rf "$out"' EXIT
fi

warnings='-Wall -Wextra -Wconversion -pedantic -Werror'
ours=-Iinclude/musl
from=tests/atomic
point=0
failed=0

# try NAME COMMAND [ARGUMENT]... : a point; what is printed is shown if it fails
try()
{
	local name=$1
	shift
	point=$((point + 1))
	if "$@" >"$out/log" 2>&1; then
		echo "ok $point - $name"
	else
		sed 's/^/# /' "$out/log"
		echo "not ok $point - $name"
		failed=1
	fi
}

# passes PROGRAM : it exits with 0, having printed a plan and no failed point
passes()
{
	local text
	text=$(CMOCKA_MESSAGE_OUTPUT=TAP timeout 120 "$1" 2>&1) || {
		echo "$text"; return 1; }
	echo "$text"
	grep -q '^1\.\.[1-9]' <<<"$text" && ! grep -q '^not ok' <<<"$text"
}

# with_cmocka PROGRAM COMPILER FLAG... : on the host's library, all sizes
with_cmocka()
{
	local program=$1
	shift
	"$@" $warnings $ours -DLARGE -o "$program" $from/test_stdatomic.c \
		$from/names.c -lcmocka -lpthread -latomic && passes "$program"
}

# musl_objects FOLDER COMPILER FLAG... : only our headers and those of musl
musl_objects()
{
	local folder=$1 file
	shift
	mkdir -p "$folder"
	for file in plain names; do
		"$@" $warnings -nostdinc $ours -isystem "$musl" \
			-c -o "$folder/$file.o" "$from/$file.c" || return 1
	done
}

# with_musl FOLDER COMPILER FLAG... : static, without libatomic
with_musl()
{
	musl_objects "$@" &&
	musl-gcc -static -o "$1/plain" "$1/plain.o" "$1/names.o" &&
	passes "$1/plain"
}

fails()
{
	! "$@"
}

# the first folder where musl's compiler looks for headers
musl=$(musl-gcc -E -v -x c /dev/null 2>&1 |
       sed -n '/^#include <\.\.\.>/{n;s/^ *//p}')

echo 1..24
for compiler in gcc clang; do
	for standard in c11 c17 gnu11; do
		for level in -O0 -O2; do
			name=$compiler-$standard$level
			try "cmocka, $name" with_cmocka "$out/cmocka-$name" \
				$compiler -std=$standard $level
		done
		try "musl, $compiler-$standard" with_musl \
			"$out/musl-$compiler-$standard" $compiler \
			-std=$standard -O2
	done
	try "sanitizers, $compiler" with_cmocka "$out/sanitized-$compiler" \
		$compiler -std=gnu11 -O1 -g -fsanitize=address,undefined \
		-fno-sanitize-recover=all
	# what it needs of musl comes from no other folder
	try "without ours, $compiler finds none" fails $compiler -nostdinc \
		-isystem "$musl" -fsyntax-only $from/names.c
	try "another header is noticed, $compiler" fails $compiler \
		-fsyntax-only $from/names.c
done
exit $failed
