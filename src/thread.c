/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Heaps over the lives of threads: made, parked, begun anew, and what is left
 * of them in the child of a fork.
 */
#include "heap.h"

/* The lock is held here and in heap_unlink() */
static void heap_link(struct instance *instance, struct heap *heap)
{
	if (heap->late) {
		LIST_PUSH(instance->late, heap, list);
		atomic_write(&instance->late_count, instance->late_count + 1);
	} else {
		LIST_PUSH(instance->heaps, heap, list);
	}
	if (++instance->heap_count > instance->heap_count_peak)
		instance->heap_count_peak = instance->heap_count;
}

static void heap_unlink(struct instance *instance, struct heap *heap)
{
	if (heap->late) {
		LIST_REMOVE(instance->late, heap, list);
		atomic_write(&instance->late_count, instance->late_count - 1);
	} else {
		LIST_REMOVE(instance->heaps, heap, list);
	}
	instance->heap_count--;
}

/* Memory that is a heap for ever: new, or of a thread that ended */
static struct heap *heap_memory(struct instance *instance)
{
	const struct run_request request = {
		.units = 1, .align_units = 1, .kind = RUN_META,
	};
	struct heap *heap;
	struct page *run;

	port_lock(&instance->lock);
	if (instance->main_heap_used) {
		heap = instance->parked;
		if (heap) {
			LIST_REMOVE(instance->parked, heap, list);
			/* it was HEAP_PARKED alone: nothing is put there */
			atomic_write(&heap->notified, 0);
		}
	} else {
		heap = &instance->main_heap;
		heap->instance = instance;
		instance->main_heap_used = true;
	}
	port_unlock(&instance->lock);
	if (heap)
		return heap;
	run = instance_run_alloc(instance, &request);
	if (!run)
		return NULL;
	heap = (struct heap *)run_start(run);
	heap->notified = 0;
	heap->instance = instance;
	heap->run = run;
	return heap;
}

#if MI_CONCURRENT

/*
 * Set when a thread's heap has ended. What the thread's last destructors, or
 * the C library after them, allocate makes a heap whose end nobody will tell
 * us of: it is late, and so are those of a thread that goes on after
 * mi_thread_done().
 */
static PORT_TLS bool thread_has_ended;

/*
 * Ids are unique among live threads, so who has the id now of a late heap may
 * have that. There is none in most programs.
 */
static struct heap *heap_find_own(struct instance *instance)
{
	uintptr_t self = port_thread_id();
	struct heap *heap;

	if (likely(!atomic_read(&instance->late_count)))
		return NULL;
	port_lock(&instance->lock);
	heap = instance->late;
	while (heap && heap->owner != self)
		heap = heap->list.next;
	if (heap) {
		heap_unlink(instance, heap);
		heap->late = thread_has_ended;
		heap_link(instance, heap);
	}
	port_unlock(&instance->lock);
	return heap;
}

#else

#define thread_has_ended	false

struct heap *heap_of_owner(struct instance *instance, uintptr_t owner)
{
	struct heap *heap;

	port_lock(&instance->lock);
	heap = instance->heaps;
	while (heap && (heap->owner != owner || heap->backing != heap))
		heap = heap->list.next;
	port_unlock(&instance->lock);
	return heap;
}

static struct heap *heap_find_own(struct instance *instance)
{
	return heap_of_owner(instance, port_thread_id());
}

#endif

struct heap *heap_create(struct instance *instance, struct heap *backing)
{
	struct heap *heap = heap_memory(instance);

	if (!heap)
		return NULL;
	heap_init(heap);
	heap->backing = backing ? backing : heap;
	heap->late = !backing && thread_has_ended;
	port_lock(&instance->lock);
	heap_link(instance, heap);
	port_unlock(&instance->lock);
	return heap;
}

COLD struct heap *heap_current_or_new(void)
{
	struct heap *heap = heap_current();

	if (likely(heap != &empty_heap))
		return heap;
	port_init();
	heap = heap_find_own(&default_instance);
	if (!heap)
		heap = heap_create(&default_instance, NULL);
	if (!heap)
		return NULL;
	heap_word = heap_to_word(heap);
	port_thread_started();
	return heap;
}

struct heap *heap_new(struct heap *backing)
{
	struct heap *heap = heap_create(backing->instance, backing);

	if (!heap)
		return NULL;
	heap->thread_next = backing->thread_next;
	backing->thread_next = heap;
	return heap;
}

static void heap_park(struct heap *heap)
{
	struct instance *instance = heap->instance;
	struct page *page;

	mi_assert(heap->backing != heap || !heap->thread_next);
	heap_close(heap);
	port_lock(&instance->lock);
	heap_unlink(instance, heap);
	while (heap->large) {	/* they belong to no heap from now on */
		page = heap->large;
		LIST_REMOVE(heap->large, page, list);
		atomic_write(&page->heap, NULL);
	}
	if (MI_CONCURRENT || !heap->run) {
		LIST_PUSH(instance->parked, heap, list);
		heap = NULL;
	}
	port_unlock(&instance->lock);
	if (heap)	/* nobody can be on the way to it */
		instance_run_free(instance, heap->run);
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

void heap_end(struct heap *heap)
{
	struct heap **link = &heap->backing->thread_next;

	while (*link && *link != heap)
		link = &(*link)->thread_next;
	if (*link)
		*link = heap->thread_next;
	heap_park(heap);
}

#if MI_THREADS

static void heap_abandon(struct heap *heap)
{
	heap_drain_all(heap);
	(void)heap_visit_pages(heap, page_abandon, NULL);
	heap_park(heap);
}

void heaps_thread_done(void)
{
	struct heap *heap = heap_current();

	if (heap == &empty_heap)
		return;
	heap_word = heap_to_word(&empty_heap);
#if MI_CONCURRENT
	thread_has_ended = true;
#endif
	heaps_abandon(heap->backing);
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

void heaps_fork_child(struct instance *instance)
{
	struct arena *arena;
	struct heap *heap, *next;
	struct page *run;
	uintptr_t self = port_thread_id(), word;

	/* what another thread was giving back may be as it was */
	for (arena = instance->arenas; arena; arena = arena->next) {
		for (run = arena->phys.first; run; run = run->phys.next) {
			if (run->kind == RUN_PURGING && run->owner != self) {
				run_put(arena, run, true);
				run = arena->phys.first; /* the neighbours join */
			}
		}
	}
	if (instance->heap_count <= (heap_current() != &empty_heap))
		return;
	/* what others kept, and what waited for them, counts no more */
	instance->kept_units = 0;
	instance->waiting_units = 0;
	instance->remote_purged_units = 0;
	for (heap = instance->late; heap; heap = next) {
		next = heap->list.next;
		if (heap->owner == self)
			continue;
		heap_unlink(instance, heap);
		heap->late = false;	/* nobody will ever take it over */
		heap_link(instance, heap);
	}
	for (heap = instance->heaps; heap; heap = heap->list.next)
		if (heap->owner != self)
			heap->owner = 0;
	for (arena = instance->arenas; arena; arena = arena->next) {
		for (run = arena->phys.first; run; run = run->phys.next) {
			if (run->kind != RUN_SMALL)
				continue;
			if (run->owner != self) {
				run->owner = 0;
				continue;
			}
			word = thread_free_read(run);
			if (run->flags & PAGE_KEPT)
				instance->kept_units += run->units;
			if (word_is_purged(word))
				instance->remote_purged_units += run->units;
			else if (word_count(word) == run->reserved)
				instance->waiting_units += run->units;
		}
	}
}

#else /* !MI_THREADS */

void heaps_thread_done(void)
{
}

void heaps_fork_child(struct instance *instance)
{
	(void)instance;
}

#endif /* MI_THREADS */
