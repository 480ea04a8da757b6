/* SPDX-License-Identifier: BSD-3-Clause */
/* palloc and pfree: whole pages, and any part of them given back. */
#include "test_pool.h"

#define POOL_BYTES	(512 * KIB)
#define POOL_PAGES	(POOL_BYTES / PAGE_BYTES)

static char memory[POOL_BYTES] __align(4096);
static struct uk_alloc *pool;

static int pages_init(struct uk_testsuite *suite __unused)
{
	pool = uk_mimalloc_init(memory, sizeof(memory));
	return pool ? 0 : -ENOMEM;
}

/* Each count takes as many pages as it says, and gives them back */
static unsigned int wrong_counts(struct uk_alloc *a)
{
	static const unsigned long counts[] = { 1, 2, 3, 5, 8, 13, 21, 34 };
	__ssz before = uk_alloc_availmem(a);
	unsigned int i, wrong = 0;
	unsigned long taken = 0;
	void *pages[ARRAY_SIZE(counts)];

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		pages[i] = uk_palloc(a, counts[i]);
		if (!pages[i])
			return wrong + 1;
		wrong += !is_aligned(pages[i], PAGE_BYTES);
		content_write(pages[i], counts[i] * PAGE_BYTES, i);
		taken += counts[i];
		wrong += before - uk_alloc_availmem(a) !=
			 (__ssz)(taken * PAGE_BYTES);
	}
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		wrong += !content_holds(pages[i], counts[i] * PAGE_BYTES, i);
		uk_pfree(a, pages[i], counts[i]);
		taken -= counts[i];
		wrong += before - uk_alloc_availmem(a) !=
			 (__ssz)(taken * PAGE_BYTES);
	}
	return wrong;
}

UK_TESTCASE(mimalloc_pages, test_palloc_counts)
{
	UK_TEST_EXPECT_ZERO(wrong_counts(pool));
	UK_TEST_EXPECT_ZERO(wrong_counts(pool));
}

static bool page_holds(const char *pages, unsigned int number)
{
	return content_holds(pages + number * PAGE_BYTES, PAGE_BYTES, number);
}

static unsigned int wrong_pages(const char *pages, unsigned int first,
				unsigned int last)
{
	unsigned int wrong = 0;

	for (; first <= last; first++)
		wrong += !page_holds(pages, first);
	return wrong;
}

/* Pages whose content is their number's */
static char *numbered_pages(struct uk_alloc *a, unsigned int count)
{
	char *pages = uk_palloc(a, count);
	unsigned int i;

	for (i = 0; pages && i < count; i++)
		content_write(pages + i * PAGE_BYTES, PAGE_BYTES, i);
	return pages;
}

/* On the default allocator what descriptors take may come to that */
UK_TESTCASE(mimalloc_pages, test_palloc_of_default)
{
	struct uk_alloc *a = default_or(pool);
	__ssz before = uk_alloc_availmem(a);
	char *pages = numbered_pages(a, 16);

	UK_TEST_EXPECT_NOT_NULL(pages);
	if (!pages)
		return;
	UK_TEST_EXPECT(is_aligned(pages, PAGE_BYTES));
	UK_TEST_EXPECT_SNUM_LE(uk_alloc_availmem(a),
			       before - (__ssz)(16 * PAGE_BYTES));
	uk_pfree(a, pages, 3);
	uk_pfree(a, pages + 12 * PAGE_BYTES, 4);
	uk_pfree(a, pages + 6 * PAGE_BYTES, 1);
	UK_TEST_EXPECT_ZERO(wrong_pages(pages, 3, 5));
	UK_TEST_EXPECT_ZERO(wrong_pages(pages, 7, 11));
	UK_TEST_EXPECT_SNUM_LT(uk_alloc_availmem(a), before);
	uk_pfree(a, pages + 3 * PAGE_BYTES, 3);
	uk_pfree(a, pages + 7 * PAGE_BYTES, 5);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(a), before);
}

/* The front, the end, the middle; what is left keeps its content */
UK_TESTCASE(mimalloc_pages, test_pfree_parts)
{
	long before = uk_alloc_pavailmem(pool);
	char *pages = numbered_pages(pool, 32);
	void *again;

	UK_TEST_EXPECT_NOT_NULL(pages);
	if (!pages)
		return;
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_pavailmem(pool), before - 32);
	uk_pfree(pool, pages, 2);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_pavailmem(pool), before - 30);
	uk_pfree(pool, pages + 28 * PAGE_BYTES, 4);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_pavailmem(pool), before - 26);
	uk_pfree(pool, pages + 10 * PAGE_BYTES, 5);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_pavailmem(pool), before - 21);
	UK_TEST_EXPECT_ZERO(wrong_pages(pages, 2, 9));
	UK_TEST_EXPECT_ZERO(wrong_pages(pages, 15, 27));
	/* what came back may be had again, and is nobody's but ours */
	again = uk_palloc(pool, 5);
	UK_TEST_EXPECT_NOT_NULL(again);
	if (!again)
		return;
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_pavailmem(pool), before - 26);
	content_write(again, 5 * PAGE_BYTES, 99);
	UK_TEST_EXPECT_ZERO(wrong_pages(pages, 2, 9));
	UK_TEST_EXPECT_ZERO(wrong_pages(pages, 15, 27));
	uk_pfree(pool, again, 5);
	uk_pfree(pool, pages + 2 * PAGE_BYTES, 8);
	uk_pfree(pool, pages + 15 * PAGE_BYTES, 13);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_pavailmem(pool), before);
}

/*
 * Each page by itself, at steps of so many. Where that leaves holes, their
 * descriptors may take a page until the holes are closed.
 */
static unsigned int wrong_one_by_one(struct uk_alloc *a, unsigned int step)
{
	long before = uk_alloc_pavailmem(a), lost;
	char *pages = numbered_pages(a, 23);
	unsigned int i, at = 0, wrong = 0;

	if (!pages)
		return 1;
	for (i = 0; i < 23; i++) {
		at = (at + step) % 23;
		wrong += !page_holds(pages, at);
		uk_pfree(a, pages + at * PAGE_BYTES, 1);
		lost = before - 22 + (long)i - uk_alloc_pavailmem(a);
		wrong += lost < 0 || lost > (step != 1 && step != 22 ? 1 : 0);
	}
	return wrong + (uk_alloc_pavailmem(a) != before);
}

UK_TESTCASE(mimalloc_pages, test_pfree_one_by_one)
{
	__ssz largest = uk_alloc_maxalloc(pool);

	UK_TEST_EXPECT_ZERO(wrong_one_by_one(pool, 1));
	UK_TEST_EXPECT_ZERO(wrong_one_by_one(pool, 22));
	UK_TEST_EXPECT_ZERO(wrong_one_by_one(pool, 2));
	UK_TEST_EXPECT_ZERO(wrong_one_by_one(pool, 7));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_maxalloc(pool), largest);
}

/* A part freed between two that stay is served to malloc */
UK_TESTCASE(mimalloc_pages, test_pfree_feeds_malloc)
{
	__ssz before = uk_alloc_availmem(pool);
	unsigned long count = (unsigned long)uk_alloc_pmaxalloc(pool);
	char *pages = numbered_pages(pool, (unsigned int)count), *block;

	UK_TEST_EXPECT_NOT_NULL(pages);
	if (!pages)
		return;
	UK_TEST_EXPECT(IS_REFUSED(uk_malloc(pool, 64 * KIB)));
	uk_pfree(pool, pages + 20 * PAGE_BYTES, 16);
	block = uk_malloc(pool, 64 * KIB);
	UK_TEST_EXPECT_PTR_EQ(block, pages + 20 * PAGE_BYTES);
	if (!block)
		return;
	content_write(block, 64 * KIB, 200);
	UK_TEST_EXPECT_ZERO(wrong_pages(pages, 0, 19));
	UK_TEST_EXPECT_ZERO(wrong_pages(pages, 36, (unsigned int)count - 1));
	uk_free(pool, block);
	uk_pfree(pool, pages, 20);
	uk_pfree(pool, pages + 36 * PAGE_BYTES, count - 36);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
}

UK_TESTCASE(mimalloc_pages, test_pfree_of_nothing)
{
	__ssz before = uk_alloc_availmem(pool);
	void *pages = uk_palloc(pool, 4);

	UK_TEST_EXPECT_NOT_NULL(pages);
	uk_pfree(pool, NULL, 4);
	uk_pfree(pool, pages, 0);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool),
			       before - (__ssz)(4 * PAGE_BYTES));
	uk_pfree(pool, pages, 4);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
}

UK_TESTCASE(mimalloc_pages, test_palloc_refuses)
{
	__ssz before = uk_alloc_availmem(pool);
	unsigned long pages = (unsigned long)uk_alloc_pavailmem(pool);

	UK_TEST_EXPECT_NULL(uk_palloc(pool, 0));
	UK_TEST_EXPECT(IS_REFUSED(uk_palloc(pool, pages + 1)));
	UK_TEST_EXPECT(IS_REFUSED(uk_palloc(pool, POOL_PAGES)));
	UK_TEST_EXPECT(IS_REFUSED(uk_palloc(pool, 1UL << 32)));
	UK_TEST_EXPECT(IS_REFUSED(uk_palloc(pool, (1UL << 32) + 1)));
	UK_TEST_EXPECT(IS_REFUSED(uk_palloc(pool, (1UL << 52) + 1)));
	UK_TEST_EXPECT(IS_REFUSED(uk_palloc(pool, ~0UL)));
	UK_TEST_EXPECT(IS_REFUSED(uk_palloc(default_or(pool), 1UL << 50)));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
}

/* Single pages until there is none: how many, or 0 if something is wrong */
static unsigned long fill_and_drain(struct uk_alloc *a)
{
	static void *pages[POOL_PAGES];
	unsigned long i, count = 0, wrong = 0;

	while (count < POOL_PAGES && (pages[count] = uk_palloc(a, 1))) {
		wrong += !is_aligned(pages[count], PAGE_BYTES);
		content_write(pages[count], PAGE_BYTES, (unsigned int)count);
		count++;
	}
	wrong += !IS_REFUSED(uk_palloc(a, 1));
	wrong += uk_alloc_pmaxalloc(a) != 0;
	for (i = 0; i < count; i++) {
		wrong += !content_holds(pages[i], PAGE_BYTES, (unsigned int)i);
		uk_pfree(a, pages[i], 1);
	}
	return wrong ? 0 : count;
}

/* One descriptor for each page is all that is lost: 31 are a page */
UK_TESTCASE(mimalloc_pages, test_palloc_until_full)
{
	__ssz before = uk_alloc_availmem(pool);
	long pages = uk_alloc_pavailmem(pool);
	long count = (long)fill_and_drain(pool);

	UK_TEST_EXPECT_SNUM_LE(count, pages);
	UK_TEST_EXPECT_SNUM_GE(count, pages - pages / 31 - 1);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
	UK_TEST_EXPECT_SNUM_EQ(fill_and_drain(pool), count);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
}

uk_testsuite_prio(mimalloc_pages, pages_init, SUITE_PRIO);
