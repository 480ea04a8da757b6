/* SPDX-License-Identifier: BSD-3-Clause */
/* Demand paging with few frames. */
#include <stdlib.h>

#include "paging.h"

#define STEPS		1500
#define SEEDS		60

/* ---- blocks that are written to, some of them on every page ---- */

static struct held {
	char *block;
	size_t size;
	char seed;
} held[4000];
static unsigned int held_count, state;

static unsigned int below(size_t limit)
{
	return random_next(&state) % (unsigned int)limit;
}

static size_t random_size(void)
{
	static const size_t limits[] = { 200, 1000, 5000, 40000, 90000 };

	return below(6) ? 1 + below(limits[below(ARRAY_SIZE(limits))]) :
	       PAGE_BYTES * (1 + below(30));
}

static void held_write(struct held *entry)
{
	size_t i;

	entry->seed = (char)below(2);	/* 0: promised, and never touched */
	for (i = 0; entry->seed && i < entry->size; i += PAGE_BYTES)
		entry->block[i] = entry->seed;
}

static bool held_is_damaged(const struct held *entry)
{
	size_t i;

	for (i = 0; entry->seed && i < entry->size; i += PAGE_BYTES)
		if (entry->block[i] != entry->seed)
			return true;
	return false;
}

/* A request that is refused is larger than what maxalloc tells then */
static unsigned int wrong_malloc(void)
{
	struct held *entry = &held[held_count];

	if (held_count == ARRAY_SIZE(held))
		return 0;
	entry->size = random_size();
	entry->block = uk_malloc(pool, entry->size);
	if (!entry->block) {
		if (uk_alloc_maxalloc(pool) < (__ssz)entry->size)
			return 0;
		entry->block = uk_malloc(pool, entry->size);
		if (!entry->block)
			return 1;
	}
	held_write(entry);
	held_count++;
	return 0;
}

static unsigned int wrong_free(void)
{
	struct held *entry = &held[held_count ? below(held_count) : 0];
	bool damaged;

	if (!held_count)
		return 0;
	damaged = held_is_damaged(entry);
	uk_free(pool, entry->block);
	*entry = held[--held_count];
	return damaged;
}

static unsigned int wrong_realloc(void)
{
	struct held *entry = &held[held_count ? below(held_count) : 0];
	size_t size = random_size();
	bool damaged;
	char *block;

	if (!held_count)
		return 0;
	block = uk_realloc(pool, entry->block, size);
	if (!block)
		return size <= entry->size;
	entry->block = block;
	if (size < entry->size)
		entry->size = size;
	damaged = held_is_damaged(entry);
	entry->size = size;
	held_write(entry);
	return damaged;
}

/* What maxalloc tells can be had, and whatever is less */
static unsigned int wrong_maxalloc(void)
{
	__ssz largest = uk_alloc_maxalloc(pool);
	unsigned int wrong = uk_alloc_availmem(pool) < largest;
	char *block;

	if (largest <= 0)
		return wrong;
	block = uk_malloc(pool, (size_t)largest);
	wrong += !block;
	if (block && below(2))
		memset(block, 1, (size_t)largest);
	uk_free(pool, block);
	block = uk_malloc(pool, 1 + below((size_t)largest));
	wrong += !block;
	uk_free(pool, block);
	return wrong;
}

static unsigned int wrong_step(bool filling)
{
	unsigned int dice = below(20);

	if (dice < (filling ? 11 : 6))
		return wrong_malloc();
	if (dice < 16)
		return wrong_free();
	if (dice < 18)
		return wrong_realloc();
	return dice == 18 ? wrong_maxalloc() : !pool_is_valid();
}

static unsigned int wrong_with_seed(unsigned int seed)
{
	size_t units, count;
	unsigned int wrong = 0, i;
	__ssz before;

	state = seed * 2654435761u;
	units = 8 + below(UNITS_MAX - 8);
	count = units / (1 + below(3)) + below(40);
	paging_start(units, count);
	before = uk_alloc_availmem(pool);
	for (i = 0; i < STEPS && !wrong; i++)
		wrong += wrong_step(i / 400 & 1);
	if (wrong)
		uk_test_printf("frames: seed %u, step %u\n", seed, i - 1);
	while (held_count)
		wrong += wrong_free();
	wrong += !pool_is_valid();
	wrong += uk_alloc_availmem(pool) != before;
	paging_end();
	return wrong;
}

UK_TESTCASE(mimalloc_frames, test_few_frames_at_random)
{
	const char *divide = getenv("MI_TEST_DIVIDE");
	unsigned int seeds = SEEDS, seed, wrong = 0;

	if (divide && atoi(divide) > 0)
		seeds = SEEDS / (unsigned int)atoi(divide) + 1;
	for (seed = TEST_SEED; seed < TEST_SEED + seeds; seed++)
		wrong += wrong_with_seed(seed);
	UK_TEST_EXPECT_ZERO(wrong);
}

/*
 * Frames are short, so the run behind is given back, and the descriptors for
 * that are cut from it: too little of it is left to grow.
 */
static unsigned int wrong_promise(unsigned int pages)
{
	size_t large = 40 * PAGE_BYTES;
	unsigned int wrong;
	char *block;

	paging_start(512, 512);
	while (pages--)
		*(char *)uk_palloc(pool, 1) = 1;
	block = uk_malloc(pool, 150 * PAGE_BYTES);
	memset(block, 1, 150 * PAGE_BYTES);
	uk_free(pool, block);
	large_cache_flush(instance_of(pool));
	block = uk_malloc(pool, large);
	frames.free_memory = RESERVE_BYTES + 4 * PAGE_BYTES;
	block = uk_realloc(pool, block, large + 20 * PAGE_BYTES);
	wrong = !pool_is_valid();
	uk_free(pool, block);
	wrong += !pool_is_valid();
	paging_end();
	return wrong;
}

UK_TESTCASE(mimalloc_frames, test_promises_are_kept_count_of)
{
	unsigned int pages, wrong = 0;

	for (pages = 0; pages < 60; pages++)
		wrong += wrong_promise(pages);
	UK_TEST_EXPECT_ZERO(wrong);
}

#define SPARSE	180

/*
 * Each page has a block that lives, and most frames lie between these: a
 * request that finds no others gets them, and they are there again afterwards
 */
UK_TESTCASE(mimalloc_frames, test_frames_between_live_blocks)
{
	unsigned int wrong = 0, i;
	char *block[SPARSE], *large;

	paging_start(1024, 2 * SPARSE + 60);
	for (i = 0; i < SPARSE; i++) {
		block[i] = uk_malloc(pool, 2 * PAGE_BYTES);
		memset(block[i], (int)i, 2 * PAGE_BYTES);
	}
	for (i = 0; i < SPARSE; i++)
		if (i % 8)
			uk_free(pool, block[i]);
	large = uk_malloc(pool, SPARSE * PAGE_BYTES);
	wrong += !large || !pool_is_valid();
	if (large)
		memset(large, 1, SPARSE * PAGE_BYTES);
	uk_free(pool, large);
	for (i = 0; i < SPARSE; i++) {
		if (i % 8) {
			block[i] = uk_malloc(pool, 2 * PAGE_BYTES);
			memset(block[i], (int)i, 2 * PAGE_BYTES);
		}
		wrong += !pool_is_valid();
	}
	for (i = 0; i < SPARSE; i++) {
		wrong += block[i][0] != (char)i;
		wrong += block[i][2 * PAGE_BYTES - 1] != (char)i;
		uk_free(pool, block[i]);
	}
	wrong += !pool_is_valid();
	paging_end();
	UK_TEST_EXPECT_ZERO(wrong);
}

uk_testsuite_prio(mimalloc_frames, NULL, SUITE_PRIO);
