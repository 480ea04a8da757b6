#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# malloc in the resolver of an indirect function, which the loader calls before
# it has relocated a preloaded library, and before threads have storage.

root=$(cd "$(dirname "$0")/../.." && pwd)
source "$root/tests/programs/lib.bash"
begin 6 gcc

compile() {
	gcc -O1 -Wall -Wextra -Werror -fno-builtin "$root/tests/programs/resolver.c" \
		-Wl,-z,now -Wl,-rpath,"$tmp" -L"$tmp" "$@"
}

check "the library that defines it compiles" compile -DPART_DEFINES -fPIC \
	-shared -o "$tmp/libdefines.so"
check "so do the others" eval 'compile -DPART_USES -fPIC -shared \
	-o "$tmp/libuses.so" -ldefines && compile -o "$tmp/once" -luses \
	-ldefines && compile -DTWICE -o "$tmp/twice" -luses -ldefines'
check "without our library it works" timeout 60 "$tmp/once"
check "preloaded, before it is relocated" timeout 60 bash -c \
	'LD_PRELOAD=$0 exec "$1"' "$MIMALLOC_SO" "$tmp/once"
check "without our library it works in the program, too" \
	env TWICE=1 timeout 60 "$tmp/twice"
check "preloaded, also before there is thread-local storage" \
	env TWICE=1 timeout 60 bash -c 'LD_PRELOAD=$0 exec "$1"' \
	"$MIMALLOC_SO" "$tmp/twice"
finish
