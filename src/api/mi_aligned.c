/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Aligned allocation, of the default heap and of heaps. Some functions take
 * more than four parameters, as those of the interface do that they stand for.
 */
#include "api/api.h"

static void *alloc(struct heap *heap, size_t size, size_t alignment,
		   size_t offset, bool zero)
{
	return tracked(heap_malloc_aligned(heap, size, alignment, offset,
					   zero), zero);
}

static void *calloc_aligned(struct heap *heap, size_t count, size_t size,
			    size_t alignment, size_t offset)
{
	size_t total;

	if (unlikely(multiply_overflows(count, size, &total)))
		return error_overflow(count, size);
	return alloc(heap, total, alignment, offset, true);
}

static void *resize(struct heap *heap, void *p, size_t size, size_t alignment,
		    size_t offset, bool zero)
{
	if (!p)
		return alloc(heap, size, alignment, offset, zero);
	return heap_realloc_aligned(heap, p, size, alignment, offset, zero);
}

static void *recalloc(struct heap *heap, void *p, size_t count, size_t size,
		      size_t alignment, size_t offset)
{
	size_t total;

	if (unlikely(multiply_overflows(count, size, &total)))
		return error_overflow(count, size);
	return resize(heap, p, total, alignment, offset, true);
}

void *mi_malloc_aligned(size_t size, size_t alignment)
{
	return alloc(heap_here(), size, alignment, 0, false);
}

void *mi_zalloc_aligned(size_t size, size_t alignment)
{
	return alloc(heap_here(), size, alignment, 0, true);
}

void *mi_calloc_aligned(size_t count, size_t size, size_t alignment)
{
	return calloc_aligned(heap_here(), count, size, alignment, 0);
}

void *mi_realloc_aligned(void *p, size_t newsize, size_t alignment)
{
	return resize(heap_here(), p, newsize, alignment, 0, false);
}

void *mi_rezalloc_aligned(void *p, size_t newsize, size_t alignment)
{
	return resize(heap_here(), p, newsize, alignment, 0, true);
}

void *mi_recalloc_aligned(void *p, size_t newcount, size_t size,
		size_t alignment)
{
	return recalloc(heap_here(), p, newcount, size, alignment, 0);
}

void *mi_malloc_aligned_at(size_t size, size_t alignment, size_t offset)
{
	return alloc(heap_here(), size, alignment, offset, false);
}

void *mi_zalloc_aligned_at(size_t size, size_t alignment, size_t offset)
{
	return alloc(heap_here(), size, alignment, offset, true);
}

void *mi_calloc_aligned_at(size_t count, size_t size, size_t alignment,
		size_t offset)
{
	return calloc_aligned(heap_here(), count, size, alignment, offset);
}

void *mi_realloc_aligned_at(void *p, size_t newsize, size_t alignment,
		size_t offset)
{
	return resize(heap_here(), p, newsize, alignment, offset, false);
}

void *mi_rezalloc_aligned_at(void *p, size_t newsize, size_t alignment,
		size_t offset)
{
	return resize(heap_here(), p, newsize, alignment, offset, true);
}

void *mi_recalloc_aligned_at(void *p, size_t newcount, size_t size,
		size_t alignment, size_t offset)
{
	return recalloc(heap_here(), p, newcount, size, alignment, offset);
}

void *mi_heap_malloc_aligned(mi_heap_t *heap, size_t size, size_t alignment)
{
	return alloc(heap_of_api(heap), size, alignment, 0, false);
}

void *mi_heap_zalloc_aligned(mi_heap_t *heap, size_t size, size_t alignment)
{
	return alloc(heap_of_api(heap), size, alignment, 0, true);
}

void *mi_heap_calloc_aligned(mi_heap_t *heap, size_t count, size_t size,
		size_t alignment)
{
	return calloc_aligned(heap_of_api(heap), count, size, alignment, 0);
}

void *mi_heap_realloc_aligned(mi_heap_t *heap, void *p, size_t newsize,
		size_t alignment)
{
	return resize(heap_of_api(heap), p, newsize, alignment, 0, false);
}

void *mi_heap_rezalloc_aligned(mi_heap_t *heap, void *p, size_t newsize,
		size_t alignment)
{
	return resize(heap_of_api(heap), p, newsize, alignment, 0, true);
}

void *mi_heap_recalloc_aligned(mi_heap_t *heap, void *p, size_t newcount,
		size_t size, size_t alignment)
{
	return recalloc(heap_of_api(heap), p, newcount, size, alignment, 0);
}

void *mi_heap_malloc_aligned_at(mi_heap_t *heap, size_t size, size_t alignment,
		size_t offset)
{
	return alloc(heap_of_api(heap), size, alignment, offset, false);
}

void *mi_heap_zalloc_aligned_at(mi_heap_t *heap, size_t size, size_t alignment,
		size_t offset)
{
	return alloc(heap_of_api(heap), size, alignment, offset, true);
}

void *mi_heap_calloc_aligned_at(mi_heap_t *heap, size_t count, size_t size,
		size_t alignment, size_t offset)
{
	return calloc_aligned(heap_of_api(heap), count, size, alignment,
		offset);
}

void *mi_heap_realloc_aligned_at(mi_heap_t *heap, void *p, size_t newsize,
		size_t alignment, size_t offset)
{
	return resize(heap_of_api(heap), p, newsize, alignment, offset, false);
}

void *mi_heap_rezalloc_aligned_at(mi_heap_t *heap, void *p, size_t newsize,
		size_t alignment, size_t offset)
{
	return resize(heap_of_api(heap), p, newsize, alignment, offset, true);
}

void *mi_heap_recalloc_aligned_at(mi_heap_t *heap, void *p, size_t newcount,
		size_t size, size_t alignment, size_t offset)
{
	return recalloc(heap_of_api(heap), p, newcount, size, alignment,
		offset);
}

void *mi_aligned_recalloc(void *p, size_t newcount, size_t size,
		size_t alignment)
{
	return recalloc(heap_here(), p, newcount, size, alignment, 0);
}

void *mi_aligned_offset_recalloc(void *p, size_t newcount, size_t size,
		size_t alignment, size_t offset)
{
	return recalloc(heap_here(), p, newcount, size, alignment, offset);
}

void *mi_memalign(size_t alignment, size_t size)
{
	return alloc(heap_here(), size, alignment, 0, false);
}

void *mi_aligned_alloc(size_t alignment, size_t size)
{
	return alloc(heap_here(), size, alignment, 0, false);
}

int mi_posix_memalign(void **p, size_t alignment, size_t size)
{
	int error = port_errno();
	void *block;

	if (!p || alignment % sizeof(void *) || !is_power_of_two(alignment))
		return PORT_EINVAL;
	block = alloc(heap_here(), size, alignment, 0, false);
	if (!block) {
		port_set_errno(error);
		return PORT_ENOMEM;
	}
	*p = block;
	return 0;
}

void *mi_valloc(size_t size)
{
	return alloc(heap_here(), size, port_page_bytes(), 0, false);
}

void *mi_pvalloc(size_t size)
{
	size_t page = port_page_bytes();

	if (size > PTRDIFF_MAX)
		return error_no_memory(size);
	return alloc(heap_here(), size ? align_up(size, page) : page, page,
		     0, false);
}
