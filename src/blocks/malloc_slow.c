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

	if (page != &empty_page)
		page_give_back_tag(page, block);
	if (unlikely(block != page_empty_list(page)))
		block_written(page, block);
}

/* The long slow path looks everywhere. `size` is at most CLASSED_SIZE_MAX */
static NOINLINE void *heap_malloc_long(struct heap *heap, size_t size,
				       struct page *page)
{
	struct block *block = NULL;

	page_settle(page);
	if (unlikely(heap == &empty_heap))
		heap = heap_current_or_new();
	if (likely(heap))
		block = heap_alloc(heap, size_class_of(size));
	return likely(block) ? block : error_no_memory(size);
}

/*
 * The short one is for a page that is kept: it stays so, and the blocks that
 * its owner freed are taken next. The first of them is looked at before: the
 * long path reports what is wrong with it. Of a page that is not kept none may
 * be: another thread may be giving its memory back.
 */
NOINLINE void *heap_malloc_slow(struct heap *heap, size_t size,
				struct page *page)
{
	struct block *block = page->local_free;

	if (!page_list_is_empty(page) ||
	    (MI_CONCURRENT && !(page->flags & PAGE_SWAPS)) ||
	    !block_is_whole(page, block) || page_is_better_anew(page) ||
	    !page_may_swap(heap, page))
		return heap_malloc_long(heap, size, page);
	page_give_back_tag(page, page_empty_list(page));
	page_swap_lists(page);
	page->free = block_next(page, block);
	if (MI_HARDENING >= 1)
		block->tag = 0;
	return block;
}

NOINLINE void *malloc_slow(uintptr_t at, struct page *page)
{
	struct heap *heap = heap_current();

	return heap_malloc_slow(heap, at - (uintptr_t)heap, page);
}

NOINLINE void *malloc_generic(size_t size)
{
	return heap_malloc_generic(heap_current(), size);
}

void *heap_malloc_generic(struct heap *heap, size_t size)
{
	if (unlikely(size > CLASSED_SIZE_MAX))
		return large_alloc(heap, size, BLOCK_ALIGN, 0, 0);
	return queue_malloc(heap, &heap->queues[size_class_stepped(size)],
			    size);
}
