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
void heap_notify(struct heap *heap, struct page *page)
{
	/*
	 * Acquire, here and where the swap fails: pairs with the swap of
	 * HEAP_PARKED in heap_close(), so that who finds that bit also finds
	 * all that the heap's thread did to the page before.
	 */
	uintptr_t word = atomic_read_acquire(&heap->notified);
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
				page_abandon_orphan(heap->instance, page);
				return;
			}
			heap = now;
			word = atomic_read_acquire(&heap->notified);
			continue;
		}
		page->notified_next = (struct page *)word;
		/* release: the link is seen by who takes the list */
		if (atomic_compare_swap(&heap->notified, &word,
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

	heap->pending = page->notified_next;
	if (unlikely(now != heap)) {	/* moved, by mi_heap_delete() */
		heap_notify(now, page);
		return 0;
	}
	word = thread_free_denotify(page);
	if (unlikely(!page->owner)) {	/* it outlived its thread */
		now = heap->backing;	/* others may be destroyed */
		atomic_write(&page->heap, now);
		atomic_write(&page->owner, now->owner);
		heap_page_adopt(now, page);
	}
	heap_page_sweep(page);
	return word_count(word);
}

static void heap_take_notified(struct heap *heap)
{
	/* acquire: all links; HEAP_PARKED is not set while the owner lives */
	if (!heap->pending)
		heap->pending = (struct page *)
				atomic_swap(&heap->notified, 0);
}

void heap_drain(struct heap *heap)
{
	unsigned int pages = DRAIN_PAGES;
	size_t blocks = 0;

	heap_take_notified(heap);
	while (heap->pending && pages-- && blocks < DRAIN_BLOCKS)
		blocks += heap_drain_page(heap);
}

void heap_drain_all(struct heap *heap)
{
	unsigned int lists = 2;	/* what was begun, and what came since */

	while (lists--) {
		heap_take_notified(heap);
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
	page = (struct page *)atomic_swap(&heap->notified, HEAP_PARKED);
	for (; page; page = next) {
		next = page->notified_next;
		now = atomic_read(&page->heap);
		if (now == heap)
			page_abandon_orphan(heap->instance, page);
		else	/* moved to the thread's first heap */
			heap_notify(now, page);
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
static void page_claimed_by_free(struct heap *heap, struct page *page,
			struct block *block)
{
	unsigned int class = page->class;

	page_claimed(heap, page, block);
	heap_page_adopt(heap, page);
	if (page_resum(page))
		heap_page_emptied(page);
	/* what a thread gains by frees must not pile up */
	heap_drain(heap);
	heap_sweep(heap, class, 2);
}

/*
 * Which heap the page is for, into which the calling thread frees and which
 * has no owner. NULL: none; a heap is not made for that, as the thread may be
 * about to end, and pages of an exclusive arena are for no such heap.
 */
static COLD struct heap *heap_that_claims(struct instance *instance,
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
 * Of who has set PURGING, and so has the memory: it is given back without a
 * lock, and then the page is, or its owner learns that all blocks are free. The
 * map entries are not touched by others until page_restart() makes blocks anew.
 * The marks of free blocks go with the memory; a second free is found all the
 * same, as its block has no map entry.
 */
static void page_purge_remote(struct instance *instance, struct page *page,
			      bool notify)
{
	size_t units = page->units;
	enum page_state state;

	(void)atomic_add(&instance->remote_purged_units, units);
	page_unmap(page);
	(void)port_purge((void *)run_start(page), run_bytes(page));
	state = thread_free_end_purge(page);
	if (state == PAGE_ABANDONED) {
		/* its owner has ended meanwhile: nobody waits for it any more */
		(void)atomic_add(&instance->remote_purged_units, 0 - units);
		page_claimed_empty(instance, page);
	} else if (notify || state == PAGE_FULL) {
		heap_notify(atomic_read(&page->heap), page);
	}
}

/*
 * One attempt at a free into a page that has an owner. Who notifies keeps the
 * page from going away; else it may be gone after the swap, so all that is
 * needed of it is read before.
 */
static bool free_into_owned(struct instance *instance, struct page *page,
			    struct block *block, uintptr_t *word)
{
	size_t units = page->units;
	bool last = word_count(*word) + 1 == page->reserved;
	bool notify = word_state(*word) == PAGE_FULL;

	if (last && page_shall_go(instance, page)) {
		if (!thread_free_try_purge(page, word))
			return false;
		page_purge_remote(instance, page, notify);
		return true;
	}
	if (!thread_free_try_push(page, word, block))
		return false;
	if (last)
		(void)atomic_add(&instance->waiting_units, units);
	if (notify)
		heap_notify(atomic_read(&page->heap), page);
	return true;
}

/*
 * One attempt at a free into a page that has no owner: the thread becomes its
 * owner if it has a heap for it. Else the block waits for an owner, and the
 * last one brings the page back, so no page waits for ever.
 */
static bool free_into_abandoned(struct instance *instance, struct page *page,
				struct block *block, uintptr_t *word)
{
	struct heap *heap = heap_that_claims(instance, page);
	bool last = word_count(*word) + 1 == page->reserved;

	if (!heap && !last)
		return thread_free_try_push(page, word, block);
	thread_free_link(page, block, *word);
	if (!thread_free_try_claim(page, word))
		return false;
	if (heap)
		page_claimed_by_free(heap, page, block);
	else
		page_claimed_empty(instance, page);
	return true;
}

void page_free_remote(struct instance *instance, struct page *page,
		      struct block *block)
{
	/* acquire: `reserved` and the arena's number are those of the page */
	uintptr_t word = thread_free_read_list(page);
	bool done;

	do {	/* bounded: each failure is another thread's success */
		if (unlikely(word_is_closed(word))) {
			/* all blocks have come back, so this one has */
			error_pointer(ERROR_DOUBLE_FREE, "free", block);
			return;
		}
		block_mark_free(page, block);
		if (likely(word_state(word) != PAGE_ABANDONED))
			done = free_into_owned(instance, page, block, &word);
		else
			done = free_into_abandoned(instance, page, block,
						   &word);
	} while (unlikely(!done));
}

#endif /* MI_CONCURRENT */
