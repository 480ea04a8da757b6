/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A heap's lists of pages.
 *
 *	queue of a class:  [ taken from ] [ has free blocks ] [ .. ]
 *	full list:         pages with little or nothing free, out of every queue
 */
#ifndef MI_QUEUE_H
#define MI_QUEUE_H

#include "heaps/heaps.h"

static inline void queue_append(struct heap *heap, struct page *page)
{
	struct queue *queue = &heap->queues[page->class];

	DEQUE_APPEND(queue, page, list);
}

static inline void queue_prepend(struct heap *heap, struct page *page)
{
	struct queue *queue = &heap->queues[page->class];

	if (!queue->last)
		queue->first = NULL;
	DEQUE_PREPEND(queue, page, list);
}

static inline void queue_remove(struct heap *heap, struct page *page)
{
	struct queue *queue = &heap->queues[page->class];

	DEQUE_REMOVE(queue, page, list);
	if (!queue->first)
		queue->first = &empty_page;
}

static inline void full_insert(struct heap *heap, struct page *page)
{
	page->flags |= PAGE_IN_FULL;
	LIST_PUSH(heap->full, page, list);
}

static inline void full_remove(struct heap *heap, struct page *page)
{
	page->flags &= (uint8_t)~PAGE_IN_FULL;
	LIST_REMOVE(heap->full, page, list);
}

#endif /* MI_QUEUE_H */
