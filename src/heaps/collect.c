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
	/* release: pairs with the acquire below, for the argument */
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

static void page_remove(struct page *page)
{
	heap_page_remove(page->heap, page);
	page_free(page);
}

enum collect {
	COLLECT_SOME,	/* each class keeps an empty page */
	COLLECT_EMPTY,	/* all empty pages go */
	COLLECT_HOLES,	/* and what lies between live blocks */
};

static COLD bool page_collect(struct page *page, void *arg)
{
	const enum collect what = *(enum collect *)arg;
	struct heap *heap = page->heap;

	page_collect_remote(page);
	if (page->flags & PAGE_IN_FULL) {
		if (page->local_free == page_empty_list(page) &&
		    page_list_is_empty(page) && !page->holes &&
		    !page_is_husk(page))
			return true;
		heap_page_unfull(page);
	}
	if (account_settle(page) && page_state(page) == PAGE_ACTIVE &&
	    (what != COLLECT_SOME || heap->page_count[page->class] > 1 ||
	     page_is_husk(page))) {
		page_remove(page);
	} else if (what == COLLECT_HOLES && thread_free_wake(page) &&
		   page_make_holes(page)) {
		/* a kept page swaps its lists and knows of no holes */
		page_unkeep(heap, page);
		(void)account_settle(page);
	}
	return true;
}

static COLD void heap_collect_what(struct heap *heap, enum collect what)
{
	heap_call_deferred(heap, what != COLLECT_SOME);
	if (what != COLLECT_SOME)
		large_cache_flush(heap->instance);
	heap_drain_all(heap);
	(void)heap_visit_pages(heap, page_collect, &what);
}

void heap_collect(struct heap *heap, bool force)
{
	heap_collect_what(heap, force ? COLLECT_HOLES : COLLECT_SOME);
}

/*
 * Whether the run is a page that may be given back if it is empty. The flags of
 * another thread's page are not to be read. A page that is not kept is left
 * out, as a walk of its blocks would mostly be in vain: it is given back by the
 * free that empties it. Relaxed: see ground/run.h.
 */
static bool page_may_go(const struct run *run)
{
#if MI_CONCURRENT
	if (!port_thread_is(atomic_read(&run->owner)))
		return false;
#endif
	return run->kind == RUN_PAGE && (run->flags & PAGE_SWAPS);
}

/*
 * The first of the caller's kept pages that stand, with nothing between them
 * but what is free, right behind a run and in the way of so many units. NULL:
 * there is none, or something else is in the way.
 */
static struct page *page_in_the_way(struct instance *instance,
				    const struct run *run, size_t units)
{
	struct page *first = NULL;
	bool enough = false;
	struct run *next;

	port_lock(&instance->lock);
	for (next = run->phys.next; next; next = next->phys.next) {
		if (page_may_go(next))
			first = first ? first : page_of_run(next);
		else if (next->kind != RUN_FREE)
			break;
		if (next->units >= units) {
			enough = true;
			break;
		}
		units -= next->units;
	}
	port_unlock(&instance->lock);
	return enough ? first : NULL;
}

COLD bool heap_pages_give_way(struct instance *instance, const struct run *run,
			      size_t units)
{
	struct page *page;
	bool some = false;

	while ((page = page_in_the_way(instance, run, units)) &&
	       account_settle(page) && page_state(page) == PAGE_ACTIVE) {
		page_remove(page);
		some = true;
	}
	return some;
}

#if MI_CONCURRENT

/* The first heap of the caller that its word does not lead to, or NULL */
static struct heap *heap_here_in(struct instance *instance)
{
#if PORT_OWNER_TABLE
	return heap_of_owner(instance, port_thread_id());
#else
	(void)instance;
	return NULL;
#endif
}

#endif

/*
 * Where threads take turns, all heaps may be looked at by each of them. Else
 * the list of heaps is others', too: only that of the thread's own is walked.
 */
static COLD void heaps_collect_what(struct instance *instance,
				    enum collect what)
{
#if MI_CONCURRENT
	struct heap *heap = heap_current()->backing;

	if (!heap || heap->instance != instance)
		heap = heap_here_in(instance);
	for (; heap; heap = heap->thread_next)
		heap_collect_what(heap, what);
#else
	struct heap *heap = instance->heaps;

	for (; heap; heap = heap->list.next)
		heap_collect_what(heap, what);
#endif
	instance_settle(instance);
}

void heaps_collect(struct instance *instance)
{
	heaps_collect_what(instance, COLLECT_HOLES);
}

/* Holes help a request where it is frames that it lacks, not addresses */
void heap_collect_all(struct heap *heap)
{
	const enum collect what = PORT_FRAMES_RUN_OUT ? COLLECT_HOLES :
				  COLLECT_EMPTY;

	heap_collect_what(heap, what);
	if (!MI_CONCURRENT)
		heaps_collect_what(heap->instance, what);
	/* a page cut from a dirty run asks for frames which the run has then */
	if (PORT_FRAMES_RUN_OUT && heap->instance->config.purge_enabled)
		purge_all(heap->instance);
}
