/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * glibc's statistics and settings, of a program that holds, and then frees,
 * what it knows the size of. `mallinfo figures` judges them and is silent;
 * `stats` and `info` print; `names` mixes glibc's second names with the first.
 */
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB		((size_t)1 << 20)
#define SMALL_COUNT	20000
#define SMALL_SIZE	500
#define LARGE_SIZE	(60 * MIB)

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);
void __libc_free(void *p);
void *__libc_memalign(size_t alignment, size_t size);
void *__libc_valloc(size_t size);
void *__libc_pvalloc(size_t size);
/* Names that glibc had once */
__attribute__((weak)) void __libc_cfree(void *p);
__attribute__((weak)) int __posix_memalign(void **p, size_t alignment,
					   size_t size);

static int failures;

#define need(condition)							\
	do {								\
		if (!(condition)) {					\
			printf("line %d: %s\n", __LINE__, #condition);	\
			failures++;					\
		}							\
	} while (0)

static void *small[SMALL_COUNT], *large;

static void hold(void)
{
	int i;

	for (i = 0; i < SMALL_COUNT; i++) {
		small[i] = malloc(SMALL_SIZE);
		memset(small[i], 1, SMALL_SIZE);
	}
	large = malloc(LARGE_SIZE);
	memset(large, 1, LARGE_SIZE);
}

static void let_go(void)
{
	int i;

	for (i = 0; i < SMALL_COUNT; i++)
		free(small[i]);
	free(large);
}

static int clamped(size_t value)
{
	return value > INT_MAX ? INT_MAX : (int)value;
}

/* Both structures tell the same, but for the width */
static void same_figures(void)
{
	struct mallinfo2 a = mallinfo2();
	struct mallinfo b = mallinfo();

	need(b.arena == clamped(a.arena));
	need(b.hblks == clamped(a.hblks));
	need(b.hblkhd == clamped(a.hblkhd));
	need(b.uordblks == clamped(a.uordblks));
	need(b.fordblks == clamped(a.fordblks));
	need(b.keepcost == clamped(a.keepcost));
	need(a.arena == a.uordblks + a.fordblks);
}

static void figures(void)
{
	size_t bytes = (size_t)SMALL_COUNT * SMALL_SIZE;
	struct mallinfo2 before = mallinfo2(), held, after, trimmed;
	void *huge = malloc(3072 * MIB);	/* never touched */

	if (huge)
		same_figures();
	need(!huge || mallinfo().hblkhd == INT_MAX);
	free(huge);
	hold();
	held = mallinfo2();
	same_figures();
	let_go();
	after = mallinfo2();
	same_figures();
	malloc_trim(0);
	trimmed = mallinfo2();
	need(held.uordblks - before.uordblks >= bytes);
	need(held.uordblks - before.uordblks < bytes + bytes / 8);
	need(held.hblkhd - before.hblkhd >= LARGE_SIZE);
	need(held.hblkhd - before.hblkhd < LARGE_SIZE + MIB);
	need(held.hblks == before.hblks + 1);
	need(after.hblks == before.hblks && after.hblkhd == before.hblkhd);
	need(after.uordblks - before.uordblks < bytes / 8 + MIB);
	need(after.fordblks > MIB && after.keepcost == after.fordblks);
	need(trimmed.fordblks < MIB / 4 && trimmed.keepcost < MIB / 4);
}

static void settings(void)
{
	static const int known[] = {
		M_MXFAST, M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD,
		M_MMAP_MAX, M_CHECK_ACTION, M_ARENA_TEST, M_ARENA_MAX,
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		need(mallopt(known[i], 65536) == 1);
	need(mallopt(M_PERTURB, 165) == 0);
	need(mallopt(12345, 1) == 0);
	errno = 0;
	need(malloc_info(1, stdout) == -1 && errno == EINVAL);
}

/* What one name gives the other takes */
static void names(void)
{
	void *p = NULL;
	int both = __libc_cfree && __posix_memalign;

	need(both);
	if (!both)
		return;
	free(__libc_malloc(100));
	__libc_free(malloc(100));
	__libc_cfree(__libc_calloc(10, 10));
	free(__libc_realloc(malloc(100), 5000));
	free(realloc(__libc_malloc(100), 5000));
	free(__libc_memalign(256, 100));
	free(__libc_valloc(100));
	free(__libc_pvalloc(100));
	need(__posix_memalign(&p, 64, 100) == 0 && p);
	need(malloc_usable_size(p) >= 100);
	free(p);
	need(__posix_memalign(&p, 3, 100) == EINVAL);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "figures")) {
		figures();
		settings();
	} else if (!strcmp(what, "names")) {
		names();
	} else if (!strcmp(what, "stats")) {
		hold();
		malloc_stats();
	} else if (!strcmp(what, "info")) {
		hold();
		need(malloc_info(0, stdout) == 0);
	} else {
		return 2;
	}
	return failures != 0;
}
