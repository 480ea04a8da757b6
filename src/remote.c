/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frees by threads that do not own the page, and how the owner learns of
 * them. The states are in docs/design.md, "Threads".
 */
#include "heap.h"

#if MI_CONCURRENT

/*
 * The caller holds NOTIFIED: it has set it, or has taken the page off a list
 * of those that are.
 */
void heap_return_page(struct heap *heap, struct page *page)
{
	/*
	 * Acquire, here and where the swap fails: pairs with the swap of
	 * HEAP_PARKED in heap_close(), so that who finds that bit also finds
	 * all that the heap's thread did to the page before.
	 */
	uintptr_t word = atomic_read_acquire(&heap->returned);
	struct heap *now;

	for (;;) {	/* bounded: a page moves once, and heaps end once */
		if (unlikely(word & HEAP_PARKED)) {
			now = atomic_read(&page->heap);
			if (now == heap) {
				/*
				 * Its thread has left the page. Whether some
				 * thread begins anew with the heap meanwhile
				 * does not matter: it does not know the page.
				 */
				page_left(heap->instance, page);
				return;
			}
			heap = now;
			word = atomic_read_acquire(&heap->returned);
			continue;
		}
		page->returned_next = (struct page *)word;
		/* release: the link is seen by who takes the list */
		if (atomic_compare_swap(&heap->returned, &word,
					(uintptr_t)page))
			return;
	}
}

/* The first of `pending`; tells how many blocks it brought */
static size_t heap_drain_page(struct heap *heap)
{
	struct page *page = heap->pending;
	struct heap *now = atomic_read(&page->heap);
	uintptr_t word;

	heap->pending = page->returned_next;
	if (unlikely(now != heap)) {	/* moved, by mi_heap_delete() */
		heap_return_page(now, page);
		return 0;
	}
	word = atomic_read(&page->thread_free);
	/* the link has been read: from here on it may be another's */
	while (!atomic_compare_swap(&page->thread_free, &word,
				    word & ~PAGE_STATE_MASK))
		;	/* bounded: each failure is another thread's free */
	if (unlikely(!page->owner)) {	/* it outlived its thread */
		now = heap->backing;	/* others may be destroyed */
		atomic_write(&page->heap, now);
		atomic_write(&page->owner, now->owner);
		heap_page_adopt(now, page);
	}
	heap_page_look(page);
	return word >> PAGE_COUNT_SHIFT;
}

static void heap_take_returned(struct heap *heap)
{
	/* acquire: all links; HEAP_PARKED is not set while the owner lives */
	if (!heap->pending)
		heap->pending = (struct page *)
				atomic_swap(&heap->returned, 0);
}

void heap_drain(struct heap *heap)
{
	unsigned int pages = DRAIN_PAGES;
	size_t blocks = 0;

	heap_take_returned(heap);
	while (heap->pending && pages-- && blocks < DRAIN_BLOCKS)
		blocks += heap_drain_page(heap);
}

void heap_drain_all(struct heap *heap)
{
	unsigned int lists = 2;	/* what was begun, and what came since */

	while (lists--) {
		heap_take_returned(heap);
		while (heap->pending)
			(void)heap_drain_page(heap);
	}
}

void heap_close(struct heap *heap)
{
	struct page *page, *next;
	struct heap *now;

	mi_assert(!heap->pending);
	/*
	 * Acquire: the links of what came late. Release: the heap's pages have
	 * been left or moved, which who finds the bit must see.
	 */
	page = (struct page *)atomic_swap(&heap->returned, HEAP_PARKED);
	for (; page; page = next) {
		next = page->returned_next;
		now = atomic_read(&page->heap);
		if (now == heap)
			page_left(heap->instance, page);
		else	/* moved to the thread's first heap */
			heap_return_page(now, page);
	}
}

/*
 * The last block of a page comes back, but not by its owner, who may sleep
 * for ever: true when so much waits for owners that the page is to be purged.
 */
static bool page_shall_go(struct instance *instance, struct page *page)
{
	size_t waiting = atomic_read(&instance->waiting_units);

	/*
	 * This moment is the only one at which the page is looked at, until its
	 * owner wakes. So the other half of the budget is left for free runs,
	 * and a share of what is in use now does not count: it may be freed.
	 */
	return instance->purge_enabled && (ptrdiff_t)waiting >= 0 &&
	       waiting + page->units > instance->budget_bytes >> 1 >>
	       UNIT_SHIFT &&
	       !arena_by_number(instance, page->arena_number)->fixed;
}

/* A free has made the page ours: the block, and what follows it on the list */
static void page_gained(struct heap *heap, struct page *page,
			struct block *block)
{
	unsigned int class = page->class;

	page_claimed(heap, page, block);
	heap_page_adopt(heap, page);
	if (account_settle(page))
		heap_page_emptied(page);
	/* what a thread gains by frees must not pile up */
	heap_drain(heap);
	heap_look(heap, class, 2);
}

/*
 * Which heap the page is for, into which the calling thread frees and which
 * has no owner. NULL: none; a heap is not made for that, as the thread may be
 * about to end, and pages of an exclusive arena are for no such heap.
 */
static COLD struct heap *heap_that_gains(struct instance *instance,
					 const struct page *page)
{
	struct heap *heap = heap_current();

	if (!instance->reclaim_on_free || heap == &empty_heap ||
	    heap->instance != instance ||
	    arena_by_number(instance, page->arena_number)->exclusive)
		return NULL;
	return heap->backing;
}

/*
 * Who has set PURGING has taken the list away: to the owner all is handed
 * out, so nobody touches the memory until EMPTIED is set, nor the map entries
 * until page_restart() makes blocks anew. The marks of the blocks go with the
 * memory; without an entry a second free is found all the same.
 */
static void page_purge_remote(struct instance *instance, struct page *page,
			      bool notify)
{
	uintptr_t word, to;
	enum page_state state;

	page_unmap(page);
	(void)port_purge((void *)run_start(page), run_bytes(page));
	word = atomic_read(&page->thread_free);
	do {	/* release: who finds EMPTIED may touch the memory */
		state = (enum page_state)(word & PAGE_STATE_MASK);
		if (state == PAGE_ABANDONED)	/* by an owner that ended */
			to = PAGE_ACTIVE;
		else if (state == PAGE_FULL)
			to = PAGE_NOTIFIED | PAGE_EMPTIED;
		else
			to = (word & ~PAGE_PURGING) | PAGE_EMPTIED;
	} while (!atomic_compare_swap(&page->thread_free, &word, to));
	if (state == PAGE_ABANDONED) {
		(void)atomic_add(&instance->emptied_units,
				 0 - (size_t)page->units);
		page_claimed_empty(instance, page);
	} else if (notify || state == PAGE_FULL) {
		heap_return_page(atomic_read(&page->heap), page);
	}
}

/* A free into a page that had an owner when `word` was read from it */
static void page_freed_owned(struct instance *instance, struct page *page,
			     uintptr_t word, bool whole, bool purge,
			     size_t units)
{
	bool notify = (word & PAGE_STATE_MASK) == PAGE_FULL;

	/* without a list or a state that keeps it, the page may be gone now */
	if (whole && !purge)
		(void)atomic_add(&instance->waiting_units, units);
	if (purge) {
		(void)atomic_add(&instance->emptied_units, units);
		page_purge_remote(instance, page, notify);
	} else if (notify) {
		heap_return_page(atomic_read(&page->heap), page);
	}
}

void page_free_remote(struct instance *instance, struct page *page,
		      struct block *block)
{
	/* acquire: `reserved` and the arena's number are those of the page */
	uintptr_t word = atomic_read_acquire(&page->thread_free), to;
	size_t units = page->units, reserved = page->reserved, count;
	struct heap *gains = NULL;
	bool whole, purge = false, abandoned;
	enum page_state state;

	do {
		if (unlikely(word & (PAGE_PURGING | PAGE_EMPTIED))) {
			/* all blocks have come back, so this one has */
			error_pointer(ERROR_DOUBLE_FREE, "free", block);
			return;
		}
		block_mark_free(page, block);
		state = (enum page_state)(word & PAGE_STATE_MASK);
		abandoned = state == PAGE_ABANDONED;
		count = (word >> PAGE_COUNT_SHIFT) + 1;
		whole = count == reserved;
		block->next = word_list(word) ? word_list(word) :
			      page_empty_list(page);
		if (unlikely(abandoned))
			gains = heap_that_gains(instance, page);
		purge = whole && !abandoned && page_shall_go(instance, page);
		if (unlikely(abandoned && (gains || whole)))
			to = PAGE_ACTIVE;	/* claimed, with its list */
		else if (purge)
			to = PAGE_PURGING | state;
		else
			to = (uintptr_t)block | count << PAGE_COUNT_SHIFT |
			     state;
		if (state == PAGE_FULL)
			to = (to & ~PAGE_STATE_MASK) | PAGE_NOTIFIED;
		/* release: the block's link and mark; acquire: the list's */
	} while (!atomic_compare_swap(&page->thread_free, &word, to));

	if (likely(!abandoned))
		page_freed_owned(instance, page, word, whole, purge, units);
	else if (gains)
		page_gained(gains, page, block);
	else if (whole)
		page_claimed_empty(instance, page);
}

#endif /* MI_CONCURRENT */
