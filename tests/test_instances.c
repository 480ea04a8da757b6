/* SPDX-License-Identifier: BSD-3-Clause */
/* Several allocators at once, each in its own range and nowhere else. */
#include "test_pool.h"

#define POOL_BYTES	(192 * KIB)
#define POOLS		3
#define GUARD_BYTES	((size_t)512)
#define GUARD		0x69
/* What uk_mimalloc_init() needs at least, with and without page alignment */
#define LEAST_BYTES	(16 * KIB)
#define LEAST_UNALIGNED	(20 * KIB)

/* Each between two guards, and beginning where it happens to */
static char memory[POOLS][POOL_BYTES + 2 * GUARD_BYTES];
static struct uk_alloc *pools[POOLS];

static char *range(unsigned int number)
{
	return memory[number] + GUARD_BYTES;
}

static int instances_init(struct uk_testsuite *suite __unused)
{
	unsigned int i;

	for (i = 0; i < POOLS; i++) {
		memset(memory[i], GUARD, sizeof(memory[i]));
		pools[i] = uk_mimalloc_init(range(i), POOL_BYTES);
		if (!pools[i])
			return -ENOMEM;
	}
	return 0;
}

static bool is_guard(const char *bytes, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (bytes[i] != GUARD)
			return false;
	return true;
}

static unsigned int broken_guards(void)
{
	unsigned int i, broken = 0;

	for (i = 0; i < POOLS; i++) {
		broken += !is_guard(memory[i], GUARD_BYTES);
		broken += !is_guard(range(i) + POOL_BYTES, GUARD_BYTES);
	}
	return broken;
}

static unsigned int times_registered(const struct uk_alloc *a)
{
	unsigned int times = 0;
	struct uk_alloc *iter;

	uk_alloc_foreach(iter)
		times += iter == a;
	return times;
}

UK_TESTCASE(mimalloc_instances, test_all_are_registered)
{
	UK_TEST_EXPECT_SNUM_EQ(times_registered(pools[0]), 1);
	UK_TEST_EXPECT_SNUM_EQ(times_registered(pools[1]), 1);
	UK_TEST_EXPECT_SNUM_EQ(times_registered(pools[2]), 1);
	UK_TEST_EXPECT(uk_alloc_get_default() != pools[0]);
	UK_TEST_EXPECT(is_within(pools[0], sizeof(*pools[0]), range(0),
				 POOL_BYTES));
	UK_TEST_EXPECT(is_within(pools[2], sizeof(*pools[2]), range(2),
				 POOL_BYTES));
}

/* Written to the last byte until nothing is left; the blocks taken */
static unsigned int fill(unsigned int number, size_t size, void **list)
{
	unsigned int count = 0;
	void *block;

	*list = NULL;
	while ((block = uk_malloc(pools[number], size))) {
		if (!is_within(block, size, range(number), POOL_BYTES))
			return 0;
		content_write(block, size, number);
		memcpy(block, list, sizeof(*list));
		*list = block;
		count++;
	}
	return count;
}

/* Gives all back, if it still is as fill() left it; else true */
static bool drain_finds_damage(unsigned int number, size_t size, void *list)
{
	bool damage = false;
	void *block;

	while ((block = list)) {
		memcpy(&list, block, sizeof(list));
		content_write(block, sizeof(list), number);
		damage |= !content_holds(block, size, number);
		uk_free(pools[number], block);
	}
	return damage;
}

UK_TESTCASE(mimalloc_instances, test_each_is_full_alone)
{
	__ssz before = uk_alloc_availmem(pools[1]);
	__ssz others = uk_alloc_availmem(uk_alloc_get_default());
	void *lists[POOLS];

	UK_TEST_EXPECT_NOT_ZERO(fill(0, 64, &lists[0]));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pools[1]), before);
	UK_TEST_EXPECT_NOT_ZERO(fill(1, 5000, &lists[1]));
	UK_TEST_EXPECT_NOT_ZERO(fill(2, 40000, &lists[2]));
	UK_TEST_EXPECT(IS_REFUSED(uk_malloc(pools[0], 64)));
	UK_TEST_EXPECT(IS_REFUSED(uk_malloc(pools[2], 40000)));
	UK_TEST_EXPECT(!drain_finds_damage(1, 5000, lists[1]));
	UK_TEST_EXPECT(!drain_finds_damage(0, 64, lists[0]));
	UK_TEST_EXPECT(!drain_finds_damage(2, 40000, lists[2]));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pools[1]), before);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(uk_alloc_get_default()),
			       others);
	UK_TEST_EXPECT_ZERO(broken_guards());
}

static size_t turn_size(unsigned int i)
{
	return 16 + i % 16 * 20;
}

/* In turns, so that what one does meets what another has just done */
static unsigned int wrong_turns(void)
{
	static void *blocks[300];
	unsigned int i, wrong = 0;
	struct uk_alloc *a;
	size_t size;

	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		size = turn_size(i);
		blocks[i] = uk_malloc(pools[i % POOLS], size);
		if (!is_within(blocks[i], size, range(i % POOLS), POOL_BYTES))
			return wrong + 1;
		content_write(blocks[i], size, i);
	}
	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		a = pools[i % POOLS];
		size = turn_size(i);
		wrong += !content_holds(blocks[i], size, i);
		blocks[i] = uk_realloc(a, blocks[i], 2 * size);
		if (!blocks[i])
			return wrong + 1;
		wrong += !content_holds(blocks[i], size, i);
		uk_free(a, blocks[i]);
	}
	return wrong;
}

/*
 * With statistics for each library the default allocator is a wrapper with
 * other functions: what lies behind it is not ours, and must not be read.
 */
UK_TESTCASE(mimalloc_instances, test_show_of_a_wrapper)
{
	static struct uk_alloc wrapper;
	__ssz before = uk_alloc_availmem(pools[0]);

	wrapper.malloc = pools[0]->malloc;
	uk_mimalloc_show(&wrapper);
	uk_mimalloc_show(NULL);
	uk_mimalloc_show(pools[0]);
	uk_mimalloc_show_json(&wrapper);
	uk_mimalloc_show_json(pools[0]);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pools[0]), before);
}

UK_TESTCASE(mimalloc_instances, test_in_turns)
{
	__ssz before[POOLS];
	unsigned int i, changed = 0;

	for (i = 0; i < POOLS; i++)
		before[i] = uk_alloc_availmem(pools[i]);
	UK_TEST_EXPECT_ZERO(wrong_turns());
	for (i = 0; i < POOLS; i++)
		changed += uk_alloc_availmem(pools[i]) != before[i];
	UK_TEST_EXPECT_ZERO(changed);
	UK_TEST_EXPECT_ZERO(broken_guards());
}

/* An allocator in pages of another, which are never given back */
UK_TESTCASE(mimalloc_instances, test_pool_in_pool)
{
	char *block = uk_palloc(pools[2], 32 * KIB / PAGE_BYTES);
	struct uk_alloc *inner;
	__ssz before = uk_alloc_availmem(pools[2]);
	void *p;

	UK_TEST_EXPECT_NOT_NULL(block);
	if (!block)
		return;
	inner = uk_mimalloc_init(block, 32 * KIB);
	UK_TEST_EXPECT_NOT_NULL(inner);
	if (!inner)
		return;
	p = uk_malloc(inner, 100);
	UK_TEST_EXPECT(is_within(p, 100, block, 32 * KIB));
	uk_free(inner, p);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pools[2]), before);
}

/* A new allocator in a range: whether it can serve anything */
static unsigned int wrong_least(char *base, size_t length)
{
	struct uk_alloc *a = uk_mimalloc_init(base, length);
	void *block;

	if (!a)
		return 1;
	block = uk_malloc(a, 16);
	if (!is_within(block, 16, base, length))
		return 1;
	uk_free(a, block);
	return uk_alloc_availmem(a) < (__ssz)PAGE_BYTES;
}

UK_TESTCASE(mimalloc_instances, test_least_ranges)
{
	static char aligned[LEAST_BYTES] __align(4096);
	static char odd[3][LEAST_UNALIGNED + 4096] __align(4096);

	UK_TEST_EXPECT_ZERO(wrong_least(aligned, LEAST_BYTES));
	UK_TEST_EXPECT_ZERO(wrong_least(odd[0] + 1, LEAST_UNALIGNED));
	UK_TEST_EXPECT_ZERO(wrong_least(odd[1] + 63, LEAST_UNALIGNED));
	UK_TEST_EXPECT_ZERO(wrong_least(odd[2] + 4095, LEAST_UNALIGNED));
}

/* Refused, not registered, and nothing written outside */
static unsigned int wrong_too_short(size_t offset, size_t length)
{
	static char little[24 * 1024] __align(4096);
	char *end = little + offset + length;
	unsigned int wrong;

	memset(little, GUARD, sizeof(little));
	wrong = uk_mimalloc_init(little + offset, length) != NULL;
	wrong += !is_guard(little, offset);
	wrong += !is_guard(end, (size_t)(little + sizeof(little) - end));
	return wrong + times_registered((struct uk_alloc *)little);
}

UK_TESTCASE(mimalloc_instances, test_init_refuses)
{
	UK_TEST_EXPECT_ZERO(wrong_too_short(0, 0));
	UK_TEST_EXPECT_ZERO(wrong_too_short(0, 1));
	UK_TEST_EXPECT_ZERO(wrong_too_short(8, 200));
	UK_TEST_EXPECT_ZERO(wrong_too_short(64, 1000));
	UK_TEST_EXPECT_ZERO(wrong_too_short(0, PAGE_BYTES));
	UK_TEST_EXPECT_NULL(uk_mimalloc_init(NULL, POOL_BYTES));
	/* a range that goes over the end of all addresses */
	UK_TEST_EXPECT_NULL(uk_mimalloc_init((void *)~(__uptr)4095,
					     POOL_BYTES));
}

uk_testsuite_prio(mimalloc_instances, instances_init, SUITE_PRIO);
