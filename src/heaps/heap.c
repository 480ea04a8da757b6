/* SPDX-License-Identifier: BSD-3-Clause */
/* Where malloc gets a page with a free block from, when it has none at hand. */
#include "heaps/queue.h"

/* A page from elsewhere, first in its queue: an abandoned one, or a new one */
static struct page *heap_more(struct heap *heap, unsigned int class)
{
	struct page *page = page_reclaim(heap, class);

	if (!page) {
		page = page_alloc(heap, class);
		if (!page)
			return NULL;
		heap->page_count[class]++;
		(void)page_stay(heap, page);
	}
	queue_prepend(heap, page);
	return page;
}

/* The class's first page with a block to take, or NULL */
static struct page *queue_find(struct heap *heap, unsigned int class)
{
	struct page *page = heap->queues[class].first;

	for (; page && page != &empty_page; page = page->list.next)
		if (page_has_block(page))
			return page;
	return NULL;
}

/*
 * When nothing else is left, a block of a larger class: so no request fails
 * while a larger one would not. What is over the class's size is zero.
 */
static struct block *heap_larger(struct heap *heap, unsigned int class)
{
	size_t bytes = size_class_bytes(class);
	struct page *page = NULL;
	struct block *block;

	while (!page && ++class < CLASS_COUNT)
		page = queue_find(heap, class);
	if (!page)
		return NULL;
	block = page_pop(page);
	if (unlikely(!block))
		return NULL;
	track_touch(block, page->block_size);
	memory_zero((char *)block + bytes, page->block_size - bytes);
	return block;
}

size_t heap_largest_block(struct heap *heap, size_t least)
{
	unsigned int class = CLASS_COUNT;

	while (class-- > 0 && size_class_bytes(class) > least)
		if (queue_find(heap, class))
			return size_class_bytes(class);
	return least;
}

/* A page with a block to take, first in its queue; NULL: no memory */
static struct page *heap_find(struct heap *heap, unsigned int class)
{
	struct queue *queue = &heap->queues[class];
	unsigned int tries = 0;
	bool collected = false;
	struct page *page;

	for (;;) {	/* bounded: each round a page leaves, or got blocks */
		page = queue->first;
		/*
		 * A queue may begin with many pages that have nothing free.
		 * After some a page is got elsewhere, so that no single malloc
		 * moves all of them out of the way.
		 */
		if (page == &empty_page || unlikely(tries++ == FULL_TRIES)) {
			page = heap_more(heap, class);
			if (unlikely(!page)) {
				if (collected)
					return NULL;
				heap_collect_all(heap);
				collected = true;
				continue;
			}
		}
		if (!page_list_is_empty(page))
			return page;
		if (page_refill(page) || page_extend(page)) {
			(void)page_stay(heap, page);
			return page;
		}
		heap_page_full(heap, page);
	}
}

struct block *heap_alloc(struct heap *heap, unsigned int class)
{
	struct block *block;
	struct page *page;

	heap->swaps_left = SWAPS_MAX;
	heap->recheck_left = CLASS_COUNT;
	heap_call_deferred(heap, false);
#if MI_DEBUG >= 2
	mi_assert(heap->heartbeat % 256 || heap_is_valid(heap));
#endif
	if (unlikely(heap_has_notified(heap)))
		heap_drain(heap);
	if (unlikely(heap->heartbeat % SWEEP_INTERVAL == 0)) {
		heap->sweep_class = (heap->sweep_class + 1) % CLASS_COUNT;
		heap_sweep(heap, heap->sweep_class, 1);
	}
	do {	/* bounded: a list is lost each time */
		page = heap_find(heap, class);
		if (unlikely(!page))
			return heap_larger(heap, class);
		block = page_pop(page);
	} while (unlikely(!block));
	account_block_taken(page, block);
	return block;
}
