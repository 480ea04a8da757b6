/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the fast path of malloc stops: an empty list, or a large request. */
#include "blocks/blocks.h"

/*
 * The fast path has taken a tag that was none. In an empty list that word is
 * the page's own, see pages/descriptor.h.
 */
static void page_settle(struct page *page)
{
	struct block *block = page->free;

	page_give_back_tag(page, block);
	if (unlikely(block != page_empty_list(page)))
		block_written(page, block);
}

NOINLINE void *heap_malloc_slow(struct heap *heap, size_t size,
				struct page *page)
{
	page_settle(page);
	return heap_malloc_generic(heap, size);
}

NOINLINE void *malloc_slow(uintptr_t at, struct page *page)
{
	struct heap *heap = heap_current();

	page_settle(page);
	return heap_malloc_generic(heap, at - (uintptr_t)heap);
}

NOINLINE void *malloc_generic(size_t size)
{
	return heap_malloc_generic(heap_current(), size);
}

void *heap_malloc_generic(struct heap *heap, size_t size)
{
	struct block *block;
	struct page *page;
	unsigned int class;

	if (unlikely(heap == &empty_heap)) {
		heap = heap_current_or_new();
		if (!heap)
			return error_no_memory(size);
	}
	if (unlikely(size > CLASSED_SIZE_MAX))
		return large_alloc(heap, size, BLOCK_ALIGN, 0, false);
	class = size_class_of(size);
	page = heap->queues[class].first;
	block = page->free;
	if (likely(!page_list_is_empty(page))) {
		if (likely(page_take_tag(page, block))) {
			page->free = block_next(page, block);
			return block;
		}
		page_settle(page);
	}
	block = heap_alloc(heap, class);
	if (unlikely(!block))
		return error_no_memory(size);
	return block;
}
