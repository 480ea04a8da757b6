/* SPDX-License-Identifier: BSD-3-Clause */
/* A heap's lists of pages: which stand there, and where. */
#include "heaps/queue.h"

/*
 * A page without blocks. A queue that has no page leads to it, so that malloc
 * takes the slow path from there without a test of its own.
 */
struct page empty_page = {
	.free = (struct block *)&empty_page,
	.local_free = (struct block *)&empty_page,
};

#define Q1	{ &empty_page, NULL }
#define Q5	Q1, Q1, Q1, Q1, Q1
#define Q35	Q5, Q5, Q5, Q5, Q5, Q5, Q5

struct heap empty_heap = { .queues = { Q35, Q35, Q35 } };

_Static_assert(CLASS_COUNT == 105, "a Q1 for each class");

#ifndef PORT_HEAP_WORD
PORT_TLS uintptr_t heap_word = (uintptr_t)&empty_heap + HEAP_WORD_BIAS;
#endif

void heap_init(struct heap *heap)
{
	unsigned int class;

	/* what follows may be read by threads that come late: it stays */
	memory_zero(heap, __builtin_offsetof(struct heap, notified));
	for (class = 0; class < CLASS_COUNT; class++)
		heap->queues[class].first = &empty_page;
	heap->owner = port_thread_id();
}

void heap_page_remove(struct heap *heap, struct page *page)
{
	page_unkeep(heap, page);
	if (page->flags & PAGE_IN_FULL)
		full_remove(heap, page);
	else
		queue_remove(heap, page);
	heap->page_count[page->class]--;
}

void heap_page_adopt(struct heap *heap, struct page *page)
{
	heap->page_count[page->class]++;
	queue_append(heap, page);
}

bool heap_visit_pages(struct heap *heap, page_visit_fun *visit, void *arg)
{
	struct page *page, *next;
	unsigned int class;

	for (class = 0; class < CLASS_COUNT; class++) {
		page = heap->queues[class].first;
		for (; page && page != &empty_page; page = next) {
			next = page->list.next;
			if (!visit(page, arg))
				return false;
		}
	}
	for (page = heap->full; page; page = next) {
		next = page->list.next;
		if (!visit(page, arg))
			return false;
	}
	return true;
}
