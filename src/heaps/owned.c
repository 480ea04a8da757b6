/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a heap does with one of its pages when blocks were taken or came back.
 *
 *	in its queue <---> full		enough is free, or nothing
 *	      |
 *	    empty			kept, or given back to the arena
 */
#include "heaps/queue.h"

void heap_page_full(struct heap *heap, struct page *page)
{
	if (unlikely(page_is_husk(page)) && page_state(page) == PAGE_ACTIVE) {
		heap_page_remove(heap, page);
		page_free(page);
		return;
	}
	if (!thread_free_mark_full(page))
		return;
	page_unkeep(heap, page);
	queue_remove(heap, page);
	full_insert(heap, page);
	account_suspend(page);
}

void heap_page_unfull(struct page *page)
{
	struct heap *heap = page->heap;

	thread_free_unmark_full(page);
	full_remove(heap, page);
	queue_append(heap, page);
}

void heap_page_emptied(struct page *page)
{
	struct heap *heap = page->heap;

#if MI_THREADS && !MI_CONCURRENT
	if (page->flags & PAGE_IN_ABANDONED) {
		page_abandoned_emptied(page);
		return;
	}
#endif
	/* the holder has the page's link: heap_drain() will sweep the page */
	if (page_state(page) == PAGE_NOTIFIED)
		return;
	if (!page_is_husk(page) && page_keep(heap, page))
		return;
	/* one of small blocks is better made anew: its blocks are in order */
	if (page->block_size >= UNIT_SIZE)
		heap_gives_back(heap, page->class);
	heap_page_remove(heap, page);
	page_free(page);
}

void heap_page_sweep(struct page *page)
{
	page_collect_remote(page);
	if (page->flags & PAGE_IN_FULL) {
		/* malloc took all while it was NOTIFIED: it stays full */
		if (page->local_free == page_empty_list(page) &&
		    page_list_is_empty(page) && !page_is_husk(page) &&
		    thread_free_mark_full(page))
			return;
		/* what came since the first look */
		page_collect_remote(page);
		heap_page_unfull(page);
	}
	if (account_settle(page))
		heap_page_emptied(page);
}

void heap_sweep(struct heap *heap, unsigned int class, unsigned int pages)
{
	struct queue *queue = &heap->queues[class];
	struct page *page;

	while (pages-- && queue->last) {
		page = queue->first;
		if (page != queue->last) {
			queue_remove(heap, page);
			queue_append(heap, page);
		}
		/* nothing came, so nothing has changed but by the owner */
		if (!word_has_come(thread_free_read(page)))
			continue;
		page_collect_remote(page);
		if (account_settle(page))
			heap_page_emptied(page);
	}
}
