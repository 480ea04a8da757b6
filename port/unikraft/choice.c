/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which heap the mi_* functions take from, for each thread.
 *
 *	LIBMIMALLOC_SINGLE_HEAP		the first heap of all threads,
 *	LIBMIMALLOC_THREAD_HEAPS	or of the thread,
 *	mi_heap_set_default()		or what the thread has chosen
 *
 * All heaps that mi_heap_new() makes stand behind a first heap, in its list
 * `thread_next`: with one heap for all threads those of all. A choice is a flag
 * of the heap that is chosen, which belongs to the thread that made it. The
 * table of functions does not heed it: what the kernel allocates in a thread's
 * name must not go when the thread destroys a heap.
 */
#include "port_internal.h"

struct instance instance_of_none = {
	.map = (struct map *)&map_of_none,
	.main_heap_used = true,
};

void *turn_malloc(size_t size)
{
	return heap_malloc(turn_take(), size);
}

#if MI_CONCURRENT

/* Each thread's first heap remembers: no other thread sees it */
void heap_unchoose(struct heap *heap)
{
	if (heap->backing->choice == heap)
		heap->backing->choice = heap->backing;
}

void heap_choose(struct heap *heap)
{
	heap->backing->choice = heap;
}

struct heap *turn_take(void)
{
	struct heap *first;

	if (!default_instance_is_made()) {
		default_instance_pointer = &instance_of_none;
		return &empty_heap;
	}
	first = heap_current_or_new();
	if (!first)
		return &empty_heap;
	if (!first->choice)
		first->choice = first;
	return first->choice;
}

#else

struct heap *turn_heap = &empty_heap;
const struct uk_thread *turn_thread = NOBODY;

/* How many heaps are chosen, by whatever threads */
static unsigned int heaps_chosen;

static struct heap *first_heap(uintptr_t owner)
{
#if MI_THREADS
	return heap_of_owner(&default_instance, owner);
#else
	(void)owner;
	return &default_instance.main_heap;
#endif
}

static struct heap *first_heap_or_new(void)
{
#if MI_THREADS
	(void)heap_switch();	/* for what is called here */
	return heap_current_or_new();
#else
	return &default_instance.main_heap;
#endif
}

/* What the thread has chosen among the heaps behind its first one, or that */
static struct heap *chosen_heap(struct heap *first, uintptr_t owner)
{
	struct heap *heap = heaps_chosen ? first->thread_next : NULL;

	while (heap && !(heap->chosen && heap->owner == owner))
		heap = heap->thread_next;
	return heap ? heap : first;
}

void heap_unchoose(struct heap *heap)
{
	if (!heap->chosen)
		return;
	heap->chosen = false;
	heaps_chosen--;
	if (turn_heap == heap)
		turn_thread = NOBODY;
}

/* The caller's turn has been taken: turn_heap is what it had chosen before */
void heap_choose(struct heap *heap)
{
	heap_unchoose(turn_heap);
	if (heap != heap->backing) {
		heap->chosen = true;
		heaps_chosen++;
	}
	turn_thread = NOBODY;
}

/* The heaps that an ending thread has made: its blocks go to the first one */
static void chosen_thread_ends(uintptr_t owner)
{
	struct heap *first = first_heap(owner), *heap, *next;

	if (turn_thread == thread_of_owner(owner))
		turn_thread = NOBODY;
	for (heap = first ? first->thread_next : NULL; heap; heap = next) {
		next = heap->thread_next;
		if (heap->owner != owner)
			continue;
		heap_unchoose(heap);
		heap_absorb(first, heap);
		heap_end(heap);
	}
}

struct heap *turn_take(void)
{
	struct heap *first;

	if (!default_instance_is_made()) {
		default_instance_pointer = &instance_of_none;
		return &empty_heap;
	}
	first = first_heap_or_new();
	if (!first)
		return &empty_heap;
	thread_ends = chosen_thread_ends;
	turn_heap = chosen_heap(first, port_thread_id());
	turn_thread = port_turn();
	return turn_heap;
}

#endif /* MI_CONCURRENT */
