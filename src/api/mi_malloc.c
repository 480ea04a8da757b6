/* SPDX-License-Identifier: BSD-3-Clause */
/* malloc, calloc, realloc, free: of the default heap and of heaps. */
#include "api/api.h"

void *mi_malloc_small(size_t size)
{
	mi_assert(size <= MI_SMALL_SIZE_MAX);
	return tracked(small_here(size), false);
}

void *mi_malloc(size_t size)
{
	return tracked(malloc_here(size), false);
}

void mi_free(void *p)
{
	if (MI_TRACK)
		track_unblock(instance_here(), p);
	instance_free(instance_here(), p);
}

void *mi_zalloc_small(size_t size)
{
	void *p;

	mi_assert(size <= MI_SMALL_SIZE_MAX);
	p = small_here(size);
	if (likely(p)) {
		track_touch(p, size ? align_up(size, BLOCK_ALIGN) :
			       BLOCK_ALIGN);
		memory_zero(p, size ? align_up(size, BLOCK_ALIGN) :
			       BLOCK_ALIGN);
	}
	return tracked(p, true);
}

void *mi_zalloc(size_t size)
{
	return tracked(heap_zalloc(heap_here(), size), true);
}

void *mi_calloc(size_t count, size_t size)
{
	size_t total;

	if (unlikely(multiply_overflows(count, size, &total)))
		return error_overflow(count, size);
	return mi_zalloc(total);
}

void *mi_mallocn(size_t count, size_t size)
{
	size_t total;

	if (unlikely(multiply_overflows(count, size, &total)))
		return error_overflow(count, size);
	return mi_malloc(total);
}

void *mi_realloc(void *p, size_t newsize)
{
	return mi_heap_realloc(heap_to_api(heap_here()), p, newsize);
}

void *mi_reallocf(void *p, size_t newsize)
{
	return mi_heap_reallocf(heap_to_api(heap_here()), p, newsize);
}

void *mi_reallocn(void *p, size_t count, size_t size)
{
	return mi_heap_reallocn(heap_to_api(heap_here()), p, count, size);
}

void *mi_rezalloc(void *p, size_t newsize)
{
	return mi_heap_rezalloc(heap_to_api(heap_here()), p, newsize);
}

void *mi_recalloc(void *p, size_t newcount, size_t size)
{
	return mi_heap_recalloc(heap_to_api(heap_here()), p, newcount,
				size);
}

void *mi_expand(void *p, size_t newsize)
{
	struct run *run;
	size_t usable;

	if (!p)
		return NULL;
	run = block_run(instance_here(), p);
	if (!run)
		return block_refuse(instance_here(), p, "expand");
	usable = block_usable(run);
	if (newsize > usable &&
	    !block_resize(instance_here(), run, p, newsize))
		return NULL;
	return p;
}

size_t mi_usable_size(const void *p)
{
	struct run *run;

	if (!p)
		return 0;
	run = block_run(instance_here(), p);
	if (run)
		return block_usable(run);
	return (size_t)block_refuse(instance_here(), p, "usable_size");
}

size_t mi_good_size(size_t size)
{
	if (size <= CLASSED_SIZE_MAX)
		return size_class_bytes(size_class_of(size));
	return size > PTRDIFF_MAX ? size : align_up(size, UNIT_SIZE);
}

bool mi_is_in_heap_region(const void *p)
{
	return arena_of(instance_here(), p) != NULL;
}

void *mi_heap_malloc_small(mi_heap_t *heap, size_t size)
{
	mi_assert(size <= MI_SMALL_SIZE_MAX);
	return tracked(heap_malloc_small(heap_of_api(heap), size), false);
}

void *mi_heap_zalloc_small(mi_heap_t *heap, size_t size)
{
	return mi_heap_zalloc(heap, size);
}

void *mi_heap_malloc(mi_heap_t *heap, size_t size)
{
	return tracked(heap_malloc(heap_of_api(heap), size), false);
}

void *mi_heap_zalloc(mi_heap_t *heap, size_t size)
{
	return tracked(heap_zalloc(heap_of_api(heap), size), true);
}

void *mi_heap_calloc(mi_heap_t *heap, size_t count, size_t size)
{
	size_t total;

	if (unlikely(multiply_overflows(count, size, &total)))
		return error_overflow(count, size);
	return mi_heap_zalloc(heap, total);
}

void *mi_heap_mallocn(mi_heap_t *heap, size_t count, size_t size)
{
	size_t total;

	if (unlikely(multiply_overflows(count, size, &total)))
		return error_overflow(count, size);
	return mi_heap_malloc(heap, total);
}

/* A first block of a reallocation is made known here, others in realloc.c */
void *mi_heap_realloc(mi_heap_t *heap, void *p, size_t newsize)
{
	if (!p)
		return mi_heap_malloc(heap, newsize);
	return heap_realloc(heap_of_api(heap), p, newsize, false);
}

void *mi_heap_reallocf(mi_heap_t *heap, void *p, size_t newsize)
{
	void *moved = mi_heap_realloc(heap, p, newsize);

	if (!moved && p && block_run_quiet(instance_here(), p))
		mi_free(p);
	return moved;
}

void *mi_heap_reallocn(mi_heap_t *heap, void *p, size_t count, size_t size)
{
	size_t total;

	if (unlikely(multiply_overflows(count, size, &total)))
		return error_overflow(count, size);
	return mi_heap_realloc(heap, p, total);
}

void *mi_heap_rezalloc(mi_heap_t *heap, void *p, size_t newsize)
{
	if (!p)
		return mi_heap_zalloc(heap, newsize);
	return heap_realloc(heap_of_api(heap), p, newsize, true);
}

void *mi_heap_recalloc(mi_heap_t *heap, void *p, size_t newcount, size_t size)
{
	size_t total;

	if (unlikely(multiply_overflows(newcount, size, &total)))
		return error_overflow(newcount, size);
	return mi_heap_rezalloc(heap, p, total);
}

/* ---- sized frees: the size is a claim that debug builds look at ---- */

void mi_free_size(void *p, size_t size)
{
	mi_assert(!p || size <= mi_usable_size(p));
	(void)size;
	mi_free(p);
}

void mi_free_size_aligned(void *p, size_t size, size_t alignment)
{
	mi_assert(((uintptr_t)p & (alignment - 1)) == 0);
	(void)alignment;
	mi_free_size(p, size);
}

void mi_free_aligned(void *p, size_t alignment)
{
	mi_assert(((uintptr_t)p & (alignment - 1)) == 0);
	(void)alignment;
	mi_free(p);
}

void mi_free_small(void *p)
{
	mi_free(p);
}
