/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * palloc and pfree, and the figures: maxalloc, availmem, pmaxalloc, pavailmem.
 */
#include "check.h"

#define COUNTS 8

static const unsigned long counts[COUNTS] = { 1, 2, 3, 5, 16, 31, 64, 257 };

static void palloc_gives_whole_pages(struct uk_alloc *a)
{
	void *pages[COUNTS];

	for (size_t i = 0; i < COUNTS; i++) {
		pages[i] = uk_palloc(a, counts[i]);
		CHECK(pages[i] && (uintptr_t)pages[i] % PAGE == 0);
		pattern_write(pages[i], counts[i] * PAGE, i + 11);
	}
	for (size_t i = 0; i < COUNTS; i++) {
		CHECK(pattern_holds(pages[i], counts[i] * PAGE, i + 11));
		uk_pfree(a, pages[i], counts[i]);
	}
	CHECK(!uk_palloc(a, 1UL << 60));
	CHECK(!uk_palloc(a, ~0UL));
	CHECK(!uk_palloc(a, (unsigned long)uk_alloc_pavailmem(a) + 1));
}

/* Head, tail, middle, rest: any part of what palloc gave. */
static void pfree_takes_any_part(struct uk_alloc *a)
{
	__ssz before = uk_alloc_availmem(a);
	char *pages;

	if (suite_lacks(LACKS_PART_PFREE, "pfree of a part"))
		return;
	pages = uk_palloc(a, 64);
	CHECK(pages);
	pattern_write(pages, 64 * PAGE, 5);
	uk_pfree(a, pages, 1);
	uk_pfree(a, pages + 60 * PAGE, 4);
	uk_pfree(a, pages + 20 * PAGE, 10);
	CHECK(pattern_holds(pages + PAGE, 19 * PAGE, 5));
	CHECK(pattern_holds(pages + 30 * PAGE, 30 * PAGE, 5));
	uk_pfree(a, pages + PAGE, 19);
	CHECK(pattern_holds(pages + 30 * PAGE, 30 * PAGE, 5));
	for (unsigned long i = 30; i < 60; i += 2)
		uk_pfree(a, pages + i * PAGE, 1);
	for (unsigned long i = 31; i < 60; i += 2)
		uk_pfree(a, pages + i * PAGE, 1);
	CHECK(suite_is_back(a, before));
}

static void figures_follow(struct uk_alloc *a)
{
	__ssz before = uk_alloc_availmem(a);
	__ssz max_before = uk_alloc_maxalloc(a);
	void *block = uk_malloc(a, 300000);

	CHECK(block);
	CHECK(before > 0 && max_before > 0 && max_before <= before);
	CHECK(uk_alloc_availmem(a) <= before - 300000);
	CHECK(uk_alloc_pavailmem(a)
	      == (long)((size_t)uk_alloc_availmem(a) / PAGE));
	CHECK(uk_alloc_pmaxalloc(a) <= uk_alloc_pavailmem(a));
	uk_free(a, block);
	if (suite_lacks(LACKS_FREE, "availmem comes back"))
		return;
	CHECK(suite_is_back(a, before));
	CHECK(uk_alloc_maxalloc(a) == max_before);
}

/* Blocks are not touched: this is about the answer, not about frames. */
static void maxalloc_is_exact(struct uk_alloc *a)
{
	void *held[4];
	void *block;

	if (suite_lacks(LACKS_FREE, "maxalloc is exact"))
		return;
	for (int i = 0; i < 4; i++) {
		size_t max = (size_t)uk_alloc_maxalloc(a);

		CHECK(!uk_malloc(a, max + 1));
		block = uk_malloc(a, max);
		CHECK(block);
		uk_free(a, block);
		CHECK(uk_alloc_maxalloc(a) == (__ssz)max);
		held[i] = uk_malloc(a, max / 2);
		CHECK(held[i]);
	}
	for (int i = 0; i < 4; i++)
		uk_free(a, held[i]);
}

static void pmaxalloc_is_exact(struct uk_alloc *a)
{
	unsigned long max = (unsigned long)uk_alloc_pmaxalloc(a);
	void *pages;

	if (suite_lacks(LACKS_FREE, "pmaxalloc is exact"))
		return;
	CHECK(!uk_palloc(a, max + 1));
	pages = uk_palloc(a, max);
	CHECK(pages && (uintptr_t)pages % PAGE == 0);
	uk_pfree(a, pages, max);
	CHECK((unsigned long)uk_alloc_pmaxalloc(a) == max);
}

void suite_pages(struct uk_alloc *a)
{
	palloc_gives_whole_pages(a);
	pfree_takes_any_part(a);
	figures_follow(a);
	maxalloc_is_exact(a);
	pmaxalloc_is_exact(a);
}
