/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A thread fills 64 MiB, frees a part of it, and calls nothing more: it
 * sleeps. Others free the rest, and most of the memory goes back all the same,
 * as it does where the sleeper has freed nothing. Where the system's pages are
 * larger than 4 KiB, some of them more stay, as what goes back has edges.
 */
#include "check.h"

#include <pthread.h>

#define TOTAL		(64 * MIB)
#define ALLOWED		(16 * MIB)
#define LARGE_PAGES	256
#define BLOCKS_MAX	((size_t)500000)
#define SIZE_MIN	((size_t)16)
#define OCTAVES		11	/* up to 32 KiB */
#define OTHERS		2

static void *block[BLOCKS_MAX];
static size_t count;

/* The logarithm is evenly spread */
static void fill(void)
{
	struct check_random r = { 1 };
	size_t sum = 0, n;

	for (count = 0; sum < TOTAL && count < BLOCKS_MAX; count++) {
		n = SIZE_MIN << check_below(&r, OCTAVES);
		n += check_below(&r, n);
		block[count] = mi_malloc(n);
		if (block[count] == NULL)
			abort();
		memset(launder(block[count]), 0x5a, n);
		sum += n;
	}
}

static void free_at(size_t i)
{
	mi_free(block[i]);
	block[i] = NULL;
}

static void *free_rest(void *first)
{
	for (size_t i = (uintptr_t)first; i < count; i += OTHERS)
		free_at(i);
	return NULL;
}

static void free_rest_in_threads(void)
{
	pthread_t threads[OTHERS];

	for (uintptr_t i = 0; i < OTHERS; i++)
		if (pthread_create(&threads[i], NULL, free_rest, (void *)i))
			abort();
	for (size_t i = 0; i < OTHERS; i++)
		if (pthread_join(threads[i], NULL))
			abort();
}

/* In a process of its own, as what owners come for is learned */
static int sleep_after_each(void *number)
{
	size_t each = (uintptr_t)number, before, now, i, allowed = ALLOWED;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (page > 4096)
		allowed += LARGE_PAGES * page;

	memset(launder(block), 1, sizeof(block));	/* resident */
	mi_free(mi_malloc(1));
	before = resident_bytes();
	fill();
	need(CHECK_SANITIZED || resident_bytes() > before + TOTAL / 10 * 9);
	for (i = 0; each && i < count; i += each)
		free_at(i);
	free_rest_in_threads();
	now = resident_bytes();
	if (!CHECK_SANITIZED && now > before + allowed) {
		fprintf(stderr, "%zu KiB stay, the owner has freed 1 in %zu\n",
			(now - before) / KIB, each);
		return 1;
	}
	/* whoever wakes up finds all as it should be */
	fill();
	for (i = 0; i < count; i++)
		free_at(i);
	return 0;
}

static void most_goes_back(void **state)
{
	static const uintptr_t each[] = { 0, 50, 10, 4 };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LENGTH(each); i++)
		assert_int_equal(check_child(sleep_after_each,
					     (void *)each[i]), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(most_goes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
