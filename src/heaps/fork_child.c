/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In the child of a fork only one thread goes on. Its heaps are as they were;
 * those of the others are orphaned: no thread will ever look at them again.
 * Their blocks may be freed, but are not given out anew. The lock is held.
 */
#include "heaps/heaps.h"

#if MI_THREADS

/*
 * Free runs whose memory another thread was giving back: how far it came is
 * not known, so they count as dirty.
 */
static void runs_end_purge(struct instance *instance, uintptr_t self)
{
	struct arena *arena;
	struct run *run;

	for (arena = instance->arenas; arena; arena = arena->next) {
		for (run = arena->phys.first; run; run = run->phys.next) {
			if (run->kind == RUN_PURGING && run->owner != self) {
				run_put(arena, run, true);
				/* it has joined its neighbours: once more */
				run = arena->phys.first;
			}
		}
	}
}

/*
 * An orphaned heap has no owner, so that no thread takes it for its own: a
 * later one may well have the id of one that is gone. It counts no longer.
 */
static void heaps_orphan(struct instance *instance, uintptr_t self)
{
	struct heap *heap, *next;

	for (heap = instance->late; heap; heap = next) {
		next = heap->list.next;
		if (heap->owner != self)
			heap_set_late(heap, false);
	}
	instance->heap_count = 0;
	for (heap = instance->heaps; heap; heap = heap->list.next) {
		if (heap->owner != self)
			heap->owner = 0;
		else
			instance->heap_count++;
	}
	for (heap = instance->late; heap; heap = heap->list.next)
		instance->heap_count++;
}

/*
 * Nor have its pages, so that a free takes the way of one from outside. What
 * such pages counted for is counted no more, as nobody will undo it.
 */
static void pages_orphan(struct arena *arena, uintptr_t self)
{
	struct instance *instance = arena->instance;
	struct page *page;
	struct run *run;
	uintptr_t word;

	for (run = arena->phys.first; run; run = run->phys.next) {
		if (run->kind != RUN_PAGE)
			continue;
		if (run->owner != self) {
			run->owner = 0;
			continue;
		}
		page = page_of_run(run);
		word = thread_free_forget_busy(page);
		if (page->flags & PAGE_KEPT)
			instance->kept_units += page->units;
		if (word_is_purged(word))
			instance->remote_purged_units += page->units;
		else if (word_back(word) == page->reserved)
			instance->waiting_units += page->units;
	}
}

void heaps_fork_child(struct instance *instance)
{
	uintptr_t self = port_thread_id();
	struct arena *arena;

	runs_end_purge(instance, self);
	/*
	 * There was no other heap, and nobody busy with a page of this one.
	 * Relaxed: here is one thread.
	 */
	if (instance->heap_count <= (heap_current() != &empty_heap) &&
	    atomic_read(&instance->counting) == 0)
		return;
	heaps_orphan(instance, self);
	instance->kept_units = 0;
	instance->waiting_units = 0;
	instance->remote_purged_units = 0;
	instance->waiting_deep = false;
	instance->counting = 0;
	for (arena = instance->arenas; arena; arena = arena->next)
		pages_orphan(arena, self);
}

#else /* !MI_THREADS */

void heaps_fork_child(struct instance *instance)
{
	(void)instance;
}

#endif /* MI_THREADS */
