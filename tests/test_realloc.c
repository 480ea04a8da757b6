/* SPDX-License-Identifier: BSD-3-Clause */
/* realloc, alone and mixed with everything else. */
#include "test_pool.h"

#define POOL_BYTES	(1024 * KIB)
#define TOO_LARGE	((size_t)1 << 62)

static char memory[POOL_BYTES] __align(4096);
static struct uk_alloc *pool;

static const size_t sizes[] = {
	1, 16, 17, 64, 100, 128, 1000, 1024, 1025, 4096, 5000, 32768, 32769,
	70001, 131072,
};

static int realloc_init(struct uk_testsuite *suite __unused)
{
	pool = uk_mimalloc_init(memory, sizeof(memory));
	return pool ? 0 : -ENOMEM;
}

UK_TESTCASE(mimalloc_realloc, test_realloc_of_null)
{
	__ssz before = uk_alloc_availmem(pool);
	void *block = uk_realloc(pool, NULL, 1000);

	UK_TEST_EXPECT_NOT_NULL(block);
	UK_TEST_EXPECT(is_aligned(block, BLOCK_ALIGN));
	UK_TEST_EXPECT(is_within(block, 1000, memory, sizeof(memory)));
	UK_TEST_EXPECT_SNUM_LT(uk_alloc_availmem(pool), before);
	uk_free(pool, block);
	UK_TEST_EXPECT(IS_REFUSED(uk_realloc(pool, NULL, SIZE_MAX)));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
}

static unsigned int wrong_to_zero(struct uk_alloc *a)
{
	unsigned int i, wrong = 0;
	void *block;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		block = uk_malloc(a, sizes[i]);
		wrong += !block;
		wrong += uk_realloc(a, block, 0) != NULL;
	}
	return wrong;
}

UK_TESTCASE(mimalloc_realloc, test_realloc_to_zero_frees)
{
	struct uk_alloc *other = default_or(pool);
	__ssz before = uk_alloc_availmem(pool);
	__ssz other_before = uk_alloc_availmem(other);

	UK_TEST_EXPECT_ZERO(wrong_to_zero(pool));
	UK_TEST_EXPECT_ZERO(wrong_to_zero(other));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(other), other_before);
}

/* With neighbours, so that what grows in place meets them */
static unsigned int wrong_pair(struct uk_alloc *a, size_t from, size_t to)
{
	size_t kept = MIN(from, to);
	void *near, *block, *next, *moved;
	unsigned int wrong = 0;

	near = uk_malloc(a, from);
	block = uk_malloc(a, from);
	next = uk_malloc(a, from);
	if (!near || !block || !next)
		return 1;
	content_write(near, from, 1);
	content_write(block, from, 2);
	content_write(next, from, 3);
	moved = uk_realloc(a, block, to);
	if (!moved)
		return 1;
	wrong += !is_aligned(moved, BLOCK_ALIGN);
	wrong += !content_holds(moved, kept, 2);
	content_write(moved, to, 4);
	wrong += !content_holds(near, from, 1);
	wrong += !content_holds(next, from, 3);
	uk_free(a, next);
	wrong += !content_holds(moved, to, 4);
	uk_free(a, moved);
	uk_free(a, near);
	return wrong;
}

static unsigned int wrong_pairs(struct uk_alloc *a)
{
	unsigned int i, j, wrong = 0;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		for (j = 0; j < ARRAY_SIZE(sizes); j++)
			wrong += wrong_pair(a, sizes[i], sizes[j]);
	return wrong;
}

UK_TESTCASE(mimalloc_realloc, test_realloc_keeps_content)
{
	struct uk_alloc *other = default_or(pool);
	__ssz before = uk_alloc_availmem(pool);
	__ssz other_before = uk_alloc_availmem(other);

	UK_TEST_EXPECT_ZERO(wrong_pairs(pool));
	UK_TEST_EXPECT_ZERO(wrong_pairs(other));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(other), other_before);
}

/* From one byte to half of what there is, by an eighth each time */
static unsigned int wrong_growth(struct uk_alloc *a)
{
	size_t size, last = 1;
	void *block = uk_malloc(a, last), *moved;
	unsigned int wrong = 0;

	if (!block)
		return 1;
	content_write(block, last, 5);
	for (size = 2; size < 500 * KIB; size += size / 8 + 1) {
		moved = uk_realloc(a, block, size);
		if (!moved)
			return wrong + 1;
		wrong += !content_holds(moved, last, 5);
		content_write(moved, size, 5);
		block = moved;
		last = size;
	}
	for (; size > 1; size -= size / 8 + 1) {
		moved = uk_realloc(a, block, size);
		if (!moved)
			return wrong + 1;
		wrong += !content_holds(moved, MIN(size, last), 5);
		block = moved;
		last = size;
	}
	uk_free(a, block);
	return wrong;
}

UK_TESTCASE(mimalloc_realloc, test_realloc_grows_and_shrinks)
{
	__ssz before = uk_alloc_availmem(pool);

	UK_TEST_EXPECT_ZERO(wrong_growth(pool));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
}

UK_TESTCASE(mimalloc_realloc, test_realloc_gives_rest_back)
{
	__ssz before = uk_alloc_availmem(pool);
	char *block = uk_malloc(pool, 300 * KIB), *less;

	UK_TEST_EXPECT_NOT_NULL(block);
	if (!block)
		return;
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool),
			       before - (__ssz)(300 * KIB));
	content_write(block, 300 * KIB, 6);
	less = uk_realloc(pool, block, 40 * KIB);
	UK_TEST_EXPECT_NOT_NULL(less);
	if (!less)
		return;
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool),
			       before - (__ssz)(40 * KIB));
	UK_TEST_EXPECT(content_holds(less, 40 * KIB, 6));
	uk_free(pool, less);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
}

/* What cannot be had leaves the block as it is */
static unsigned int wrong_refusal(struct uk_alloc *a, size_t from, size_t to)
{
	void *block = uk_malloc(a, from);
	unsigned int wrong = 0;
	__ssz during = uk_alloc_availmem(a);

	if (!block)
		return 1;
	content_write(block, from, 7);
	wrong += !IS_REFUSED(uk_realloc(a, block, to));
	wrong += !content_holds(block, from, 7);
	wrong += uk_alloc_availmem(a) != during;
	uk_free(a, block);
	return wrong;
}

UK_TESTCASE(mimalloc_realloc, test_realloc_refuses)
{
	struct uk_alloc *other = default_or(pool);
	__ssz before = uk_alloc_availmem(pool);
	__ssz other_before = uk_alloc_availmem(other);

	UK_TEST_EXPECT_ZERO(wrong_refusal(pool, 100, SIZE_MAX));
	UK_TEST_EXPECT_ZERO(wrong_refusal(pool, 100, POOL_BYTES));
	UK_TEST_EXPECT_ZERO(wrong_refusal(pool, 5000, TOO_LARGE));
	UK_TEST_EXPECT_ZERO(wrong_refusal(pool, 100 * KIB, SIZE_MAX - 15));
	UK_TEST_EXPECT_ZERO(wrong_refusal(pool, 600 * KIB, POOL_BYTES));
	UK_TEST_EXPECT_ZERO(wrong_refusal(other, 100, TOO_LARGE));
	UK_TEST_EXPECT_ZERO(wrong_refusal(other, 100 * KIB, TOO_LARGE));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(other), other_before);
}

/* A block with an alignment is a block like any other */
static unsigned int wrong_aligned(struct uk_alloc *a)
{
	unsigned int wrong = 0;
	size_t alignment;
	void *block, *moved;

	for (alignment = 32; alignment <= 64 * KIB; alignment *= 2) {
		block = uk_memalign(a, alignment, 200);
		if (!block)
			return wrong + 1;
		content_write(block, 200, 8);
		moved = uk_realloc(a, block, 6000);
		if (!moved)
			return wrong + 1;
		wrong += !content_holds(moved, 200, 8);
		content_write(moved, 6000, 9);
		block = uk_realloc(a, moved, 100);
		wrong += !block || !content_holds(block, 100, 9);
		uk_free(a, block);
	}
	return wrong;
}

UK_TESTCASE(mimalloc_realloc, test_realloc_of_aligned)
{
	struct uk_alloc *other = default_or(pool);
	__ssz before = uk_alloc_availmem(pool);
	__ssz other_before = uk_alloc_availmem(other);

	UK_TEST_EXPECT_ZERO(wrong_aligned(pool));
	UK_TEST_EXPECT_ZERO(wrong_aligned(other));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(other), other_before);
}

#define SLOTS		96
#define STEPS		6000

static struct slot {
	void *block;
	size_t size;
} slots[SLOTS];

/* Mostly small; 64 KiB at most, so that all of them often fit */
static size_t random_size(unsigned int *seed)
{
	return (random_next(seed) % (64 * KIB)) >> (random_next(seed) % 16);
}

/* Something is done to a slot; a request that fails leaves it as it is */
static unsigned int random_step(struct uk_alloc *a, unsigned int *seed)
{
	unsigned int at = random_next(seed) % SLOTS, wrong;
	struct slot *slot = &slots[at];
	size_t size = random_size(seed);
	size_t alignment = (size_t)1 << random_next(seed) % 13;
	unsigned int what = random_next(seed) % 4;
	void *block;

	wrong = slot->block && !content_holds(slot->block, slot->size, at);
	if (slot->block && what == 0) {
		uk_free(a, slot->block);
		slot->block = NULL;
		return wrong;
	}
	if (slot->block) {
		block = uk_realloc(a, slot->block, size + 1);
		if (!block)
			return wrong;
		wrong += !content_holds(block, MIN(size + 1, slot->size), at);
	} else if (what == 1) {
		block = uk_calloc(a, 1, size + 1);
		wrong += block && !is_zero(block, size + 1);
	} else if (what == 2) {
		block = uk_memalign(a, alignment, size + 1);
		wrong += block && !is_aligned(block, alignment);
	} else {
		block = uk_malloc(a, size + 1);
	}
	if (block) {
		content_write(block, size + 1, at);
		slot->block = block;
		slot->size = size + 1;
	}
	return wrong;
}

static unsigned int wrong_at_random(struct uk_alloc *a, unsigned int seed)
{
	unsigned int i, wrong = 0;

	uk_test_printf("random: seed %u\n", seed);
	for (i = 0; i < STEPS; i++)
		wrong += random_step(a, &seed);
	for (i = 0; i < SLOTS; i++) {
		wrong += slots[i].block &&
			 !content_holds(slots[i].block, slots[i].size, i);
		uk_free(a, slots[i].block);
		slots[i].block = NULL;
	}
	return wrong;
}

UK_TESTCASE(mimalloc_realloc, test_random)
{
	struct uk_alloc *other = default_or(pool);
	__ssz before = uk_alloc_availmem(pool);
	__ssz other_before = uk_alloc_availmem(other);
	__ssz largest = uk_alloc_maxalloc(pool);

	UK_TEST_EXPECT_ZERO(wrong_at_random(pool, TEST_SEED));
	UK_TEST_EXPECT_ZERO(wrong_at_random(other, TEST_SEED + 1));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(other), other_before);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_maxalloc(pool), largest);
}

uk_testsuite_prio(mimalloc_realloc, realloc_init, SUITE_PRIO);
