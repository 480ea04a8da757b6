/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whose turn it is, and heaps for threads.
 *
 * Threads take turns, so one word holds the heap of the thread that allocated
 * last, and another which thread that was. Another thread finds its heap in a
 * hash table. No thread local storage is used: bare threads have none.
 */
#include "port_internal.h"

#if CONFIG_LIBUKSCHED
#include <uk/thread.h>
#endif

/* The owner before the scheduler has started; no thread lies there */
#define BOOT_OWNER		((uintptr_t)1)

uintptr_t port_thread_id(void)
{
#if CONFIG_LIBUKSCHED
	uintptr_t thread = (uintptr_t)uk_thread_current();

	return thread ? thread : BOOT_OWNER;
#else
	return BOOT_OWNER;
#endif
}

#if MI_THREADS

/* No thread lies there, either, and it is not that of early boot: NULL */
#define NOBODY			((struct uk_thread *)2)

struct uk_thread *heap_thread = NOBODY;

struct heap *heap_switch(void)
{
	struct heap *boot = &default_instance.main_heap, *heap;
	uintptr_t self = port_thread_id();

	/* the context that booted becomes a thread, or some thread its heir */
	if (unlikely(boot->owner == BOOT_OWNER) && self != BOOT_OWNER &&
	    heap_of_owner(&default_instance, BOOT_OWNER) == boot)
		heap_set_owner(boot, self);
	heap = heap_of_owner(&default_instance, self);
	if (!heap)
		heap = &empty_heap;	/* the engine makes one when needed */
	heap_word = heap_to_word(heap);
	heap_thread = uk_thread_current();
	return heap;
}

/* A heap is made when it is needed */
static int thread_init(struct uk_thread *child, struct uk_thread *parent)
{
	(void)child;
	(void)parent;
	return 0;
}

/* May run in another thread's turn */
static void thread_term(struct uk_thread *child)
{
	struct heap *heap;

	if (!default_instance_pointer)
		return;
	if (heap_thread == child) {
		heap_thread = NOBODY;
		heap_word = heap_to_word(&empty_heap);
	}
	heap = heap_of_owner(&default_instance, (uintptr_t)child);
	if (heap)
		heaps_abandon(heap);
}

/* Last of all: others free in their callbacks. Asks for nothing of a thread */
UK_THREAD_INIT_PRIO_FLAGS(thread_init, thread_term, UK_PRIO_EARLIEST, 0);

#endif /* MI_THREADS */
