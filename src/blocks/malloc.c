/* SPDX-License-Identifier: BSD-3-Clause */
/* malloc and calloc on a heap, of any size. */
#include "blocks/blocks.h"

void *heap_malloc(struct heap *heap, size_t size)
{
	if (likely(size <= DIRECT_SIZE_MAX))
		return heap_malloc_small(heap, size);
	return heap_malloc_generic(heap, size);
}

/* All of the block is zero, also what is over the size: see heap_realloc() */
void *heap_zalloc(struct heap *heap, size_t size)
{
	void *p;

	if (unlikely(size > CLASSED_SIZE_MAX))
		return large_alloc(heap, size, BLOCK_ALIGN, 0, LARGE_ZERO);
	p = heap_malloc(heap, size);
	if (likely(p)) {
		size = size <= DIRECT_SIZE_MAX && size ?
		       align_up(size, BLOCK_ALIGN) :
		       size_class_bytes(size_class_of(size));
		track_touch(p, size);
		memory_zero(p, size);
	}
	return p;
}
