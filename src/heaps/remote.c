/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A free by a thread that does not own the page. The states and transitions
 * are in thread_free.h.
 */
#include "heaps/heaps.h"

#if MI_CONCURRENT

/* The calling thread has claimed the page, with `block` first on its list */
static void page_claimed_by_free(struct heap *heap, struct page *page,
				 struct block *block)
{
	unsigned int class = page->class;

	page_claimed(heap, page, block);
	heap_page_adopt(heap, page);
	if (account_settle(page))
		heap_page_emptied(page);
	/* a thread that only frees must not pile up what it claims */
	heap_drain(heap);
	heap_sweep(heap, class, 2);
}

/*
 * The heap of the calling thread that may claim an abandoned page into which
 * the thread frees. NULL: there is none. No heap is made for that, as the
 * thread may be about to end, and nobody would end that heap. A page of an
 * exclusive arena is not for a thread's first heap.
 */
static COLD struct heap *heap_that_claims(struct instance *instance,
					  const struct page *page)
{
	struct heap *heap = heap_current();

	if (!instance->config.reclaim_on_free || heap == &empty_heap ||
	    heap->instance != instance ||
	    arena_by_number(instance, page->arena_number)->exclusive)
		return NULL;
	return heap->backing;	/* another one may be destroyed */
}

/*
 * One attempt at a free into a page that has an owner, or that somebody is busy
 * with. Who notifies or counts keeps the page from going away; else it may be
 * gone after the swap, so all that is needed of it is read before.
 *
 * After most frees nothing is asked, as to count what the owner has freed costs
 * a walk: only where so many blocks are left as a power of two, or none. That
 * is so at least once before the last block comes, if the owner has freed no
 * more than half of all; and what was found counts from there on.
 */
static bool free_into_owned(struct instance *instance, struct page *page,
			    struct block *block, uintptr_t *word)
{
	size_t units = page->units;
	size_t left = page->reserved - word_back(*word) - 1;
	bool notify = word_state(*word) == PAGE_FULL;
	uintptr_t counting = 0;

	if (unlikely((left & (left - 1)) == 0) &&
	    page_shall_count(instance, page, *word, left)) {
		counting = PAGE_COUNTING;
		(void)atomic_add(&instance->counting, 1);
	}
	if (!thread_free_try_push(page, word, block, counting)) {
		if (unlikely(counting))
			(void)atomic_add(&instance->counting, UINT32_MAX);
		return false;
	}
	if (unlikely(left == 0))
		(void)atomic_add(&instance->waiting_units, units);
	if (unlikely(counting))
		page_count(instance, page, notify);
	else if (notify)	/* relaxed: see pages/descriptor.h */
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
	bool last = word_back(*word) + 1 == page->reserved;

	if (!heap && !last)
		return thread_free_try_push(page, word, block, 0);
	thread_free_link(page, block, *word);
	if (!thread_free_try_claim(page, word))
		return false;
	if (heap)
		page_claimed_by_free(heap, page, block);
	else
		page_claimed_empty(instance, page);
	return true;
}

/* False: all blocks have come back, so this one has */
static bool block_comes_back(struct instance *instance, struct page *page,
			     struct block *block)
{
	/*
	 * Acquire: `reserved` and the arena's number are those of the page. By
	 * the block that was handed to it the thread knows these already, but
	 * here it need not be asked how that was done.
	 */
	uintptr_t word = thread_free_read_list(page);
	bool done;

	do {	/* bounded: each failure is another thread's success */
		if (unlikely(word_is_closed(word)))
			return false;
		block_mark_free(page, block);
		if (likely(word_state(word) != PAGE_ABANDONED ||
			   word_is_busy(word)))
			done = free_into_owned(instance, page, block, &word);
		else
			done = free_into_abandoned(instance, page, block,
						   &word);
	} while (unlikely(!done));
	return true;
}

void page_free_remote(struct instance *instance, struct page *page,
		      struct block *block)
{
	if (unlikely(!block_comes_back(instance, page, block)))
		page_refuse_free(page, block);
}

#endif /* MI_CONCURRENT */
