/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each function makes one mistake and then does something more, so that it is
 * still the caller where the report says who that was.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uk/alloc_impl.h>
#include <uk/essentials.h>

#include "blame.h"

#define CULPRIT(name)							\
	static __noinline int blame_##name(struct uk_alloc *a __unused,	\
					   char *live __unused)

/* Hides from the compiler that it is a mistake */
static void *wrong(const char *p, size_t offset)
{
	volatile uintptr_t hidden = (uintptr_t)p;

	return (void *)(hidden + offset);
}

/* It was not answered with a block, and the function is not at its end */
static int refused(const volatile void *answer)
{
	printf("refused: %d\n", !answer);
	return answer != NULL;
}

CULPRIT(uk_free)
{
	uk_free(a, wrong(live, 16));
	return refused(NULL);
}

CULPRIT(free)
{
	free(wrong(live, 16));
	return refused(NULL);
}

CULPRIT(free_twice)
{
	char *block = malloc(48);
	void *again = wrong(block, 0);

	free(block);
	free(again);
	return refused(NULL);
}

CULPRIT(free_foreign)
{
	free(wrong((char *)(uintptr_t)&refused, 0));
	return refused(NULL);
}

CULPRIT(free_large)
{
	char *large = malloc(500000);
	int result;

	free(wrong(large, 400000));
	result = refused(NULL);
	free(large);
	return result;
}

CULPRIT(realloc)
{
	return refused(realloc(wrong(live, 16), 100));
}

CULPRIT(realloc_to_0)
{
	return refused(realloc(wrong(live, 16), 0));
}

CULPRIT(pfree)
{
	uk_pfree(a, wrong(live, 0), 1);
	return refused(NULL);
}

/* Weak in the library: what the C library lacks */
__attribute__((weak)) void mi_free(void *p);
__attribute__((weak)) void *mi_realloc(void *p, size_t size);
__attribute__((weak)) size_t mi_usable_size(const void *p);

CULPRIT(mi_free)
{
	mi_free(wrong(live, 16));
	return refused(NULL);
}

CULPRIT(mi_realloc)
{
	return refused(mi_realloc(wrong(live, 16), 100));
}

CULPRIT(mi_usable_size)
{
	return refused(wrong(NULL, mi_usable_size(wrong(live, 16))));
}

#define MISTAKE(name)	{ #name, blame_##name }

static const struct {
	const char *name;
	int (*make)(struct uk_alloc *a, char *live);
} mistakes[] = {
	MISTAKE(uk_free), MISTAKE(free), MISTAKE(free_twice),
	MISTAKE(free_foreign), MISTAKE(free_large), MISTAKE(realloc),
	MISTAKE(realloc_to_0), MISTAKE(pfree), MISTAKE(mi_free),
	MISTAKE(mi_realloc), MISTAKE(mi_usable_size),
};

int blame(void)
{
	struct uk_alloc *a = uk_alloc_get_default();
	char *live = malloc(48);
	int result = !live;

	for (size_t i = 0; !result && i < ARRAY_SIZE(mistakes); i++) {
		printf("mistake: %s\n", mistakes[i].name);
		fflush(stdout);
		result = mistakes[i].make(a, live);
	}
	free(live);
	return result;
}
