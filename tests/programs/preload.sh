#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A program started with LD_PRELOAD really uses the library: every replaced
# name resolves to it, memory that the C library hands out lies in its region,
# and its options and statistics work.

source "$(dirname "$0")/lib.bash"
begin 9 gcc

cat >"$tmp/ask.c" <<'END'
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int bad;

static void *resolve(const char *name)
{
	void *symbol = dlsym(RTLD_DEFAULT, name);

	if (!symbol) {
		printf("%s is not defined\n", name);
		bad = 1;
	}
	return symbol;
}

static void comes_from(const char *name, const char *library)
{
	void *symbol = resolve(name);
	Dl_info info;

	if (!symbol)
		return;
	if (!dladdr(symbol, &info) || strcmp(info.dli_fname, library)) {
		printf("%s comes from %s\n", name, info.dli_fname);
		bad = 1;
	}
}

static void check_version(int wanted)
{
	int (*version)(void) = (int (*)(void))resolve("mi_version");

	if (version && version() != wanted) {
		printf("mi_version() gives %d\n", version());
		bad = 1;
	}
}

static bool (*in_region)(const void *);

static void lies_in_region(const char *name, void *memory)
{
	if (!memory || !in_region(memory)) {
		printf("%s gives memory of another allocator\n", name);
		bad = 1;
	}
	free(memory);
}

static void check_region(void)
{
	char *line = NULL, *text = NULL;
	size_t length = 0;
	FILE *in = fopen("/proc/self/status", "r");

	in_region = (bool (*)(const void *))resolve("mi_is_in_heap_region");
	if (!in_region)
		return;
	if (!in || getline(&line, &length, in) < 0)
		line = NULL;
	if (asprintf(&text, "%d", 4711) < 0)
		text = NULL;
	lies_in_region("malloc", malloc(100));
	lies_in_region("malloc of 8 MiB", malloc(8 << 20));
	lies_in_region("strdup", strdup("text"));
	lies_in_region("realpath", realpath("/", NULL));
	lies_in_region("getline", line);
	lies_in_region("asprintf", text);
	if (in)
		fclose(in);
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "names"))
		for (int i = 3; i < argc; i++)
			comes_from(argv[i], argv[2]);
	else if (argc > 2 && !strcmp(argv[1], "version"))
		check_version(atoi(argv[2]));
	else if (argc > 1 && !strcmp(argv[1], "region"))
		check_region();
	else
		return 2;
	return bad;
}
END

c_names="malloc calloc realloc reallocarray free cfree posix_memalign
	aligned_alloc memalign valloc pvalloc malloc_usable_size malloc_trim
	mallinfo mallinfo2 malloc_stats malloc_info mallopt
	__libc_malloc __libc_calloc __libc_realloc __libc_free __libc_cfree
	__libc_memalign __libc_valloc __libc_pvalloc __posix_memalign"

# operator new and delete as the Itanium C++ ABI names them where size_t is
# unsigned long: plain, nothrow, sized, aligned, for objects and for arrays.
align=St11align_val_t
nothrow=RKSt9nothrow_t
cpp_names=
for kind in w a; do
	cpp_names+=" _Zn${kind}m _Zn${kind}m$nothrow"
	cpp_names+=" _Zn${kind}m$align _Zn${kind}m$align$nothrow"
done
for kind in l a; do
	cpp_names+=" _Zd${kind}Pv _Zd${kind}Pvm _Zd${kind}Pv$nothrow"
	cpp_names+=" _Zd${kind}Pv$align _Zd${kind}Pvm$align"
	cpp_names+=" _Zd${kind}Pv$align$nothrow"
done

fails() {
	! "$@"
}

check "ask.c compiles" gcc -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra \
	-fno-builtin -o "$tmp/ask" "$tmp/ask.c" -ldl
ask=$tmp/ask
check "without the preload the names come from elsewhere" \
	fails "$ask" names "$MIMALLOC_SO" malloc free
check "the C names come from the library" \
	preloaded "$ask" names "$MIMALLOC_SO" $c_names
check "the C++ operators come from the library" \
	preloaded "$ask" names "$MIMALLOC_SO" $cpp_names
check "mi_version() is 217" preloaded "$ask" version 217
check "what the C library allocates lies in the library's region" \
	preloaded "$ask" region

env LD_PRELOAD="$MIMALLOC_SO" MIMALLOC_SHOW_STATS=1 "$ask" region \
	>/dev/null 2>"$tmp/statistics"
check "MIMALLOC_SHOW_STATS=1 shows the statistics at exit" \
	grep -qi peak "$tmp/statistics"
env LD_PRELOAD="$MIMALLOC_SO" "$ask" region >/dev/null 2>"$tmp/silence"
check "and without it there is silence" fails grep . "$tmp/silence"
served ask
finish
