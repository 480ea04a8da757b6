/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Functions that the headers of libcs declare and those of Unikraft lack, on
 * whatever is the default allocator.
 */
#include "test_pool.h"

#if CONFIG_LIBMIMALLOC_LIBC

size_t malloc_usable_size(void *p);
void *aligned_alloc(size_t alignment, size_t size);
void *memalign(size_t alignment, size_t size);
void *pvalloc(size_t size);
void *reallocarray(void *p, size_t count, size_t size);
void *valloc(size_t size);

/* Others who know these names take each result for a leak, or for a mistake */
static void *(*const take_aligned)(size_t, size_t) = aligned_alloc;
static void *(*const resize)(void *, size_t, size_t) = reallocarray;

#define POOL_BYTES	(64 * KIB)

static char memory[POOL_BYTES] __align(4096);
static struct uk_alloc *pool;

static int libc_init(struct uk_testsuite *suite __unused)
{
	pool = uk_mimalloc_init(memory, sizeof(memory));
	return pool ? 0 : -ENOMEM;
}

static void give(void *p)
{
	uk_free(uk_alloc_get_default(), p);
}

static bool is_written(void *p, size_t size, size_t alignment)
{
	if (!p || !is_aligned(p, alignment))
		return false;
	content_write(p, size, 3);
	return content_holds(p, size, 3);
}

UK_TESTCASE(mimalloc_libc, test_aligned)
{
	void *p = aligned_alloc(64, 640);

	UK_TEST_EXPECT(is_written(p, 640, 64));
	give(p);
	p = aligned_alloc(2, 10);
	UK_TEST_EXPECT(is_written(p, 10, 2));
	give(p);
	p = memalign(4096, 10);
	UK_TEST_EXPECT(is_written(p, 10, 4096));
	give(p);
	p = valloc(10);
	UK_TEST_EXPECT(is_written(p, 10, PAGE_BYTES));
	give(p);
	p = pvalloc(PAGE_BYTES + 1);
	UK_TEST_EXPECT(is_written(p, 2 * PAGE_BYTES, PAGE_BYTES));
	give(p);
	errno = 0;
	UK_TEST_EXPECT_NULL(take_aligned(3, 10));
	UK_TEST_EXPECT_SNUM_EQ(errno, EINVAL);
	UK_TEST_EXPECT(IS_REFUSED(take_aligned(64, (size_t)1 << 62)));
	UK_TEST_EXPECT(IS_REFUSED(pvalloc(SIZE_MAX)));
}

UK_TESTCASE(mimalloc_libc, test_reallocarray)
{
	void *p = reallocarray(NULL, 10, 10);

	UK_TEST_EXPECT(is_written(p, 100, 1));
	p = resize(p, 100, 50);
	UK_TEST_EXPECT(p && content_holds(p, 100, 3));
	UK_TEST_EXPECT(IS_REFUSED(resize(p, SIZE_MAX / 2, 3)));
	UK_TEST_EXPECT(content_holds(p, 100, 3));
	give(p);
}

UK_TESTCASE(mimalloc_libc, test_usable_size)
{
	void *p = uk_malloc(pool, 100), *q = uk_malloc(pool, 5000);

	UK_TEST_EXPECT_SNUM_EQ(malloc_usable_size(p), 112);
	UK_TEST_EXPECT_SNUM_GE(malloc_usable_size(q), 5000);
	UK_TEST_EXPECT(is_written(q, malloc_usable_size(q), 1));
	uk_free(pool, p);
	uk_free(pool, q);
	UK_TEST_EXPECT_ZERO(malloc_usable_size(NULL));
	/* of what is none of ours nothing is known */
	UK_TEST_EXPECT_ZERO(malloc_usable_size(&p));
	p = uk_malloc(uk_alloc_get_default(), 100);
#if CONFIG_LIBUKBOOT_INITMIMALLOC
	UK_TEST_EXPECT_SNUM_EQ(malloc_usable_size(p), 112);
#endif
	give(p);
}

/* What is lost by rounding is an eighth of the request, at most */
static bool is_wrong_size(size_t size)
{
	void *p = uk_malloc(uk_alloc_get_default(), size);
	size_t usable = malloc_usable_size(p);

	uk_free(uk_alloc_get_default(), p);
	return usable < size || usable - size > size / 8;
}

/* Twice, as a wrong class shows only where it has a page already */
UK_TESTCASE(mimalloc_libc, test_usable_size_of_each_class)
{
	unsigned int wrong = 0;
	size_t size;

	for (size = 32 * KIB; size > KIB; size--)
		wrong += is_wrong_size(size);
	for (size = KIB + 1; size <= 32 * KIB; size++)
		wrong += is_wrong_size(size);
	UK_TEST_EXPECT_ZERO(wrong);
}

/* ---- another default allocator: it wants a word, and sets no errno ---- */

static unsigned int calls;
static struct uk_alloc other;

static void *other_memalign(struct uk_alloc *a __unused, __sz align, __sz size)
{
	calls++;
	if (align < sizeof(void *) || size > POOL_BYTES)
		return NULL;
	return uk_memalign(pool, align, size);
}

static void *other_realloc(struct uk_alloc *a __unused, void *p, __sz size)
{
	calls++;
	return uk_realloc(pool, p, size);
}

UK_TESTCASE(mimalloc_libc, test_other_default)
{
	void *p, *q, *refused;
	size_t bytes;
	int error;

	other.memalign = other_memalign;
	other.realloc = other_realloc;
	other.next = _uk_alloc_head;
	_uk_alloc_head = &other;
	p = aligned_alloc(4, 100);
	q = reallocarray(NULL, 10, 10);
	bytes = malloc_usable_size(q);
	errno = 0;
	refused = valloc(2 * POOL_BYTES);
	error = errno;
	_uk_alloc_head = other.next;
	UK_TEST_EXPECT_SNUM_EQ(calls, 3);
	UK_TEST_EXPECT(is_within(p, 100, memory, POOL_BYTES));
	UK_TEST_EXPECT(is_within(q, 100, memory, POOL_BYTES));
	UK_TEST_EXPECT_SNUM_EQ(bytes, 112);
	UK_TEST_EXPECT_NULL(refused);
	UK_TEST_EXPECT_SNUM_EQ(error, ENOMEM);
	uk_free(pool, p);
	uk_free(pool, q);
}

uk_testsuite_prio(mimalloc_libc, libc_init, SUITE_PRIO);

#else

UK_TESTCASE(mimalloc_libc, test_libc)
{
	uk_test_printf("skipped: CONFIG_LIBMIMALLOC_LIBC is off\n");
}

uk_testsuite_prio(mimalloc_libc, NULL, SUITE_PRIO);

#endif /* CONFIG_LIBMIMALLOC_LIBC */
