/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A heap's lists of pages.
 *
 *	queue of a class:  [ taken from ] [ has free blocks ] [ .. ]
 *	full list:         pages with nothing free, out of every queue
 */
#ifndef MI_QUEUE_H
#define MI_QUEUE_H

#include "heap.h"

static inline void queue_append(struct heap *heap, struct page *page)
{
	struct queue *queue = &heap->queues[page->class];

	page->next = NULL;
	page->prev = queue->last;
	if (queue->last)
		queue->last->next = page;
	else
		queue->first = page;
	queue->last = page;
}

static inline void queue_prepend(struct heap *heap, struct page *page)
{
	struct queue *queue = &heap->queues[page->class];

	page->prev = NULL;
	page->next = queue->last ? queue->first : NULL;
	if (page->next)
		page->next->prev = page;
	else
		queue->last = page;
	queue->first = page;
}

static inline void queue_remove(struct heap *heap, struct page *page)
{
	struct queue *queue = &heap->queues[page->class];

	if (page->prev)
		page->prev->next = page->next;
	else
		queue->first = page->next ? page->next : &empty_page;
	if (page->next)
		page->next->prev = page->prev;
	else
		queue->last = page->prev;
}

static inline void full_insert(struct heap *heap, struct page *page)
{
	page->flags |= PAGE_IN_FULL;
	page->prev = NULL;
	page->next = heap->full;
	if (page->next)
		page->next->prev = page;
	heap->full = page;
}

static inline void full_remove(struct heap *heap, struct page *page)
{
	page->flags &= (uint8_t)~PAGE_IN_FULL;
	if (page->prev)
		page->prev->next = page->next;
	else
		heap->full = page->next;
	if (page->next)
		page->next->prev = page->prev;
}

#endif /* MI_QUEUE_H */
