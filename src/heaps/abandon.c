/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pages between two owners: abandoned by a thread that ends, claimed by another
 * one. The states are in thread_free.h.
 *
 *	the owner ends
 *	   nothing is handed out	given back to the arena
 *	   NOTIFIED			an orphan: its holder does the rest
 *	   COUNTING or PURGING		who is busy with it does the rest
 *	   else				ABANDONED, until malloc claims it
 *					(page_reclaim()), or a free (remote.c)
 */
#include "heaps/heaps.h"

#if MI_THREADS

/*
 * The lock is held. `abandoned_count` is relaxed: page_reclaim() asks without
 * the lock whether it is worth to take it, and an old answer makes a page that
 * might have been found there.
 */
static void abandoned_insert(struct instance *instance, struct page *page)
{
	page->flags |= PAGE_IN_ABANDONED;
	LIST_PUSH(instance->abandoned[page->class], page, list);
	atomic_write(&instance->abandoned_count, instance->abandoned_count + 1);
}

static void abandoned_remove(struct instance *instance, struct page *page)
{
	if (!(page->flags & PAGE_IN_ABANDONED))
		return;
	page->flags &= (uint8_t)~PAGE_IN_ABANDONED;
	LIST_REMOVE(instance->abandoned[page->class], page, list);
	atomic_write(&instance->abandoned_count, instance->abandoned_count - 1);
}

/*
 * The page stands in no list, it is not NOTIFIED, and `free` of its blocks are
 * not handed out. False: blocks came back meanwhile, perhaps the last of them,
 * and the page stays the caller's. It is listed before its state changes: who
 * claims it takes it off the list, under this lock. Pages of an exclusive arena
 * are not listed: only a thread's first heap claims what is, and it may have
 * no blocks from there.
 */
static bool page_try_abandon(struct instance *instance, struct page *page,
			     size_t free)
{
	bool nothing_came;

	if (!MI_CONCURRENT)	/* a heap that stays: leads to the instance */
		page->heap = &instance->main_heap;
	port_lock(&instance->lock);
	if (!arena_by_number(instance, page->arena_number)->exclusive)
		abandoned_insert(instance, page);
	/* relaxed: of `owner` see ground/run.h */
	atomic_write(&page->owner, 0);
	nothing_came = thread_free_abandon(page, free);
	if (!nothing_came)
		abandoned_remove(instance, page);
	port_unlock(&instance->lock);
	return nothing_came;
}

void page_free_or_abandon(struct instance *instance, struct page *page)
{
	do {	/* bounded: each round another thread has freed, or counted */
		while (unlikely(!page_collect_and(page, true))) {
			/* what another thread is busy with is left to it */
			atomic_write(&page->owner, 0);
			if (thread_free_leave(page))
				return;
		}
		account_change_hands(page);
		if (account_settle(page)) {
			page_free(page);
			return;
		}
	} while (!page_try_abandon(instance, page, page->reserved -
				   account_count_away(page)));
}

bool page_abandon(struct page *page, void *arg)
{
	struct heap *heap = page->heap;

	(void)arg;
	thread_free_unmark_full(page);
	heap_page_remove(heap, page);
	if (page_state(page) == PAGE_NOTIFIED)
		/*
		 * The holder has the page's link, so it stays as it is. Who
		 * finds the heap parked also finds that the page is an orphan:
		 * heap_close() makes this seen.
		 */
		atomic_write(&page->owner, 0);
	else
		page_free_or_abandon(heap->instance, page);
	return true;
}

/* Nobody else has the page: others may free into it, and no more */
void page_abandon_orphan(struct instance *instance, struct page *page)
{
	mi_assert(!atomic_read(&page->owner));
	(void)thread_free_denotify(page);
	page_free_or_abandon(instance, page);
}

static void page_unlist(struct instance *instance, struct page *page)
{
	port_lock(&instance->lock);
	abandoned_remove(instance, page);
	port_unlock(&instance->lock);
}

void page_claimed(struct heap *heap, struct page *page, struct block *list)
{
	/*
	 * The lock: page_try_abandon() held it, so all that the owner before
	 * did to the page is seen from here on. Relaxed: who becomes a holder
	 * later does so after thread_free_mark_full(), which releases both.
	 */
	page_unlist(heap->instance, page);
	atomic_write(&page->heap, heap);
	atomic_write(&page->owner, heap->owner);
	account_change_hands(page);
	if (list)
		page_take_list(page, list);
}

#if MI_CONCURRENT

void page_claimed_empty(struct instance *instance, struct page *page)
{
	page_unlist(instance, page);
	page_free(page);
}

#endif

static bool page_try_claim(struct page *page, struct block **list)
{
	uintptr_t word = thread_free_read(page);

	do {
		if (word_state(word) != PAGE_ABANDONED)
			return false;	/* a free was faster */
	} while (!thread_free_try_claim(page, &word));
	*list = word_list(page, word);
	return true;
}

struct page *page_reclaim(struct heap *heap, unsigned int class)
{
	struct instance *instance = heap->instance;
	unsigned int tries;
	struct block *list;
	struct page *page;
	bool claimed;

	if (likely(!atomic_read(&instance->abandoned_count)) ||
	    heap != heap->backing)	/* others may be destroyed */
		return NULL;
	for (tries = 0; tries < RECLAIM_TRIES; tries++) {
		port_lock(&instance->lock);
		page = instance->abandoned[class];
		claimed = false;
		if (page) {
			abandoned_remove(instance, page);
			claimed = page_try_claim(page, &list);
		}
		port_unlock(&instance->lock);
		if (!page)
			return NULL;
		if (!claimed)
			continue;	/* a free was faster */
		page_claimed(heap, page, list);
		heap->page_count[class]++;
		if (!page_list_is_empty(page) || page_refill(page) ||
		    page_extend(page))
			return page;
		/* nothing is free: it waits in the queue, the next is tried */
		heap->page_count[class]--;
		heap_page_adopt(heap, page);
	}
	return NULL;
}

#if !MI_CONCURRENT

void page_abandoned_emptied(struct page *page)
{
	struct instance *instance = page->heap->instance;
	uintptr_t word = thread_free_read(page);

	abandoned_remove(instance, page);
	(void)thread_free_try_claim(page, &word);	/* cannot fail here */
	page_free(page);
}

#endif /* !MI_CONCURRENT */

#else /* !MI_THREADS */

struct page *page_reclaim(struct heap *heap, unsigned int class)
{
	(void)heap;
	(void)class;
	return NULL;
}

#endif /* MI_THREADS */
