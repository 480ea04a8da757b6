/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whose turn it is, and heaps for threads. One CPU.
 *
 * Threads take turns, so one word holds the heap of the thread that allocated
 * last, and another which thread that was. Another thread finds its heap in a
 * hash table. No thread local storage is used: bare threads have none.
 */
#include "port_internal.h"

#if !MI_CONCURRENT

uintptr_t port_thread_id(void)
{
	uintptr_t thread = (uintptr_t)port_turn();

	return thread ? thread : BOOT_OWNER;
}

void (*thread_ends)(uintptr_t owner);

#if MI_THREADS

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

static void heaps_of_thread_end(uintptr_t owner)
{
	struct heap *heap = heap_of_owner(&default_instance, owner);

	if (heap_thread == thread_of_owner(owner)) {
		heap_thread = NOBODY;
		heap_word = heap_to_word(&empty_heap);
	}
	if (heap)
		heaps_abandon(heap);
}

#else

static void heaps_of_thread_end(uintptr_t owner)
{
	(void)owner;
}

#endif /* MI_THREADS */

/* In another thread's turn perhaps. First what it has beside its first heap */
static void thread_end(uintptr_t owner)
{
	if (!default_instance_is_made())
		return;
	if (thread_ends)
		thread_ends(owner);
	heaps_of_thread_end(owner);
}

void turn_thread_done(void)
{
	thread_end(port_thread_id());
}

#if MI_THREADS || (CONFIG_LIBUKSCHED && CONFIG_LIBMIMALLOC_API)

/* A heap is made when it is needed */
static int thread_init(struct uk_thread *child, struct uk_thread *parent)
{
	(void)child;
	(void)parent;
	return 0;
}

static void thread_term(struct uk_thread *child)
{
	thread_end((uintptr_t)child);
}

/* Last of all: others free in their callbacks. Asks for nothing of a thread */
UK_THREAD_INIT_PRIO_FLAGS(thread_init, thread_term, UK_PRIO_EARLIEST, 0);

#endif

/* Nobody else has a turn meanwhile */
void port_lock(struct port_lock *lock)
{
	(void)lock;
}

bool port_lock_is_interrupted(const struct port_lock *lock)
{
	(void)lock;
	return false;
}

void port_unlock(struct port_lock *lock)
{
	(void)lock;
}

void port_init(void)
{
}

bool port_is_supported(void)
{
	return true;
}

#endif /* !MI_CONCURRENT */
