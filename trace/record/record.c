/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * malloc and its kin, as a program calls them: the allocator's own function
 * does the work, and what was asked and answered is written down. What the
 * allocator says of a block, such as malloc_usable_size, is not touched.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "record.h"

typedef void *malloc_function(size_t);
typedef void *calloc_function(size_t, size_t);
typedef void *realloc_function(void *, size_t);
typedef void *reallocarray_function(void *, size_t, size_t);
typedef void free_function(void *);
typedef int posix_memalign_function(void **, size_t, size_t);
typedef void *memalign_function(size_t, size_t);

/* The logarithm of an alignment, rounded up */
static unsigned int log2_of(size_t alignment)
{
	return alignment < 2 ? 0 :
	       64 - (unsigned int)__builtin_clzl(alignment - 1);
}

static size_t product(size_t count, size_t size)
{
	size_t bytes;

	return __builtin_mul_overflow(count, size, &bytes) ? SIZE_MAX : bytes;
}

static void *no_memory(void)
{
	errno = ENOMEM;
	return NULL;
}

static void *early_or_error(size_t alignment, size_t bytes)
{
	void *block = next_early(alignment, bytes);

	return block ? block : no_memory();
}

/* A request that an operator new may have made, and which is its, then */
static inline void record_plain(unsigned int kind, unsigned int align,
				const void *block, size_t size)
{
	struct thread *thread = recorder_thread;

	if (unlikely(thread && thread->news) &&
	    (size == thread->news_size || size == thread->news_size + 1 ||
	     kind == MI_TRACE_ALIGNED)) {
		kind = MI_TRACE_NEW;
		align = thread->news - 1;
		size = thread->news_size;
		thread->news = 0;
	}
	record(kind, align, block, size);
}

RECORD_EXPORT void *malloc(size_t size)
{
	malloc_function *next = NEXT(NEXT_MALLOC, malloc_function);
	void *block;

	if (unlikely(!next))
		return early_or_error(1, size);
	block = next(size);
	record_plain(MI_TRACE_MALLOC, 0, block, size);
	return block;
}

RECORD_EXPORT void *calloc(size_t count, size_t size)
{
	calloc_function *next = NEXT(NEXT_CALLOC, calloc_function);
	void *block;

	if (unlikely(!next))
		return early_or_error(1, product(count, size));
	block = next(count, size);
	record(MI_TRACE_CALLOC, 0, block, product(count, size));
	return block;
}

/* Whether that is no call to write down: of NULL nothing comes, and what an
 * operator frees is the operator's */
static inline bool is_nothing(const void *block)
{
	struct thread *thread = recorder_thread;

	if (!block)
		return true;
	if (likely(!thread || thread->deletes != block))
		return false;
	thread->deletes = NULL;
	return true;
}

RECORD_EXPORT void free(void *block)
{
	free_function *next = NEXT(NEXT_FREE, free_function);

	if (unlikely(!next || next_is_early(block)))
		return;
	if (likely(!is_nothing(block)))
		record(MI_TRACE_FREE, 0, block, 0);
	next(block);
}

/* glibc has it for old programs only */
RECORD_EXPORT void cfree(void *block);
RECORD_EXPORT void cfree(void *block)
{
	free(block);
}

/* A block of the time when the allocator was not known moves to it */
static void *realloc_early(void *old, size_t size)
{
	void *block = malloc(size);
	size_t bytes = next_early_bytes(old);

	if (block)
		memcpy(block, old, bytes < size ? bytes : size);
	return block;
}

/* What realloc does to a block has two orders: the old one is gone from when
 * it begins, another thread may have that address, and the new one is there
 * when it ends. */
RECORD_EXPORT void *realloc(void *old, size_t size)
{
	realloc_function *next = NEXT(NEXT_REALLOC, realloc_function);
	void *block;

	if (unlikely(old && next_is_early(old)))
		return realloc_early(old, size);
	if (unlikely(!next))
		return early_or_error(1, size);
	if (!old) {
		block = next(NULL, size);
		record(MI_TRACE_REALLOC_NULL, 0, block, size);
		return block;
	}
	record(MI_TRACE_RESIZE, 0, old, 0);
	block = next(old, size);
	record(MI_TRACE_RESIZED, 0, block, size);
	return block;
}

/* glibc's own calls realloc, by its public name, others do not: what fits is
 * realloc's here. What the allocator says of the rest is its own. */
RECORD_EXPORT void *reallocarray(void *old, size_t count, size_t size)
{
	reallocarray_function *next = NEXT(NEXT_REALLOCARRAY,
					   reallocarray_function);
	size_t bytes;
	void *block;

	if (!__builtin_mul_overflow(count, size, &bytes))
		return realloc(old, bytes);
	if (unlikely(!next))
		return no_memory();
	if (old)
		record(MI_TRACE_RESIZE, 0, old, 0);
	block = next(old, count, size);
	record(old ? MI_TRACE_RESIZED : MI_TRACE_REALLOC_NULL, 0, block,
	       SIZE_MAX);
	return block;
}

RECORD_EXPORT int posix_memalign(void **block, size_t alignment, size_t size)
{
	posix_memalign_function *next = NEXT(NEXT_POSIX_MEMALIGN,
					     posix_memalign_function);
	int error;

	if (unlikely(!next)) {
		*block = next_early(alignment, size);
		return *block ? 0 : ENOMEM;
	}
	error = next(block, alignment, size);
	record_plain(MI_TRACE_ALIGNED, log2_of(alignment),
		     error ? NULL : *block, size);
	return error;
}

static void *recorded_aligned(memalign_function *next, size_t alignment,
			      size_t size)
{
	void *block;

	if (unlikely(!next))
		return early_or_error(alignment, size);
	block = next(alignment, size);
	record_plain(MI_TRACE_ALIGNED, log2_of(alignment), block, size);
	return block;
}

RECORD_EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
	return recorded_aligned(NEXT(NEXT_ALIGNED_ALLOC, memalign_function),
				alignment, size);
}

RECORD_EXPORT void *memalign(size_t alignment, size_t size);
RECORD_EXPORT void *memalign(size_t alignment, size_t size)
{
	return recorded_aligned(NEXT(NEXT_MEMALIGN, memalign_function),
				alignment, size);
}

static size_t page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

RECORD_EXPORT void *valloc(size_t size)
{
	malloc_function *next = NEXT(NEXT_VALLOC, malloc_function);
	void *block;

	if (unlikely(!next))
		return early_or_error(page_bytes(), size);
	block = next(size);
	record(MI_TRACE_ALIGNED, log2_of(page_bytes()), block, size);
	return block;
}

RECORD_EXPORT void *pvalloc(size_t size);
RECORD_EXPORT void *pvalloc(size_t size)
{
	malloc_function *next = NEXT(NEXT_PVALLOC, malloc_function);
	size_t page = page_bytes(), bytes = (size + page - 1) & ~(page - 1);
	void *block;

	if (unlikely(!next))
		return early_or_error(page, bytes);
	block = next(size);
	record(MI_TRACE_ALIGNED, log2_of(page), block,
	       bytes < size ? SIZE_MAX : bytes);
	return block;
}
