/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A free by a thread that does not own the page. The states and transitions
 * are in thread_free.h.
 */
#include "heaps/heaps.h"

#if MI_CONCURRENT

/*
 * The last block of a page comes back, but not by its owner, who may sleep for
 * ever. Whether so much waits for owners by now that the memory of this page is
 * given back here and now (page_purge_remote()).
 */
static bool page_shall_go(struct instance *instance, struct page *page)
{
	size_t waiting = atomic_read(&instance->waiting_units), max;

	/*
	 * Nobody looks at the page again before its owner wakes, so what is
	 * decided here has to hold for long. So they may be as much as a
	 * quarter of the budget, beside free runs. The budget is the fixed
	 * one: a share of what is in use at this moment says nothing of later.
	 * But what owners came for soon after it was given back here is
	 * learned: see page_end_wait(). `waiting` may be below zero for a
	 * moment: it is counted after the push, and the owner may be faster.
	 */
	max = (instance->config.budget_bytes >> 2 >> UNIT_SHIFT) +
	      atomic_read(&instance->waiting_learned);
	return instance->config.purge_enabled && (ptrdiff_t)waiting >= 0 &&
	       waiting + page->units > max &&
	       !arena_by_number(instance, page->arena_number)->fixed;
}

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
 * The calling thread has brought the last block, and set PURGING: until
 * thread_free_end_purge() the memory and the map entries are its own. To the
 * owner every block is away, so it does not touch them, and the page stays. So
 * no lock is needed for the system call.
 *
 * The entries go first. The marks by which a second free is found go with the
 * memory, so a second free must find no page; page_restart() maps the blocks
 * that it makes anew.
 *
 * What becomes of the page depends on the state at the end:
 *
 * - ABANDONED: its owner has ended meanwhile, so nobody waits for the page.
 *   thread_free_end_purge() has claimed it, and it is given back.
 * - FULL before or by now: the caller has become the holder of NOTIFIED, and
 *   brings the page to its owner, who looks at a full page only then.
 * - Otherwise the owner finds PURGED when it next collects the page. The page
 *   may be gone as soon as that is set, and is not touched any more.
 */
static void page_purge_remote(struct instance *instance, struct page *page,
			      bool notify)
{
	size_t units = page->units, purged;
	enum page_state state;

	purged = atomic_add(&instance->remote_purged_units, units) + units;
	if (purged > waiting_learned_max(instance)) {
		atomic_write(&instance->waiting_learned, 0);
		atomic_write(&instance->waiting_deep, true);
	}
	page_unmap(page);
	(void)port_purge((void *)run_start(&page->run), run_bytes(&page->run));
	state = thread_free_end_purge(page);
	if (state == PAGE_ABANDONED) {
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
