#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The library built with musl-gcc, in the folder MUSL_BUILD, serves programs
# for musl: preloaded, and as an archive in a static program. C++ without a
# library of its own has the functions, as a unikernel may have no more than
# that. And what stands in for cmocka's library there tells a failure.

root=$(cd "$(dirname "$0")/../.." && pwd)
source "$root/tests/programs/lib.bash"
prepare 11 musl-gcc g++ nm
build=${MUSL_BUILD:-$root/build/musl}
case $build in
/*)	;;
*)	build=$root/$build ;;
esac
[ -r "$build/libmimalloc.so" ] || bail "no library in $build"

cat >"$tmp/ask.c" <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern bool mi_is_in_heap_region(const void *) __attribute__((weak));

static bool (*in_region)(const void *);

static void *thread(void *block)
{
	char *text = strdup("a thread's"), *line = NULL;
	bool bad = !in_region(text);

	free(block);
	free(text);
	if (asprintf(&line, "%d", 4711) < 0 || !in_region(line))
		bad = true;
	free(line);
	return bad ? thread : NULL;
}

int main(void)
{
	char *block = malloc(100), *large = malloc(1 << 20);
	void *answer;
	pthread_t id;

	in_region = mi_is_in_heap_region;
	if (!in_region || !in_region(block) || !in_region(large))
		return puts("memory of another allocator"), 1;
	free(large);
	if (pthread_create(&id, NULL, thread, block) ||
	    pthread_join(id, &answer))
		return 2;
	return answer != NULL;
}
END

cat >"$tmp/two.c" <<'END'
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

static void wrong(void **state)
{
	(void)state;
	assert_int_equal(1, 2);
}

static void skipped(void **state)
{
	(void)state;
	skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong), cmocka_unit_test(skipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
END

cat >"$tmp/bare.cpp" <<'END'
#include <mimalloc.h>

int main()
{
	int *number = mi_malloc_tp(int);
	bool there = number != nullptr && mi_is_in_heap_region(number);

	mi_free(number);
	mi_free_size(mi_new(100), 100);
	return there ? 0 : 1;
}
END

tells_of_failure() {
	local status
	"$tmp/two" >"$tmp/said" 2>&1
	status=$?
	cat "$tmp/said"
	[ "$status" -eq 1 ] && grep -qx 'not ok 1 - wrong' "$tmp/said" &&
		grep -qx 'ok 2 - skipped # SKIP' "$tmp/said"
}

fails() {
	! "$@"
}

has_no_name_of_musl() {
	nm "$build/libmimalloc.a" >"$tmp/names" &&
		grep -q ' T malloc$' "$tmp/names" &&
		! grep ' T __libc_' "$tmp/names"
}

check "a program compiles" musl-gcc -O1 -fno-builtin -o "$tmp/ask" "$tmp/ask.c"
check "without the preload it has musl's memory" fails timeout 60 "$tmp/ask"
# No program for glibc is to load it on the way
check "preloaded, ours" timeout 60 bash -c 'LD_PRELOAD=$0 exec "$1"' \
	"$build/libmimalloc.so" "$tmp/ask"
check "it links to the archive, static" musl-gcc -O1 -fno-builtin -static \
	-o "$tmp/static" "$tmp/ask.c" -Wl,-u,mi_is_in_heap_region \
	"$build/libmimalloc.a"
check "and has our memory" timeout 60 "$tmp/static"
check "the archive leaves musl its own names" has_no_name_of_musl
check "C++ without a library compiles" g++ -nostdinc++ -fno-exceptions \
	-fno-rtti -isystem "/usr/include/$(uname -m)-linux-musl" -I"$root/include" \
	-c -o "$tmp/bare.o" "$tmp/bare.cpp"
check "and links" musl-gcc -static -o "$tmp/bare" "$tmp/bare.o" \
	"$build/libmimalloc.a"
check "and has the functions" timeout 60 "$tmp/bare"
check "two tests for cmocka compile" musl-gcc -O1 \
	-I"$build/tests/musl-include" -o "$tmp/two" "$tmp/two.c" \
	"$build/tests/musl/cmocka.o"
check "the one that fails and the one that is skipped are told" \
	tells_of_failure
finish
