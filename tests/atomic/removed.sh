#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Takes each name of the standard out of a copy of the header, and sees that
# names.c then does not compile; as TAP, a point per name.
#
#   CC="gcc clang" tests/atomic/removed.sh

set -eu

cd "$(dirname "$0")/../.."
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
header=include/musl/stdatomic.h
compilers=${CC:-gcc clang}

# compiles COMPILER FOLDER : with the header of that folder
compiles()
{
	$1 -std=c11 -Wall -Wextra -pedantic -Werror -I"$2" -fsyntax-only \
		tests/atomic/names.c 2>/dev/null
}

# Not from the header: what is missing there must be missed here.
names=$(grep -owE '(atomic|memory_order|kill|ATOMIC)(_[A-Za-z0-9_]+)?' \
	tests/atomic/names.c | grep -vx atomic | sort -u)

echo 1..$(($(wc -w <<<"$names") + 2))
point=1
failed=0

# 37 types and 2 more, 13 macros, 6 orders, 22 generic functions, 6 functions
count=$(wc -w <<<"$names")
if [ "$count" = $((37 + 2 + 13 + 6 + 22 + 6)) ]; then
	echo "ok 1 - names.c has all $count names"
else
	echo "not ok 1 - names.c has $count names"
	failed=1
fi

point=2
result=ok
for compiler in $compilers; do
	compiles "$compiler" include/musl || result='not ok'
done
[ "$result" = ok ] || failed=1
echo "$result 2 - the header as it is"

for name in $names; do
	point=$((point + 1))
	result=ok
	sed "s/\\b$name\\b/removed_$name/g" $header >"$copy/stdatomic.h"
	cmp -s $header "$copy/stdatomic.h" && result='not ok'
	for compiler in $compilers; do
		! compiles "$compiler" "$copy" || result='not ok'
	done
	[ "$result" = ok ] || failed=1
	echo "$result $point - without $name"
done
exit $failed
