/* SPDX-License-Identifier: BSD-3-Clause */
/* Until there is no memory, and how everything works again afterwards. */
#include "test_pool.h"

#define POOL_BYTES	(512 * KIB)

static char memory[POOL_BYTES] __align(4096);
static struct uk_alloc *pool;

/* Blocks are linked through their first word */
struct node {
	struct node *next;
};

static int full_init(struct uk_testsuite *suite __unused)
{
	pool = uk_mimalloc_init(memory, sizeof(memory));
	return pool ? 0 : -ENOMEM;
}

static void push(struct node **list, void *block, size_t size)
{
	struct node *node = block;

	content_write(block, size, 1);
	node->next = *list;
	*list = node;
}

/* Takes the first or the second of a list, checked; true when damaged */
static bool pop_is_damaged(struct node **list, size_t size, bool second)
{
	struct node **link = second && (*list)->next ? &(*list)->next : list;
	struct node *node = *link;
	bool damaged;

	*link = node->next;
	content_write(node, sizeof(*node), 1);
	damaged = !content_holds(node, size, 1);
	uk_free(pool, node);
	return damaged;
}

static unsigned long fill(struct node **list, size_t size)
{
	unsigned long count = 0;
	void *block;

	while ((block = uk_malloc(pool, size))) {
		push(list, block, size);
		count++;
	}
	return count;
}

/* Not in the order in which they came; how many were damaged */
static unsigned long drain(struct node **list, size_t size)
{
	unsigned long damaged = 0;
	unsigned int i = 0;

	while (*list)
		damaged += pop_is_damaged(list, size, ++i % 3 == 0);
	return damaged;
}

/*
 * At least nine tenths of the bytes can be had where the block is a whole
 * number of the units that it is made of.
 */
static unsigned int wrong_when_full(size_t size, size_t block)
{
	__ssz before = uk_alloc_availmem(pool);
	__ssz largest = uk_alloc_maxalloc(pool);
	struct node *list = NULL;
	unsigned long count, i;
	unsigned int wrong = 0;

	count = fill(&list, size);
	wrong += count * block < (size_t)before / 10 * 9;
	wrong += count * block > (size_t)before;
	wrong += !IS_REFUSED(uk_malloc(pool, size));
	wrong += uk_alloc_maxalloc(pool) >= (__ssz)size;
	/* what is given back can be had again at once */
	for (i = 0; i < 20; i++) {
		wrong += pop_is_damaged(&list, size, i & 1);
		wrong += uk_alloc_maxalloc(pool) < (__ssz)size;
		wrong += fill(&list, size) != 1;
	}
	wrong += drain(&list, size) != 0;
	wrong += uk_alloc_availmem(pool) != before;
	wrong += uk_alloc_maxalloc(pool) != largest;
	wrong += fill(&list, size) != count;
	wrong += drain(&list, size) != 0;
	return wrong + (uk_alloc_availmem(pool) != before);
}

UK_TESTCASE(mimalloc_full, test_full_of_small)
{
	UK_TEST_EXPECT_ZERO(wrong_when_full(16, 16));
	UK_TEST_EXPECT_ZERO(wrong_when_full(24, 32));
	UK_TEST_EXPECT_ZERO(wrong_when_full(100, 112));
	UK_TEST_EXPECT_ZERO(wrong_when_full(1000, 1008));
}

UK_TESTCASE(mimalloc_full, test_full_of_medium)
{
	UK_TEST_EXPECT_ZERO(wrong_when_full(2048, 2048));
	UK_TEST_EXPECT_ZERO(wrong_when_full(4096, 4096));
	UK_TEST_EXPECT_ZERO(wrong_when_full(8000, 8192));
}

UK_TESTCASE(mimalloc_full, test_full_of_large)
{
	UK_TEST_EXPECT_ZERO(wrong_when_full(36 * KIB, 36 * KIB));
	UK_TEST_EXPECT_ZERO(wrong_when_full(79000, 80 * KIB));
}

/* Whatever is asked for: refused, with the right result and ENOMEM */
static unsigned int wrong_verbs(void *held, size_t size)
{
	unsigned int wrong = 0;
	void *p = &wrong;

	wrong += !IS_REFUSED(uk_malloc(pool, size));
	wrong += !IS_REFUSED(uk_calloc(pool, 2, size / 2));
	wrong += !IS_REFUSED(uk_zalloc(pool, size));
	wrong += !IS_REFUSED(uk_realloc(pool, NULL, size));
	wrong += !IS_REFUSED(uk_realloc(pool, held, 20 * size));
	wrong += !IS_REFUSED(uk_memalign(pool, 64, size));
	wrong += !IS_REFUSED(uk_memalign(pool, 2 * PAGE_BYTES, size));
	wrong += !IS_REFUSED(uk_palloc(pool, 1));
	wrong += uk_posix_memalign(pool, &p, 64, size) != ENOMEM;
	wrong += p != &wrong;
	return wrong;
}

UK_TESTCASE(mimalloc_full, test_all_verbs_refuse)
{
	__ssz before = uk_alloc_availmem(pool);
	struct node *large = NULL, *small = NULL;

	fill(&large, 40000);
	fill(&small, 4096);
	fill(&small, 4000);
	UK_TEST_EXPECT_NOT_NULL(large);
	if (!large)
		return;
	UK_TEST_EXPECT_ZERO(wrong_verbs(large, 4096));
	UK_TEST_EXPECT_ZERO(uk_alloc_pmaxalloc(pool));
	UK_TEST_EXPECT_ZERO(drain(&small, 4000));
	/* each works again */
	UK_TEST_EXPECT_NOT_ZERO(fill(&small, 4096));
	UK_TEST_EXPECT_ZERO(drain(&small, 4096));
	UK_TEST_EXPECT_ZERO(drain(&large, 40000));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
}

/* Small blocks in every hole: those give way to one large block */
UK_TESTCASE(mimalloc_full, test_empty_pages_make_room)
{
	__ssz before = uk_alloc_availmem(pool);
	size_t largest = (size_t)uk_alloc_maxalloc(pool);
	long pages = uk_alloc_pmaxalloc(pool);
	struct node *list = NULL;
	unsigned int i;
	void *block;

	for (i = 0; i < 16; i++) {
		UK_TEST_EXPECT_NOT_ZERO(fill(&list, (size_t)16 << i % 8));
		UK_TEST_EXPECT_ZERO(drain(&list, (size_t)16 << i % 8));
		UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
		UK_TEST_EXPECT_SNUM_EQ(uk_alloc_pmaxalloc(pool), pages);
	}
	UK_TEST_EXPECT_NOT_ZERO(fill(&list, 2048));
	UK_TEST_EXPECT_ZERO(drain(&list, 2048));
	block = uk_malloc(pool, largest);
	UK_TEST_EXPECT_NOT_NULL(block);
	UK_TEST_EXPECT_ZERO(uk_alloc_pmaxalloc(pool));
	uk_free(pool, block);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
}

/* A block in the way, and gone: the same request is refused and served */
UK_TESTCASE(mimalloc_full, test_realloc_when_full)
{
	__ssz before = uk_alloc_availmem(pool);
	size_t half = (size_t)uk_alloc_maxalloc(pool) / 2 - 4 * PAGE_BYTES;
	void *one = uk_malloc(pool, half);
	void *two = uk_malloc(pool, half), *more;

	UK_TEST_EXPECT_NOT_NULL(one);
	UK_TEST_EXPECT_NOT_NULL(two);
	if (!one || !two)
		return;
	content_write(one, half, 2);
	UK_TEST_EXPECT(IS_REFUSED(uk_realloc(pool, one, 2 * half)));
	UK_TEST_EXPECT(content_holds(one, half, 2));
	uk_free(pool, two);
	more = uk_realloc(pool, one, 2 * half);
	UK_TEST_EXPECT_NOT_NULL(more);
	if (!more)
		return;
	UK_TEST_EXPECT(content_holds(more, half, 2));
	uk_free(pool, more);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
}

/* Sizes at random, until forty requests were refused */
static unsigned int wrong_at_random(unsigned int seed)
{
	static struct {
		void *block;
		size_t size;
	} held[4096];
	unsigned int i, count = 0, refused = 0, wrong = 0;
	size_t size;
	void *block;

	uk_test_printf("random: seed %u\n", seed);
	while (refused < 40 && count < ARRAY_SIZE(held)) {
		size = 64 + ((random_next(&seed) % 60000) >>
			     (random_next(&seed) % 12));
		block = uk_malloc(pool, size);
		if (!block) {
			refused++;
			continue;
		}
		content_write(block, size, count);
		held[count].block = block;
		held[count++].size = size;
	}
	wrong += refused < 40;
	for (i = 0; i < count; i++) {
		wrong += !content_holds(held[i].block, held[i].size, i);
		uk_free(pool, held[i].block);
	}
	return wrong;
}

UK_TESTCASE(mimalloc_full, test_full_at_random)
{
	__ssz before = uk_alloc_availmem(pool);
	__ssz largest = uk_alloc_maxalloc(pool);

	UK_TEST_EXPECT_ZERO(wrong_at_random(TEST_SEED));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_maxalloc(pool), largest);
}

uk_testsuite_prio(mimalloc_full, full_init, SUITE_PRIO);
