/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The statistics of ukalloc. A block is counted with what it can hold, when it
 * comes and when it goes, so that what is in use comes back to what it was.
 */
#include "test_pool.h"

#if CONFIG_LIBUKALLOC_IFSTATS

#define POOL_BYTES	(256 * KIB)
#define TOO_LARGE	((size_t)1 << 62)

static char memory[POOL_BYTES] __align(4096);
static struct uk_alloc *pool;

static int stats_init(struct uk_testsuite *suite __unused)
{
	pool = uk_mimalloc_init(memory, sizeof(memory));
	return pool ? 0 : -ENOMEM;
}

static struct uk_alloc_stats stats(void)
{
	struct uk_alloc_stats now;

	uk_alloc_stats_get(pool, &now);
	return now;
}

/* So many came and went, failed, and stayed, and so many bytes with them */
static bool moved(const struct uk_alloc_stats *before, long came, long went,
		  long failed, __ssz bytes)
{
	struct uk_alloc_stats now = stats();

	return (long)(now.tot_nb_allocs - before->tot_nb_allocs) == came &&
	       (long)(now.tot_nb_frees - before->tot_nb_frees) == went &&
	       (long)(now.nb_enomem - before->nb_enomem) == failed &&
	       now.cur_nb_allocs - before->cur_nb_allocs == came - went &&
	       now.cur_mem_use - before->cur_mem_use == bytes;
}

UK_TESTCASE(mimalloc_stats, test_malloc_and_free_count)
{
	struct uk_alloc_stats before = stats();
	void *one, *two;

	one = uk_malloc(pool, 1000);
	UK_TEST_EXPECT(moved(&before, 1, 0, 0, 1008));
	UK_TEST_EXPECT_SNUM_EQ(stats().last_alloc_size, 1008);
	two = uk_malloc(pool, 50000);
	UK_TEST_EXPECT(moved(&before, 2, 0, 0, 1008 + 53248));
	uk_free(pool, one);
	UK_TEST_EXPECT(moved(&before, 2, 1, 0, 53248));
	uk_free(pool, NULL);
	UK_TEST_EXPECT(moved(&before, 2, 1, 0, 53248));
	uk_free(pool, two);
	UK_TEST_EXPECT(moved(&before, 2, 2, 0, 0));
	UK_TEST_EXPECT_SNUM_GE(stats().max_mem_use, 1008 + 53248);
	UK_TEST_EXPECT_SNUM_GE(stats().max_nb_allocs,
			       before.cur_nb_allocs + 2);
	UK_TEST_EXPECT_SNUM_GE(stats().max_alloc_size, 53248);
	UK_TEST_EXPECT_SNUM_LE(stats().min_alloc_size, 1008);
}

UK_TESTCASE(mimalloc_stats, test_other_verbs_count)
{
	struct uk_alloc_stats before = stats();
	void *zeros, *aligned, *other = NULL;

	zeros = uk_calloc(pool, 10, 10);
	UK_TEST_EXPECT(moved(&before, 1, 0, 0, 112));
	aligned = uk_memalign(pool, 64, 64);
	UK_TEST_EXPECT(moved(&before, 2, 0, 0, 112 + 64));
	UK_TEST_EXPECT_ZERO(uk_posix_memalign(pool, &other, 4096, 4096));
	UK_TEST_EXPECT(moved(&before, 3, 0, 0, 112 + 64 + 4096));
	UK_TEST_EXPECT_SNUM_EQ(uk_posix_memalign(pool, &other, 3, 8), EINVAL);
	UK_TEST_EXPECT_NULL(uk_memalign(pool, 3, 8));
	UK_TEST_EXPECT(moved(&before, 3, 0, 0, 112 + 64 + 4096));
	uk_free(pool, zeros);
	uk_free(pool, aligned);
	uk_free(pool, other);
	UK_TEST_EXPECT(moved(&before, 3, 3, 0, 0));
}

UK_TESTCASE(mimalloc_stats, test_realloc_counts)
{
	struct uk_alloc_stats before = stats(), during;
	void *block = uk_realloc(pool, NULL, 100), *more;

	UK_TEST_EXPECT(moved(&before, 1, 0, 0, 112));
	more = uk_realloc(pool, block, 3000);
	during = stats();
	UK_TEST_EXPECT_SNUM_EQ(during.cur_nb_allocs,
			       before.cur_nb_allocs + 1);
	/* a block that grows may get some room */
	UK_TEST_EXPECT_SNUM_GE(during.cur_mem_use, before.cur_mem_use + 3072);
	UK_TEST_EXPECT_SNUM_LE(during.cur_mem_use, before.cur_mem_use + 4608);
	/* one that fails leaves the block, and the count, as they are */
	UK_TEST_EXPECT_NULL(uk_realloc(pool, more, TOO_LARGE));
	UK_TEST_EXPECT_SNUM_EQ(stats().cur_nb_allocs, during.cur_nb_allocs);
	UK_TEST_EXPECT_SNUM_EQ(stats().cur_mem_use, during.cur_mem_use);
	UK_TEST_EXPECT_SNUM_EQ(stats().nb_enomem, before.nb_enomem + 1);
	UK_TEST_EXPECT_NULL(uk_realloc(pool, more, 0));
	UK_TEST_EXPECT_SNUM_EQ(stats().cur_nb_allocs, before.cur_nb_allocs);
	UK_TEST_EXPECT_SNUM_EQ(stats().cur_mem_use, before.cur_mem_use);
}

UK_TESTCASE(mimalloc_stats, test_failures_count)
{
	struct uk_alloc_stats before = stats();
	void *p;

	UK_TEST_EXPECT_NULL(uk_malloc(pool, TOO_LARGE));
	UK_TEST_EXPECT(moved(&before, 0, 0, 1, 0));
	UK_TEST_EXPECT_NULL(uk_calloc(pool, TOO_LARGE, 8));
	UK_TEST_EXPECT(moved(&before, 0, 0, 2, 0));
	UK_TEST_EXPECT_NULL(uk_memalign(pool, 64, TOO_LARGE));
	UK_TEST_EXPECT(moved(&before, 0, 0, 3, 0));
	UK_TEST_EXPECT_SNUM_EQ(uk_posix_memalign(pool, &p, 64, TOO_LARGE),
			       ENOMEM);
	UK_TEST_EXPECT(moved(&before, 0, 0, 4, 0));
	UK_TEST_EXPECT_NULL(uk_realloc(pool, NULL, TOO_LARGE));
	UK_TEST_EXPECT(moved(&before, 0, 0, 5, 0));
	UK_TEST_EXPECT_NULL(uk_palloc(pool, 1000));
	UK_TEST_EXPECT(moved(&before, 0, 0, 6, 0));
}

UK_TESTCASE(mimalloc_stats, test_pages_count)
{
	struct uk_alloc_stats before = stats();
	char *pages = uk_palloc(pool, 8);

	UK_TEST_EXPECT_NOT_NULL(pages);
	if (!pages)
		return;
	UK_TEST_EXPECT(moved(&before, 1, 0, 0, 8 * 4096));
	uk_pfree(pool, pages, 8);
	UK_TEST_EXPECT(moved(&before, 1, 1, 0, 0));
	/* in parts: the bytes are right at each step */
	pages = uk_palloc(pool, 8);
	uk_pfree(pool, pages + 2 * PAGE_BYTES, 3);
	UK_TEST_EXPECT_SNUM_EQ(stats().cur_mem_use,
			       before.cur_mem_use + 5 * 4096);
	uk_pfree(pool, pages, 2);
	uk_pfree(pool, pages + 5 * PAGE_BYTES, 3);
	UK_TEST_EXPECT_SNUM_EQ(stats().cur_mem_use, before.cur_mem_use);
}

/* A pool of its own: nothing else has been counted there */
UK_TESTCASE(mimalloc_stats, test_new_pool_has_none)
{
	static char fresh[64 * KIB] __align(4096);
	struct uk_alloc *a = uk_mimalloc_init(fresh, sizeof(fresh));
	struct uk_alloc_stats now;

	UK_TEST_EXPECT_NOT_NULL(a);
	if (!a)
		return;
	uk_alloc_stats_get(a, &now);
	UK_TEST_EXPECT(is_zero(&now, sizeof(now)));
	uk_free(a, uk_malloc(a, 10));
	uk_alloc_stats_get(a, &now);
	UK_TEST_EXPECT_SNUM_EQ(now.tot_nb_allocs, 1);
	UK_TEST_EXPECT_SNUM_EQ(now.tot_nb_frees, 1);
	UK_TEST_EXPECT_SNUM_EQ(now.cur_nb_allocs, 0);
	UK_TEST_EXPECT_SNUM_EQ(now.max_nb_allocs, 1);
	UK_TEST_EXPECT_SNUM_EQ(now.min_alloc_size, 16);
	UK_TEST_EXPECT_SNUM_EQ(now.max_alloc_size, 16);
	UK_TEST_EXPECT_SNUM_EQ(now.max_mem_use, 16);
	UK_TEST_EXPECT_ZERO(now.cur_mem_use);
}

uk_testsuite_prio(mimalloc_stats, stats_init, SUITE_PRIO);

#endif /* CONFIG_LIBUKALLOC_IFSTATS */
