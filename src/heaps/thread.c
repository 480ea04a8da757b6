/* SPDX-License-Identifier: BSD-3-Clause */
/* A thread and its heaps: how it gets the first one, and how they end. */
#include "heaps/heaps.h"

#if !PORT_OWNER_TABLE

/*
 * Set when a thread's heap has ended. What the thread's last destructors, or
 * the C library after them, allocate makes a heap whose end nobody will tell
 * us of: it is late, and so are those of a thread that goes on after
 * mi_thread_done().
 */
static PORT_TLS bool thread_has_ended;

/*
 * The late heap of an earlier thread with the caller's id becomes the caller's:
 * ids are unique among live threads, so nobody uses it any more. Most programs
 * have no late heap.
 */
static struct heap *heap_find_own(struct instance *instance)
{
	uintptr_t self = port_thread_id();
	struct heap *heap;

	port_lock(&instance->lock);
	heap = instance->late;
	while (heap && heap->owner != self)
		heap = heap->list.next;
	if (heap)
		heap_set_late(heap, thread_has_ended);
	port_unlock(&instance->lock);
	return heap;
}

#else

#define thread_has_ended	false

static struct heap *heap_find_own(struct instance *instance)
{
	return heap_of_owner(instance, port_thread_id());
}

#endif

COLD struct heap *heap_current_or_new(void)
{
	struct heap *heap = heap_current();

	if (likely(heap != &empty_heap))
		return heap;
	port_init();
	heap = heap_find_own(&default_instance);
	if (!heap)
		heap = heap_create(&default_instance, NULL,
				   thread_has_ended);
	if (!heap)
		return NULL;
	heap_word = heap_to_word(heap);
	port_thread_started();
	return heap;
}

#if MI_THREADS

static void heap_abandon(struct heap *heap)
{
	heap_drain_all(heap);
	(void)heap_visit_pages(heap, page_abandon, NULL);
	heap_park(heap);
}

void heaps_abandon(struct heap *heap)
{
	struct heap *other;

	/*
	 * The first heap of the thread ends last: a page that another thread
	 * sends back to one of the others late is taken over by the first.
	 */
	while ((other = heap->thread_next)) {
		heap->thread_next = other->thread_next;
		heap_abandon(other);
	}
	heap_abandon(heap);
}

void heaps_thread_done(void)
{
	struct heap *heap = heap_current();

	if (heap == &empty_heap)
		return;
	heap_word = heap_to_word(&empty_heap);
#if !PORT_OWNER_TABLE
	thread_has_ended = true;
#endif
	heaps_abandon(heap->backing);
}

#else /* !MI_THREADS */

void heaps_thread_done(void)
{
}

#endif /* MI_THREADS */
