/* SPDX-License-Identifier: BSD-3-Clause */
/* malloc and calloc on a heap, of any size. */
#include "blocks/blocks.h"

void *heap_malloc(struct heap *heap, size_t size)
{
	if (likely(size <= DIRECT_SIZE_MAX))
		return heap_malloc_small(heap, size);
	return heap_malloc_generic(heap, size);
}

static NOINLINE void *zalloc_slow(struct heap *heap, size_t size)
{
	void *p;

	if (unlikely(size > CLASSED_SIZE_MAX))
		return large_alloc(heap, size, BLOCK_ALIGN, 0, LARGE_ZERO);
	p = heap_malloc(heap, size);
	if (likely(p)) {
		size = size_class_bytes(size_class_of(size));
		track_touch(p, size);
		memory_zero(p, size);
	}
	return p;
}

/*
 * All of the block is zero, also what is over the size: see heap_realloc(). So
 * is the tag, with all else. A size of 0 takes the slow path, too.
 */
void *heap_zalloc(struct heap *heap, size_t size)
{
	struct block *block;
	struct page *page;

	if (unlikely(size - 1 >= DIRECT_SIZE_MAX))
		return zalloc_slow(heap, size);
	page = heap->queues[size_class_of(size)].first;
	block = page->free;
	if (unlikely(!block_is_whole(page, block)))
		return zalloc_slow(heap, size);
	page->free = block_next(page, block);
	size = align_up(size, BLOCK_ALIGN);
	track_touch(block, size);
	return __builtin_memset(block, 0, size);
}
