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

void heap_drain(struct heap *heap)
{
	struct page *page, *next;
	uintptr_t word;

	/* acquire: all links; HEAP_PARKED is not set while the owner lives */
	page = (struct page *)atomic_swap(&heap->returned, 0);
	for (; page; page = next) {
		struct heap *now = atomic_read(&page->heap);

		next = page->returned_next;
		if (unlikely(now != heap)) {
			heap_return_page(now, page);
			continue;
		}
		word = atomic_read(&page->thread_free);
		while (!atomic_compare_swap(&page->thread_free, &word,
					    word & ~PAGE_STATE_MASK))
			;	/* bounded: each failure is another's free */
		if (unlikely(!page->owner)) {	/* it outlived its thread */
			now = heap->backing;	/* others may be destroyed */
			atomic_write(&page->heap, now);
			atomic_write(&page->owner, now->owner);
			heap_page_adopt(now, page);
		}
		heap_page_look(page);
	}
}

void heap_close(struct heap *heap)
{
	struct page *page, *next;
	struct heap *now;

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

	/* half the budget, and no share: this is not looked at again */
	return instance->purge_enabled && (ptrdiff_t)waiting >= 0 &&
	       waiting + page->units > instance->budget_bytes >> 1 >>
	       UNIT_SHIFT &&
	       !arena_by_number(instance, page->arena_number)->fixed;
}

/* A free has made the page ours; the block lies on its list */
static void page_gained(struct heap *heap, struct page *page)
{
	unsigned int class = page->class;

	page_claimed(heap, page);
	if (arena_by_number(heap->instance, page->arena_number)->exclusive) {
		page_give_up(heap->instance, page);	/* for no such heap */
		return;
	}
	heap_page_adopt(heap, page);
	if (page_resum(page))
		heap_page_emptied(page);
	/* what a thread gains by frees must not pile up */
	heap_drain(heap);
	heap_look(heap, class, 2);
}

/* Of the thread that frees into a page without an owner; NULL: it has none */
static COLD struct heap *heap_that_gains(struct instance *instance)
{
	struct heap *heap;

	if (!instance->reclaim_on_free)
		return NULL;
	heap = heap_current_or_new();
	return heap && heap->instance == instance ? heap->backing : NULL;
}

/*
 * Who has set PURGING has taken the list away: to the owner all is handed
 * out, so nobody touches the memory until EMPTIED is set.
 */
static void page_purge_remote(struct instance *instance, struct page *page,
			      bool notify)
{
	struct heap *gains = NULL;
	uintptr_t word, to;

	(void)port_purge((void *)run_start(page), run_bytes(page));
	word = atomic_read(&page->thread_free);
	do {
		to = (word & ~PAGE_PURGING) | PAGE_EMPTIED;
		if ((word & PAGE_STATE_MASK) == PAGE_FULL)
			to = PAGE_NOTIFIED | PAGE_EMPTIED;
		/* its owner has ended meanwhile */
		if ((word & PAGE_STATE_MASK) == PAGE_ABANDONED && !gains)
			gains = heap_that_gains(instance);
		if ((word & PAGE_STATE_MASK) == PAGE_ABANDONED && gains)
			to = PAGE_ACTIVE | PAGE_EMPTIED;
	} while (!atomic_compare_swap(&page->thread_free, &word, to));
	if (notify || (word & PAGE_STATE_MASK) == PAGE_FULL)
		heap_return_page(atomic_read(&page->heap), page);
	else if ((word & PAGE_STATE_MASK) == PAGE_ABANDONED && gains)
		page_gained(gains, page);
}

void page_free_remote(struct instance *instance, struct page *page,
		      struct block *block)
{
	uintptr_t word = atomic_read_acquire(&page->thread_free), to;
	size_t units = page->units, reserved = page->reserved, count;
	struct heap *gains = NULL;
	enum page_state state;
	bool purge;

	block_mark_free(page, block);
	do {
		state = (enum page_state)(word & PAGE_STATE_MASK);
		if (unlikely(state == PAGE_ABANDONED) && !gains)
			gains = heap_that_gains(instance);
		count = (word >> PAGE_COUNT_SHIFT) + 1;
		block->next = word_list(word) ? word_list(word) :
			      page_empty_list(page);
		purge = count == reserved && state != PAGE_ABANDONED &&
			page_shall_go(instance, page);
		to = purge ? PAGE_PURGING :
		     (uintptr_t)block | count << PAGE_COUNT_SHIFT;
		if (state == PAGE_FULL)
			to |= PAGE_NOTIFIED;
		else if (state != PAGE_ABANDONED || !gains)
			to |= state;
	} while (!atomic_compare_swap(&page->thread_free, &word, to));

	/* without a list or a state that keeps it, the page may be gone now */
	if (count == reserved && !purge)
		(void)atomic_add(&instance->waiting_units, units);
	if (purge) {
		(void)atomic_add(&instance->emptied_units, units);
		page_purge_remote(instance, page, state == PAGE_FULL);
	} else if (state == PAGE_FULL) {
		heap_return_page(atomic_read(&page->heap), page);
	} else if (state == PAGE_ABANDONED && gains) {
		page_gained(gains, page);
	}
}

#endif /* MI_CONCURRENT */
