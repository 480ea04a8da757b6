/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pages between two owners: left by a thread that ends, claimed by another
 * one. The states are in docs/design.md, "Threads".
 */
#include "heap.h"

#if MI_THREADS

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
 * The page stands in no list; its state is not NOTIFIED; `free` of its blocks
 * are not away. False: blocks came back meanwhile, perhaps the last of
 * them, and it stays the caller's.
 */
static bool page_abandon(struct instance *instance, struct page *page,
			 size_t free)
{
	uintptr_t word = atomic_read(&page->thread_free);
	bool nothing_came;

	if (!MI_CONCURRENT)	/* a heap that stays: leads to the instance */
		page->heap = &instance->main_heap;
	port_lock(&instance->lock);
	if (!arena_by_number(instance, page->arena_number)->exclusive)
		abandoned_insert(instance, page);
	atomic_write(&page->owner, 0);
	/* release: who claims it finds all that was done to it before */
	do {
		nothing_came = !(word & (PAGE_LIST_MASK | PAGE_EMPTIED));
	} while (nothing_came &&
		 !atomic_compare_swap(&page->thread_free, &word,
				      (word & PAGE_PURGING) | PAGE_ABANDONED |
				      free << PAGE_COUNT_SHIFT));
	if (!nothing_came)
		abandoned_remove(instance, page);
	port_unlock(&instance->lock);
	return nothing_came;
}

/* What is empty goes, and the rest waits for another owner */
void page_give_up(struct instance *instance, struct page *page)
{
	do {	/* bounded: each round another thread has freed */
		page_collect_remote(page);
		account_change_hands(page);
		if (account_settle(page)) {
			page_free(page);
			return;
		}
	} while (!page_abandon(instance, page,
			       page->reserved - account_count_away(page)));
}

bool page_leave(struct page *page, void *arg)
{
	struct heap *heap = page->heap;
	uintptr_t word = atomic_read(&page->thread_free);

	(void)arg;
	/* FULL becomes ACTIVE, so that nobody sends a notification any more */
	while ((word & PAGE_STATE_MASK) == PAGE_FULL &&
	       !atomic_compare_swap(&page->thread_free, &word,
				    word & ~PAGE_STATE_MASK))
		;	/* bounded: each failure is another thread's free */
	heap_page_remove(heap, page);
	if (page_state(page) == PAGE_NOTIFIED)
		/* who holds that decides; heap_close() makes it seen */
		atomic_write(&page->owner, 0);
	else
		page_give_up(heap->instance, page);
	return true;
}

/*
 * The caller holds NOTIFIED of a page whose owner has left it, so nobody else
 * knows the page but for what is freed into it.
 */
void page_left(struct instance *instance, struct page *page)
{
	uintptr_t word = atomic_read(&page->thread_free);

	mi_assert(!atomic_read(&page->owner));
	while (!atomic_compare_swap(&page->thread_free, &word,
				    word & ~PAGE_STATE_MASK))
		;	/* bounded: each failure is another thread's free */
	page_give_up(instance, page);
}

static void page_unlist(struct instance *instance, struct page *page)
{
	port_lock(&instance->lock);
	abandoned_remove(instance, page);
	port_unlock(&instance->lock);
}

void page_claimed(struct heap *heap, struct page *page, struct block *list)
{
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

/*
 * The list goes with the state: in a count that goes on nobody could tell the
 * blocks of the list from those that the page had before.
 */
static bool page_try_claim(struct page *page, struct block **list)
{
	uintptr_t word = atomic_read(&page->thread_free);

	do {
		if ((word & PAGE_STATE_MASK) != PAGE_ABANDONED)
			return false;
	} while (!atomic_compare_swap(&page->thread_free, &word,
				      word & PAGE_PURGING));
	*list = word_list(word);
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
		/* nothing free: it becomes full, and we look on */
		heap->page_count[class]--;
		heap_page_adopt(heap, page);
	}
	return NULL;
}

#if !MI_CONCURRENT

void page_abandoned_emptied(struct page *page)
{
	struct instance *instance = page->heap->instance;

	abandoned_remove(instance, page);
	page->thread_free = PAGE_ACTIVE;
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
