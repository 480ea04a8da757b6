/* SPDX-License-Identifier: BSD-3-Clause */
/* Where malloc gets a page with a free block from, when it has none at hand. */
#include "heaps/queue.h"

/* A new page is the heap's, and first in its queue */
static struct page *heap_enter(struct heap *heap, struct page *page)
{
	if (!page)
		return NULL;
	heap->page_count[page->class]++;
	heap_missed(heap, page);
	(void)page_stay(heap, page);
	queue_prepend(heap, page);
	return page;
}

/* A page from elsewhere, first in its queue: an abandoned one, or a new one */
static struct page *heap_more(struct heap *heap, unsigned int class)
{
	struct page *page = page_reclaim(heap, class);

	if (!page)
		return heap_enter(heap, page_alloc(heap, class));
	queue_prepend(heap, page);
	return page;
}

/* (Counters of the instance are read relaxed here: see ground/types.h) */

/* Whether a page of HOT_BLOCKS shall take the place of the class's only one */
static bool page_is_too_small(const struct heap *heap, const struct page *page)
{
	const struct arena *arena = arena_by_number(heap->instance,
						    page->arena_number);
	size_t units = units_of(HOT_BLOCKS * (size_t)page->block_size);

	return page->reserved < HOT_BLOCKS &&
	       heap->page_count[page->class] == 1 &&
	       units * HOT_PART <= arena->units_free &&
	       atomic_read(&heap->instance->kept_units) + units <=
	       PORT_KEPT_UNITS_MAX / 2;
}

/*
 * The first page of a class has few blocks, so a program that takes and gives
 * back one by turns has its lists swapped every few pairs. This is for a page
 * that was found when that had been done SWAPS_MAX times. More blocks are made
 * in it, or it gives way to a page of HOT_BLOCKS; NULL: it is as it shall be.
 *
 * - Of blocks above DIRECT_SIZE_MAX so many would be much memory.
 * - A page that does not swap its lists is none that this costs anything.
 * - A new page counts as kept, within the limit of that. Where little is free
 *   nothing is spent on this. The old page goes where nothing of it is away.
 * - Where threads are concurrent each would take that much more memory.
 */
static struct page *heap_more_hot(struct heap *heap, struct page *page)
{
	struct page *larger;

	if (MI_CONCURRENT || !(page->flags & PAGE_SWAPS) ||
	    page->block_size > DIRECT_SIZE_MAX || page->capacity >= HOT_BLOCKS)
		return NULL;
	if (page_extend(page)) {
		(void)page_stay(heap, page);
		return page;
	}
	if (!page_is_too_small(heap, page))
		return NULL;
	larger = heap_enter(heap, page_alloc_of(heap, page->class, HOT_BLOCKS));
	if (larger && account_is_empty(page)) {
		heap_page_remove(heap, page);
		page_free(page);
	}
	return larger;
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

/* A block for a class of `bytes`, which is less: what is over that is zero */
static struct block *page_lend(struct page *page, size_t bytes)
{
	struct block *block = page_pop(page);

	if (unlikely(!block))
		return NULL;
	track_touch(block, page->block_size);
	memory_zero((char *)block + bytes, page->block_size - bytes);
	account_block_taken(page, block);
	return block;
}

/*
 * When nothing else is left, a block of a larger class: so no request fails
 * while a larger one would not.
 */
static struct block *heap_larger(struct heap *heap, unsigned int class)
{
	size_t bytes = size_class_bytes(class);
	struct page *page = NULL;

	while (!page && ++class < CLASS_COUNT)
		page = queue_find(heap, class);
	return page ? page_lend(page, bytes) : NULL;
}

/*
 * Each of many heaps has a few blocks of many sizes: a page for each size would
 * be nearly empty, and most of them would be made and given back again and
 * again. So a block that is larger by a quarter will do, where the heap has no
 * page of the class, and the first page of another one has a block.
 */
static struct block *heap_borrow(struct heap *heap, unsigned int class)
{
	size_t bytes = size_class_bytes(class);
	struct page *page;

	if (likely(atomic_read(&heap->instance->heap_count) <=
		   KEPT_HEAPS_MAX) || heap->queues[class].first != &empty_page)
		return NULL;
	while (++class < CLASS_COUNT &&
	       size_class_bytes(class) <= bytes + bytes / 4) {
		page = heap->queues[class].first;
		if (page != &empty_page && page_has_block(page))
			return page_lend(page, bytes);
	}
	return NULL;
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
static struct page *heap_find(struct heap *heap, unsigned int class, bool hot)
{
	struct queue *queue = &heap->queues[class];
	unsigned int tries = 0;
	bool collected = false;
	struct page *page, *more;

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
		more = hot ? heap_more_hot(heap, page) : NULL;
		if (unlikely(more))
			return more;
		if (page_refill(page) || page_extend(page)) {
			(void)page_stay(heap, page);
			return page;
		}
		heap_page_full(heap, page);
	}
}

struct block *heap_alloc_own(struct heap *heap, unsigned int class, bool hot)
{
	struct block *block;
	struct page *page;

	do {	/* bounded: a list is lost each time */
		page = heap_find(heap, class, hot);
		if (unlikely(!page))	/* a larger one would not fail */
			return heap_larger(heap, class);
		block = page_pop(page);
	} while (unlikely(!block));
	account_block_taken(page, block);
	return block;
}

struct block *heap_alloc(struct heap *heap, unsigned int class)
{
	bool hot = heap->swaps_left < 0;
	struct block *block;

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
	block = heap_borrow(heap, class);
	return unlikely(block) ? block : heap_alloc_own(heap, class, hot);
}
