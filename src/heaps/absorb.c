/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of the pages of a heap that is deleted, or destroyed. */
#include "heaps/queue.h"

static bool page_move(struct page *page, void *arg)
{
	struct heap *to = arg, *from = page->heap;
	bool full = page->flags & PAGE_IN_FULL;

	heap_page_remove(from, page);
	/*
	 * Relaxed: who is on the way to the heap before finds HEAP_PARKED
	 * there, and with that this (heap_close()); or a new life of it, which
	 * passes the page on.
	 */
	atomic_write(&page->heap, to);
	to->page_count[page->class]++;
	if (full)
		full_insert(to, page);
	else
		queue_append(to, page);
	return true;
}

static bool page_absorb(struct page *page, void *arg)
{
	page_move(page, arg);
	if (!(page->flags & PAGE_IN_FULL)) {
		account_change_hands(page);
		if (account_settle(page))
			heap_page_emptied(page);
	}
	return true;
}

void heap_absorb(struct heap *heap, struct heap *from)
{
	struct large *large;

	heap_drain_all(from);
	(void)heap_visit_pages(from, page_absorb, heap);
	port_lock(&heap->instance->lock);
	while ((large = from->large)) {
		large_unlist(large);
		large_list(large, &heap->large);
	}
	port_unlock(&heap->instance->lock);
}

/*
 * Every block of a page of the heap that is destroyed is free from now on:
 *
 * - PURGING or COUNTING: another thread is giving its memory back, as all of
 *   its blocks have come back, or walks some. So nothing of it may be touched.
 *   The page goes to the thread's first heap, which finds it PURGED, and so
 *   empty, when it collects.
 * - NOTIFIED: the holder will put the page on a list, or has done so, and uses
 *   the link in its descriptor, which may not be given back before. So the
 *   blocks are made anew, and the page goes to the thread's first heap, too. It
 *   has free blocks now, so it must not stand among the full ones there.
 * - Otherwise nobody else has to do with it, and it is given back.
 */
static bool page_drop(struct page *page, void *arg)
{
	struct heap *heap = page->heap, *backing = arg;
	uintptr_t word;

	if (!thread_free_drop(page, &word)) {
		if (word & PAGE_COUNTING) {
			page_end_wait(page, word);
			(void)atomic_add(&heap->instance->remote_purged_units,
					 page->units);
		}
		page_move(page, backing);
		return true;
	}
	page_end_wait(page, word);
	if (word_state(word) == PAGE_NOTIFIED) {
		if (page->flags & PAGE_IN_FULL)
			heap_page_unfull(page);
		page_restart(page, word);
		page_move(page, backing);
		return true;
	}
	if (unlikely(word_is_ceded(word)))	/* no units to give back */
		page_restart(page, word);
	heap_page_remove(heap, page);
	page_free(page);
	return true;
}

/*
 * The next live large block of the heap, off its list. Others on the list
 * are free already: in the cache, or on their way to instance_run_free().
 */
static struct large *large_take(struct heap *heap)
{
	struct instance *instance = heap->instance;
	struct large *large;

	port_lock(&instance->lock);
	for (;;) {
		large = heap->large;
		if (!large)
			break;
		large_unlist(large);
		if (*large->map_entry)
			break;
	}
	port_unlock(&instance->lock);
	return large;
}

void heap_drop_pages(struct heap *heap)
{
	struct large *large;

	heap_drain_all(heap);
	(void)heap_visit_pages(heap, page_drop, heap->backing);
	heap_drain_all(heap);	/* passes late ones on */
	while ((large = large_take(heap))) {
		*large->map_entry = 0;
		instance_run_free(heap->instance, &large->run);
	}
}
