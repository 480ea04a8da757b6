/* SPDX-License-Identifier: BSD-3-Clause */
/* A heap looks at all its pages: for mi_collect(), and when memory is short. */
#include "heaps/heaps.h"

static struct {
	void (*call)(bool force, unsigned long long heartbeat, void *arg);
	void *arg;
} deferred;

void heap_set_deferred(void (*call)(bool, unsigned long long, void *),
		       void *arg)
{
	deferred.arg = arg;
	atomic_write_release(&deferred.call, call);
}

void heap_call_deferred(struct heap *heap, bool force)
{
	heap->heartbeat++;
	if (likely(!atomic_read_acquire(&deferred.call)) || heap->in_deferred)
		return;
	heap->in_deferred = true;
	deferred.call(force, heap->heartbeat, deferred.arg);
	heap->in_deferred = false;
}

static COLD bool page_collect(struct page *page, void *force)
{
	struct heap *heap = page->heap;

	page_collect_remote(page);
	if (page->flags & PAGE_IN_FULL) {
		if (page->local_free == page_empty_list(page) &&
		    page_list_is_empty(page) && !page->holes)
			return true;
		heap_page_unfull(page);
	}
	if (account_settle(page) && page_state(page) == PAGE_ACTIVE &&
	    (*(bool *)force || heap->page_count[page->class] > 1)) {
		heap_page_remove(heap, page);
		page_free(page);
	} else if (*(bool *)force && page_make_holes(page)) {
		/* a kept page swaps its lists and knows of no holes */
		page_unkeep(heap, page);
		(void)account_settle(page);
	}
	return true;
}

void heap_collect(struct heap *heap, bool force)
{
	heap_call_deferred(heap, force);
	if (force)
		large_cache_flush(heap->instance);
	heap_drain_all(heap);
	(void)heap_visit_pages(heap, page_collect, &force);
}

/*
 * Where threads take turns, all heaps may be looked at by each of them. Else
 * the list of heaps is others', too: only that of the thread's own is walked.
 */
void heaps_collect(struct instance *instance)
{
#if MI_CONCURRENT
	struct heap *heap = heap_current()->backing;

	if (heap && heap->instance != instance)
		heap = NULL;
	for (; heap; heap = heap->thread_next)
		heap_collect(heap, true);
#else
	struct heap *heap = instance->heaps;

	for (; heap; heap = heap->list.next)
		heap_collect(heap, true);
#endif
	instance_settle(instance);
}

void heap_collect_all(struct heap *heap)
{
	heap_collect(heap, true);
	if (!MI_CONCURRENT)
		heaps_collect(heap->instance);
	/* a page cut from a dirty run asks for frames which the run has then */
	if (PORT_FRAMES_RUN_OUT && heap->instance->config.purge_enabled)
		purge_all(heap->instance);
}
