/* SPDX-License-Identifier: BSD-3-Clause */
/* maxalloc, availmem, pmaxalloc, pavailmem; and memory that is added. */
#include "test_pool.h"

#define POOL_BYTES	(256 * KIB)
#define FIRST_BYTES	(64 * KIB)
#define MORE_BYTES	(512 * KIB)
/* What a range may spend on itself: the least that can be one, and its map */
#define RANGE_COST	(16 * KIB + MORE_BYTES / 256)

static char memory[POOL_BYTES] __align(4096);
/* A first range, and one that begins where it ends */
static char joined[FIRST_BYTES + MORE_BYTES] __align(4096);
/* A first range, a hole, and one behind it; neither end on a page's */
static char apart[2 * FIRST_BYTES + MORE_BYTES] __align(4096);
static struct uk_alloc *pool;

static int figures_init(struct uk_testsuite *suite __unused)
{
	pool = uk_mimalloc_init(memory, sizeof(memory));
	return pool ? 0 : -ENOMEM;
}

UK_TESTCASE(mimalloc_figures, test_figures_of_new_pool)
{
	__ssz free_bytes = uk_alloc_availmem(pool);

	UK_TEST_EXPECT_SNUM_LT(free_bytes, POOL_BYTES);
	UK_TEST_EXPECT_SNUM_GE(free_bytes, POOL_BYTES - RANGE_COST);
	UK_TEST_EXPECT_ZERO(free_bytes % (__ssz)PAGE_BYTES);
	/* nothing is handed out: all of it is one block */
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_maxalloc(pool), free_bytes);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_pavailmem(pool),
			       free_bytes / (__ssz)PAGE_BYTES);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_pmaxalloc(pool),
			       free_bytes / (__ssz)PAGE_BYTES);
}

/* Large blocks take what they need, up to a page, and nothing else */
static unsigned int wrong_large(struct uk_alloc *a)
{
	static const size_t sizes[] = { 40000, 36 * KIB, 36 * KIB + 1, 50000 };
	__ssz expected = uk_alloc_availmem(a);
	void *blocks[ARRAY_SIZE(sizes)];
	unsigned int i, wrong = 0;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		blocks[i] = uk_malloc(a, sizes[i]);
		wrong += !blocks[i];
		expected -= (__ssz)ALIGN_UP(sizes[i], PAGE_BYTES);
		wrong += uk_alloc_availmem(a) != expected;
	}
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		uk_free(a, blocks[i]);
		expected += (__ssz)ALIGN_UP(sizes[i], PAGE_BYTES);
		wrong += uk_alloc_availmem(a) != expected;
	}
	return wrong;
}

/* Small ones take a page now and then, and give it back */
static unsigned int wrong_small(struct uk_alloc *a, size_t size)
{
	static void *blocks[512];
	__ssz before = uk_alloc_availmem(a), least = before, now;
	unsigned int i, wrong = 0;

	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		blocks[i] = uk_malloc(a, size);
		now = uk_alloc_availmem(a);
		wrong += !blocks[i] || now > least;
		wrong += before - now < (__ssz)((i + 1) * size);
		least = now;
	}
	/* 512 blocks, and less than a page of 64 KiB beside them */
	wrong += before - least > (__ssz)(512 * size + 64 * KIB);
	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		uk_free(a, blocks[i]);
		now = uk_alloc_availmem(a);
		wrong += now < least;
		least = now;
	}
	return wrong + (least != before);
}

UK_TESTCASE(mimalloc_figures, test_availmem_follows)
{
	__ssz before = uk_alloc_availmem(pool);

	UK_TEST_EXPECT_ZERO(wrong_large(pool));
	UK_TEST_EXPECT_ZERO(wrong_small(pool, 16));
	UK_TEST_EXPECT_ZERO(wrong_small(pool, 208));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
}

UK_TESTCASE(mimalloc_figures, test_availmem_of_default_follows)
{
	struct uk_alloc *a = default_or(pool);
	__ssz before = uk_alloc_availmem(a);
	void *block = uk_malloc(a, 70000);

	UK_TEST_EXPECT_NOT_NULL(block);
	UK_TEST_EXPECT_SNUM_LE(uk_alloc_availmem(a), before - 70000);
	UK_TEST_EXPECT_SNUM_LE(uk_alloc_maxalloc(a), uk_alloc_availmem(a));
	uk_free(a, block);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(a), before);
}

/* A figure is a promise: so much, and no byte more; 0 is nothing at all */
static unsigned int wrong_maxalloc(struct uk_alloc *a)
{
	size_t largest = (size_t)uk_alloc_maxalloc(a);
	__ssz before = uk_alloc_availmem(a);
	unsigned int wrong = 0;
	void *block;

	wrong += !IS_REFUSED(uk_malloc(a, largest + 1));
	block = uk_malloc(a, largest);
	wrong += !block != !largest;
	if (block)
		content_write(block, largest, 1);
	uk_free(a, block);
	wrong += uk_alloc_maxalloc(a) != (__ssz)largest;
	wrong += (__ssz)largest > before;	/* one is a part of all */
	return wrong + (uk_alloc_availmem(a) != before);
}

static unsigned int wrong_pmaxalloc(struct uk_alloc *a)
{
	unsigned long most = (unsigned long)uk_alloc_pmaxalloc(a);
	long before = uk_alloc_pavailmem(a);
	unsigned int wrong = 0;
	void *pages;

	wrong += !IS_REFUSED(uk_palloc(a, most + 1));
	pages = uk_palloc(a, most);
	if (!most)
		return wrong + (pages != NULL);
	wrong += !pages || uk_alloc_pavailmem(a) != before - (long)most;
	uk_pfree(a, pages, most);
	wrong += uk_alloc_pmaxalloc(a) != (long)most;
	return wrong + (uk_alloc_pavailmem(a) != before);
}

/* Empty, with holes, and down to where no page is left */
static unsigned int wrong_maxima(struct uk_alloc *a)
{
	static void *blocks[64];
	unsigned int i, count = 0, wrong = 0;

	wrong += wrong_maxalloc(a) + wrong_pmaxalloc(a);
	for (i = 0; i < 8; i++)
		blocks[count++] = uk_malloc(a, 20000);
	for (i = 0; i < 8; i += 3) {
		uk_free(a, blocks[i]);
		blocks[i] = NULL;
		wrong += wrong_maxalloc(a) + wrong_pmaxalloc(a);
	}
	while (uk_alloc_maxalloc(a) > 0 && count < ARRAY_SIZE(blocks)) {
		blocks[count] = uk_malloc(a, (size_t)uk_alloc_maxalloc(a));
		wrong += !blocks[count++];
		wrong += wrong_maxalloc(a) + wrong_pmaxalloc(a);
	}
	wrong += !IS_REFUSED(uk_palloc(a, 1));
	for (i = 0; i < count; i++)
		uk_free(a, blocks[i]);
	return wrong;
}

UK_TESTCASE(mimalloc_figures, test_maxalloc_is_exact)
{
	__ssz before = uk_alloc_availmem(pool);
	__ssz largest = uk_alloc_maxalloc(pool);

	UK_TEST_EXPECT_ZERO(wrong_maxima(pool));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_maxalloc(pool), largest);
}

/* One block that is larger than either range, and the rest in pieces */
UK_TESTCASE(mimalloc_figures, test_addmem_joins)
{
	struct uk_alloc *a = uk_mimalloc_init(joined, FIRST_BYTES);
	char *held, *block;
	__ssz before;

	UK_TEST_EXPECT_NOT_NULL(a);
	if (!a)
		return;
	/* as ukboot does with demand paging */
	held = uk_malloc(a, 100);
	content_write(held, 100, 2);
	before = uk_alloc_availmem(a);
	UK_TEST_EXPECT_ZERO(uk_alloc_addmem(a, joined + FIRST_BYTES,
					    MORE_BYTES));
	UK_TEST_EXPECT_SNUM_GE(uk_alloc_availmem(a) - before,
			       MORE_BYTES - RANGE_COST);
	UK_TEST_EXPECT_SNUM_LE(uk_alloc_availmem(a) - before, MORE_BYTES);
	UK_TEST_EXPECT_SNUM_GE(uk_alloc_maxalloc(a), MORE_BYTES - RANGE_COST);
	UK_TEST_EXPECT_ZERO(wrong_maxalloc(a));
	block = uk_malloc(a, MORE_BYTES - RANGE_COST);
	UK_TEST_EXPECT(is_within(block, MORE_BYTES - RANGE_COST,
				 joined + FIRST_BYTES, MORE_BYTES));
	uk_free(a, block);
	UK_TEST_EXPECT(content_holds(held, 100, 2));
	before = uk_alloc_availmem(a);
	UK_TEST_EXPECT_ZERO(wrong_maxima(a));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(a), before);
	uk_free(a, held);
}

/* The first range is used up, so the rest comes from the other */
static unsigned int wrong_both(struct uk_alloc *a, const char *more)
{
	void *block, *first = NULL;
	unsigned int count = 0, wrong = 0;

	while ((block = uk_malloc(a, 5000))) {
		count += is_within(block, 5000, more, MORE_BYTES);
		content_write(block, 5000, 3);
		memcpy(block, &first, sizeof(first));
		first = block;
	}
	wrong += count < (MORE_BYTES - RANGE_COST) / 5120 * 9 / 10;
	while ((block = first)) {
		memcpy(&first, block, sizeof(first));
		content_write(block, sizeof(first), 3);
		wrong += !content_holds(block, 5000, 3);
		uk_free(a, block);
	}
	return wrong;
}

UK_TESTCASE(mimalloc_figures, test_addmem_from_afar)
{
	char *more = apart + 2 * FIRST_BYTES - 100;
	struct uk_alloc *a;
	__ssz before, after;

	memset(apart + FIRST_BYTES, 0x5a, FIRST_BYTES - 100);
	a = uk_mimalloc_init(apart + 40, FIRST_BYTES - 40);
	UK_TEST_EXPECT_NOT_NULL(a);
	if (!a)
		return;
	before = uk_alloc_availmem(a);
	UK_TEST_EXPECT(IS_REFUSED(uk_malloc(a, FIRST_BYTES)));
	UK_TEST_EXPECT_ZERO(uk_alloc_addmem(a, more, MORE_BYTES));
	after = uk_alloc_availmem(a);
	UK_TEST_EXPECT_SNUM_GE(after - before, MORE_BYTES - RANGE_COST);
	UK_TEST_EXPECT_SNUM_LT(after - before, MORE_BYTES);
	UK_TEST_EXPECT_SNUM_GE(uk_alloc_maxalloc(a), MORE_BYTES - RANGE_COST);
	UK_TEST_EXPECT_ZERO(wrong_maxalloc(a));
	UK_TEST_EXPECT_ZERO(wrong_both(a, more));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(a), after);
	/* the hole is not ours */
	UK_TEST_EXPECT(apart[FIRST_BYTES] == 0x5a);
	UK_TEST_EXPECT(!memcmp(apart + FIRST_BYTES, apart + FIRST_BYTES + 1,
			       FIRST_BYTES - 101));
}

UK_TESTCASE(mimalloc_figures, test_addmem_refuses)
{
	static char little[2 * 4096] __align(4096);
	__ssz before = uk_alloc_availmem(pool);

	UK_TEST_EXPECT_SNUM_LT(uk_alloc_addmem(pool, little, 0), 0);
	UK_TEST_EXPECT_SNUM_LT(uk_alloc_addmem(pool, little, 100), 0);
	UK_TEST_EXPECT_SNUM_LT(uk_alloc_addmem(pool, little + 1, PAGE_BYTES),
			       0);
	UK_TEST_EXPECT_SNUM_LT(uk_alloc_addmem(pool, NULL, MORE_BYTES), 0);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
	UK_TEST_EXPECT_ZERO(wrong_maxalloc(pool));
}

uk_testsuite_prio(mimalloc_figures, figures_init, SUITE_PRIO);
