/* SPDX-License-Identifier: BSD-3-Clause */
/* The names of C, in front of whoever defines them next. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "next.h"

EXPORT void *malloc(size_t size);
EXPORT void *calloc(size_t count, size_t size);
EXPORT void *realloc(void *p, size_t size);
EXPORT void *reallocarray(void *p, size_t count, size_t size);
EXPORT void free(void *p);
EXPORT void cfree(void *p);
EXPORT int posix_memalign(void **p, size_t alignment, size_t size);
EXPORT void *aligned_alloc(size_t alignment, size_t size);
EXPORT void *memalign(size_t alignment, size_t size);
EXPORT void *valloc(size_t size);
EXPORT void *pvalloc(size_t size);
EXPORT size_t malloc_usable_size(void *p);

/*
 * A function below may call another one of these names by itself, which then
 * has counted the block: `sampler.last` tells.
 */
static inline void *note_once(void *p, size_t size)
{
	return p && sampler.last == p ? p : note(p, size);
}

void *malloc(size_t size)
{
	if (unlikely(!next.malloc) && !next_ready())
		return early_alloc(size);
	return note(next.malloc(size), size);
}

void *calloc(size_t count, size_t size)
{
	size_t total;

	if (unlikely(!next.malloc) && !next_ready())
		return __builtin_mul_overflow(count, size, &total) ? NULL :
		       early_alloc(total);
	sampler.last = NULL;
	return note_once(next.calloc(count, size), count * size);
}

static COLD void *realloc_early(void *p, size_t size)
{
	size_t usable = early_usable(p);
	void *moved = malloc(size);

	if (moved)
		memcpy(moved, p, usable < size ? usable : size);
	return moved;
}

static COLD void *realloc_sample(void *p, size_t size)
{
	struct block *block;
	void *moved;

	if (early_usable(p))
		return realloc_early(p, size);
	block = sample_take(p);
	sampler.last = NULL;
	moved = next.realloc(p, size);
	sample_settle(block, moved || !size);
	return moved ? note_once(moved, size) : NULL;
}

/* For the counts, the old block is freed and the new one allocated */
void *realloc(void *p, size_t size)
{
	if (!p)
		return malloc(size);
	if (unlikely(filter_has(p)))
		return realloc_sample(p, size);
	sampler.last = NULL;
	return note_once(next.realloc(p, size), size);
}

void *reallocarray(void *p, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(p, total);
}

void free(void *p)
{
	if (unlikely(filter_has(p))) {
		if (early_usable(p))
			return;
		sample_free(p);
	}
	if (likely(next.free))
		next.free(p);
}

void cfree(void *p)
{
	free(p);
}

int posix_memalign(void **p, size_t alignment, size_t size)
{
	int status;

	if (!next_ready())
		return ENOMEM;
	sampler.last = NULL;
	status = next.posix_memalign(p, alignment, size);
	if (!status)
		note_once(*p, size);
	return status;
}

void *aligned_alloc(size_t alignment, size_t size)
{
	if (!next_ready())
		return NULL;
	sampler.last = NULL;
	return note_once(next.aligned_alloc(alignment, size), size);
}

void *memalign(size_t alignment, size_t size)
{
	if (!next_ready())
		return NULL;
	sampler.last = NULL;
	return note_once(next.memalign(alignment, size), size);
}

void *valloc(size_t size)
{
	if (!next_ready())
		return NULL;
	sampler.last = NULL;
	return note_once(next.valloc(size), size);
}

void *pvalloc(size_t size)
{
	if (!next_ready())
		return NULL;
	sampler.last = NULL;
	return note_once(next.pvalloc(size), size);
}

size_t malloc_usable_size(void *p)
{
	size_t usable = filter_has(p) ? early_usable(p) : 0;

	return usable || !next_ready() ? usable : next.malloc_usable_size(p);
}
