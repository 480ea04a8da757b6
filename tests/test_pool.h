/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the unit tests for Unikraft's uktest share.
 *
 * Each suite has allocators of its own in static memory: an allocator stays
 * registered for ever. Each case leaves them as it found them, to the byte,
 * so the order of cases does not matter. Expectations are stated in the cases
 * only, once for each line and not in loops over bytes: uktest prints each.
 * What loops is in functions that count what is wrong.
 */
#ifndef TEST_POOL_H
#define TEST_POOL_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <uk/alloc.h>
#include <uk/arch/limits.h>
#include <uk/config.h>
#include <uk/essentials.h>
#include <uk/mimalloc.h>
#include <uk/test.h>

#define KIB		((size_t)1024)
#define PAGE_BYTES	((size_t)__PAGE_SIZE)

/* Every block is aligned so */
#define BLOCK_ALIGN	((size_t)16)

/* Before the suites' results are added up, which is last of all */
#define SUITE_PRIO	UK_PRIO_EARLIEST

/* The seed of what is random; -DTEST_SEED=... for another */
#ifndef TEST_SEED
#define TEST_SEED	1
#endif

static inline unsigned int random_next(unsigned int *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static inline unsigned char content_byte(size_t at, unsigned int seed)
{
	return (unsigned char)(seed * 31 + at * 7 + (at >> 8) * 13 + 1);
}

/* Fills a block with what content_holds() tells from any other seed's */
static inline void content_write(void *block, size_t bytes, unsigned int seed)
{
	unsigned char *to = block;
	size_t i;

	for (i = 0; i < bytes; i++)
		to[i] = content_byte(i, seed);
}

static inline bool content_holds(const void *block, size_t bytes,
				 unsigned int seed)
{
	const unsigned char *from = block;
	size_t i;

	for (i = 0; i < bytes; i++)
		if (from[i] != content_byte(i, seed))
			return false;
	return true;
}

static inline bool is_zero(const void *block, size_t bytes)
{
	const unsigned char *from = block;
	size_t i;

	for (i = 0; i < bytes; i++)
		if (from[i])
			return false;
	return true;
}

static inline bool is_aligned(const void *block, size_t alignment)
{
	return ((uintptr_t)block & (alignment - 1)) == 0;
}

/* Whether all of a block lies in a range */
static inline bool is_within(const void *block, size_t bytes,
			     const void *base, size_t length)
{
	uintptr_t start = (uintptr_t)block, first = (uintptr_t)base;

	return start >= first && start - first <= length &&
	       bytes <= length - (start - first);
}

/*
 * The default allocator, which alone may have a heap for each thread; that of
 * the caller is there afterwards. Where the default allocator is another
 * library's, the pool is tested twice.
 */
static inline struct uk_alloc *default_or(struct uk_alloc *pool)
{
#if CONFIG_LIBUKBOOT_INITMIMALLOC
	struct uk_alloc *a = uk_alloc_get_default();

	(void)pool;
	uk_free(a, uk_malloc(a, 1));
	return a;
#else
	uk_test_printf("skipped for the default allocator: not this one\n");
	return pool;
#endif
}

/* A request that fails: NULL, and ENOMEM */
#define IS_REFUSED(request)						\
	(errno = 0, (request) == NULL && errno == ENOMEM)

#endif /* TEST_POOL_H */
