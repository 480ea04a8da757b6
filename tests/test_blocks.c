/* SPDX-License-Identifier: BSD-3-Clause */
/* malloc, calloc, memalign, posix_memalign and free. */
#include "test_pool.h"

#define POOL_BYTES	(1024 * KIB)
#define SIZES		32
#define TOO_LARGE	((size_t)1 << 62)

static char memory[POOL_BYTES] __align(4096);
static struct uk_alloc *pool;

/* Around the limits of classes, of pages, and of what is cut into pages */
static const size_t sizes[SIZES] = {
	1, 8, 15, 16, 17, 24, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129,
	255, 256, 1000, 1008, 1023, 1024, 1025, 1152, 1153, 4095, 4096, 4097,
	16384, 32768, 32769, 70001,
};

static int blocks_init(struct uk_testsuite *suite __unused)
{
	pool = uk_mimalloc_init(memory, sizeof(memory));
	return pool ? 0 : -ENOMEM;
}

static int null_entries(const struct uk_alloc *a)
{
	return !a->malloc + !a->calloc + !a->realloc + !a->posix_memalign +
	       !a->memalign + !a->free + !a->palloc + !a->pfree +
	       !a->maxalloc + !a->availmem + !a->pmaxalloc + !a->pavailmem +
	       !a->addmem;
}

UK_TESTCASE(mimalloc_blocks, test_table)
{
	UK_TEST_EXPECT_ZERO(null_entries(pool));
	UK_TEST_EXPECT_ZERO(null_entries(uk_alloc_get_default()));
	UK_TEST_EXPECT(pool != uk_alloc_get_default());
}

/* All live at once, written, and freed from both ends to the middle */
static unsigned int wrong_sizes(struct uk_alloc *a)
{
	void *blocks[SIZES];
	unsigned int i, at, wrong = 0;

	for (i = 0; i < SIZES; i++) {
		blocks[i] = uk_malloc(a, sizes[i]);
		wrong += !blocks[i] || !is_aligned(blocks[i], BLOCK_ALIGN);
		if (blocks[i])
			content_write(blocks[i], sizes[i], i);
	}
	for (i = 0; i < SIZES; i++) {
		at = i & 1 ? SIZES - 1 - i / 2 : i / 2;
		wrong += !blocks[at] ||
			 !content_holds(blocks[at], sizes[at], at);
		uk_free(a, blocks[at]);
	}
	return wrong;
}

UK_TESTCASE(mimalloc_blocks, test_malloc_sizes)
{
	struct uk_alloc *other = default_or(pool);
	__ssz before = uk_alloc_availmem(pool);
	__ssz other_before = uk_alloc_availmem(other);

	UK_TEST_EXPECT_ZERO(wrong_sizes(pool));
	UK_TEST_EXPECT_ZERO(wrong_sizes(other));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(other), other_before);
}

/* One block of each size from 0 to 1024, all at once */
static unsigned int wrong_small_sizes(struct uk_alloc *a)
{
	static void *blocks[1025];
	unsigned int i, wrong = 0;

	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		blocks[i] = uk_malloc(a, i);
		wrong += !blocks[i] || !is_aligned(blocks[i], BLOCK_ALIGN);
		if (blocks[i])
			content_write(blocks[i], i, i);
	}
	for (i = 0; i < ARRAY_SIZE(blocks); i++) {
		wrong += !content_holds(blocks[i], blocks[i] ? i : 0, i);
		uk_free(a, blocks[i]);
	}
	return wrong;
}

UK_TESTCASE(mimalloc_blocks, test_malloc_small_sizes)
{
	struct uk_alloc *other = default_or(pool);
	__ssz before = uk_alloc_availmem(pool);
	__ssz other_before = uk_alloc_availmem(other);

	UK_TEST_EXPECT_ZERO(wrong_small_sizes(pool));
	UK_TEST_EXPECT_ZERO(wrong_small_sizes(other));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(other), other_before);
}

UK_TESTCASE(mimalloc_blocks, test_malloc_nothing)
{
	__ssz before = uk_alloc_availmem(pool);
	void *one = uk_malloc(pool, 0);
	void *two = uk_malloc(pool, 0);

	UK_TEST_EXPECT_NOT_NULL(one);
	UK_TEST_EXPECT_NOT_NULL(two);
	UK_TEST_EXPECT(one != two);
	UK_TEST_EXPECT(is_aligned(one, BLOCK_ALIGN));
	uk_free(pool, NULL);
	uk_free(pool, one);
	uk_free(pool, two);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
}

/* Far more in all than the pool has */
static unsigned int wrong_in_turn(struct uk_alloc *a, size_t size)
{
	unsigned int i, wrong = 0;
	void *block;

	for (i = 0; i < 20 + 3 * POOL_BYTES / size; i++) {
		block = uk_malloc(a, size);
		wrong += !block;
		uk_free(a, block);
	}
	return wrong;
}

UK_TESTCASE(mimalloc_blocks, test_free_is_reused)
{
	__ssz before = uk_alloc_availmem(pool);

	UK_TEST_EXPECT_ZERO(wrong_in_turn(pool, 80));
	UK_TEST_EXPECT_ZERO(wrong_in_turn(pool, 5000));
	UK_TEST_EXPECT_ZERO(wrong_in_turn(pool, 300 * KIB));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
}

/* Of memory that was written to before */
static unsigned int wrong_calloc(struct uk_alloc *a)
{
	unsigned int i, wrong = 0;
	void *block;

	for (i = 0; i < SIZES; i++) {
		block = uk_malloc(a, 3 * sizes[i]);
		if (block)
			memset(block, 0xff, 3 * sizes[i]);
		uk_free(a, block);
		block = uk_calloc(a, 3, sizes[i]);
		wrong += !block || !is_zero(block, 3 * sizes[i]);
		if (block)
			memset(block, 0xff, 3 * sizes[i]);
		uk_free(a, block);
		block = uk_zalloc(a, 3 * sizes[i]);
		wrong += !block || !is_zero(block, 3 * sizes[i]);
		uk_free(a, block);
	}
	return wrong;
}

UK_TESTCASE(mimalloc_blocks, test_calloc_zeros)
{
	struct uk_alloc *other = default_or(pool);
	__ssz before = uk_alloc_availmem(pool);
	__ssz other_before = uk_alloc_availmem(other);

	UK_TEST_EXPECT_ZERO(wrong_calloc(pool));
	UK_TEST_EXPECT_ZERO(wrong_calloc(other));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(other), other_before);
}

UK_TESTCASE(mimalloc_blocks, test_calloc_nothing_and_overflow)
{
	__ssz before = uk_alloc_availmem(pool);
	void *one = uk_calloc(pool, 0, 100);
	void *two = uk_calloc(pool, 100, 0);

	UK_TEST_EXPECT_NOT_NULL(one);
	UK_TEST_EXPECT_NOT_NULL(two);
	UK_TEST_EXPECT(one != two);
	uk_free(pool, one);
	uk_free(pool, two);
	UK_TEST_EXPECT(IS_REFUSED(uk_calloc(pool, SIZE_MAX / 2, 3)));
	UK_TEST_EXPECT(IS_REFUSED(uk_calloc(pool, 3, SIZE_MAX / 2)));
	/* the product is 0 in 64 bits, and 16 */
	UK_TEST_EXPECT(IS_REFUSED(uk_calloc(pool, TOO_LARGE, 4)));
	UK_TEST_EXPECT(IS_REFUSED(uk_calloc(pool, TOO_LARGE + 4, 4)));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
}

/* Every combination, as long as the pool can have it */
static unsigned int wrong_posix_memalign(struct uk_alloc *a)
{
	unsigned int i, wrong = 0;
	size_t alignment;
	void *block;

	for (alignment = sizeof(void *); alignment <= 256 * KIB;
	     alignment *= 2) {
		for (i = 0; i < SIZES; i++) {
			block = NULL;
			wrong += uk_posix_memalign(a, &block, alignment,
						   sizes[i]) != 0;
			wrong += !block || !is_aligned(block, alignment);
			if (!block)
				continue;
			content_write(block, sizes[i], i);
			wrong += !content_holds(block, sizes[i], i);
			uk_free(a, block);
		}
	}
	return wrong;
}

UK_TESTCASE(mimalloc_blocks, test_posix_memalign_aligns)
{
	struct uk_alloc *other = default_or(pool);
	__ssz before = uk_alloc_availmem(pool);
	__ssz other_before = uk_alloc_availmem(other);

	UK_TEST_EXPECT_ZERO(wrong_posix_memalign(pool));
	UK_TEST_EXPECT_ZERO(wrong_posix_memalign(other));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(other), other_before);
}

/* Neither a power of two nor a multiple of a pointer's size will do */
static unsigned int wrong_refusals(struct uk_alloc *a)
{
	static const size_t wrong_alignments[] = {
		0, 1, 2, 3, 4, 5, 7, 12, 24, 40, 48, 4095, 4097, 12288,
		SIZE_MAX,
	};
	unsigned int i, wrong = 0;
	char mark;
	void *block;

	for (i = 0; i < ARRAY_SIZE(wrong_alignments); i++) {
		block = &mark;
		wrong += uk_posix_memalign(a, &block, wrong_alignments[i],
					   64) != EINVAL;
		wrong += block != &mark;
	}
	return wrong;
}

UK_TESTCASE(mimalloc_blocks, test_posix_memalign_refuses)
{
	struct uk_alloc *other = default_or(pool);
	__ssz before = uk_alloc_availmem(pool);
	void *p;

	UK_TEST_EXPECT_ZERO(wrong_refusals(pool));
	UK_TEST_EXPECT_ZERO(wrong_refusals(other));
	UK_TEST_EXPECT_SNUM_EQ(uk_posix_memalign(pool, &p, 64, SIZE_MAX),
			       ENOMEM);
	UK_TEST_EXPECT_SNUM_EQ(uk_posix_memalign(pool, &p, TOO_LARGE, 64),
			       ENOMEM);
	UK_TEST_EXPECT_SNUM_EQ(uk_posix_memalign(other, &p, 64, TOO_LARGE),
			       ENOMEM);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
}

/* Unlike posix_memalign, any power of two; blocks as any other */
static unsigned int wrong_memalign(struct uk_alloc *a)
{
	unsigned int i, wrong = 0, seed = 0;
	size_t alignment;
	void *blocks[SIZES];

	for (alignment = 1; alignment <= 64 * KIB; alignment *= 2, seed++) {
		for (i = 0; i < SIZES; i += 4) {
			blocks[i] = uk_memalign(a, alignment, sizes[i]);
			wrong += !blocks[i] ||
				 !is_aligned(blocks[i], alignment);
			if (blocks[i])
				content_write(blocks[i], sizes[i], i + seed);
		}
		for (i = 0; i < SIZES; i += 4) {
			wrong += !blocks[i] ||
				 !content_holds(blocks[i], sizes[i], i + seed);
			uk_free(a, blocks[i]);
		}
	}
	return wrong;
}

UK_TESTCASE(mimalloc_blocks, test_memalign_aligns)
{
	struct uk_alloc *other = default_or(pool);
	__ssz before = uk_alloc_availmem(pool);
	__ssz other_before = uk_alloc_availmem(other);

	UK_TEST_EXPECT_ZERO(wrong_memalign(pool));
	UK_TEST_EXPECT_ZERO(wrong_memalign(other));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(other), other_before);
	UK_TEST_EXPECT(IS_REFUSED(uk_memalign(pool, 64, SIZE_MAX)));
	UK_TEST_EXPECT(IS_REFUSED(uk_memalign(pool, TOO_LARGE, 64)));
}

UK_TESTCASE(mimalloc_blocks, test_malloc_refuses)
{
	struct uk_alloc *other = default_or(pool);
	__ssz before = uk_alloc_availmem(pool);
	__ssz other_before = uk_alloc_availmem(other);

	UK_TEST_EXPECT(IS_REFUSED(uk_malloc(pool, SIZE_MAX)));
	UK_TEST_EXPECT(IS_REFUSED(uk_malloc(pool, SIZE_MAX - 15)));
	UK_TEST_EXPECT(IS_REFUSED(uk_malloc(pool, SIZE_MAX - PAGE_BYTES)));
	UK_TEST_EXPECT(IS_REFUSED(uk_malloc(pool, SIZE_MAX / 2 + 1)));
	UK_TEST_EXPECT(IS_REFUSED(uk_malloc(pool, POOL_BYTES)));
	UK_TEST_EXPECT(IS_REFUSED(uk_malloc(pool, (size_t)before + 1)));
	UK_TEST_EXPECT(IS_REFUSED(uk_malloc(other, TOO_LARGE)));
	UK_TEST_EXPECT(IS_REFUSED(uk_malloc(other, (size_t)other_before + 1)));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(other), other_before);
}

#define PAIR_BYTES	((size_t)256)
#define PLACES		64

/* In how many places a block lies that is taken and given back by turns */
static unsigned int count_places(struct uk_alloc *a, unsigned int pairs)
{
	void *places[PLACES], *block;
	unsigned int count = 0, i;

	while (pairs--) {
		block = uk_malloc(a, PAIR_BYTES);
		for (i = 0; i < count && places[i] != block; i++)
			;
		if (i == count && count < PLACES)
			places[count++] = block;
		uk_free(a, block);
	}
	return count;
}

/* The lists of few blocks are swapped often: they get more, but not at once */
UK_TESTCASE(mimalloc_blocks, test_pairs_get_more_blocks)
{
	__ssz before = uk_alloc_availmem(pool);

	UK_TEST_EXPECT_SNUM_LE(count_places(pool, 200),
			       PAGE_BYTES / PAIR_BYTES);
	if (!MI_CONCURRENT)	/* each of many heaps would take so much more */
		UK_TEST_EXPECT_SNUM_GT(count_places(pool, 10000),
				       PAGE_BYTES / PAIR_BYTES);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
	UK_TEST_EXPECT_SNUM_LE(count_places(pool, 10000), 32);
}

uk_testsuite_prio(mimalloc_blocks, blocks_init, SUITE_PRIO);
