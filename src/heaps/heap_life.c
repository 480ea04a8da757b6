/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of a heap: made, used by one thread, parked, and begun anew by
 * another one.
 *
 *	memory --> in use (heaps, or late) --> parked
 *			 ^			 |
 *			 +-----------------------+
 */
#include "heaps/heaps.h"

#if !PORT_OWNER_TABLE

static void heap_enter_bucket(struct heap *heap)
{
	(void)heap;
}

static void heap_leave_bucket(struct heap *heap)
{
	(void)heap;
}

#else

/* Fibonacci hashing (Knuth): owners are addresses some power of two apart */
static struct heap **bucket_of(struct instance *instance, uintptr_t owner)
{
	uint64_t hash = owner * UINT64_C(0x9e3779b97f4a7c15);

	return &instance->by_owner[(hash >> 40) % OWNER_BUCKETS];
}

static void heap_enter_bucket(struct heap *heap)
{
	if (heap->backing == heap)
		LIST_PUSH(*bucket_of(heap->instance, heap->owner), heap,
			  bucket);
}

static void heap_leave_bucket(struct heap *heap)
{
	if (heap->backing == heap)
		LIST_REMOVE(*bucket_of(heap->instance, heap->owner), heap,
			    bucket);
}

struct heap *heap_of_owner(struct instance *instance, uintptr_t owner)
{
	struct heap *heap;

	if (MI_CONCURRENT)
		port_lock(&instance->lock);
	heap = *bucket_of(instance, owner);
	while (heap && heap->owner != owner)
		heap = heap->bucket.next;
	if (MI_CONCURRENT)
		port_unlock(&instance->lock);
	return heap;
}

void heap_set_owner(struct heap *heap, uintptr_t owner)
{
	heap_leave_bucket(heap);
	heap->owner = owner;
	heap_enter_bucket(heap);
}

#endif

/*
 * The lock is held here and in heap_unlink(). `heap_count` is relaxed: who
 * reads it without the lock asks whether there are many.
 */
static void heap_link(struct instance *instance, struct heap *heap)
{
	struct heap **list = heap->late ? &instance->late : &instance->heaps;

	LIST_PUSH(*list, heap, list);
	heap_enter_bucket(heap);
	atomic_write(&instance->heap_count, instance->heap_count + 1);
	if (instance->heap_count > instance->heap_count_peak)
		instance->heap_count_peak = instance->heap_count;
}

static void heap_unlink(struct instance *instance, struct heap *heap)
{
	struct heap **list = heap->late ? &instance->late : &instance->heaps;

	LIST_REMOVE(*list, heap, list);
	heap_leave_bucket(heap);
	atomic_write(&instance->heap_count, instance->heap_count - 1);
}

/* Memory that is a heap for ever: new, or of a thread that ended */
static struct heap *heap_memory(struct instance *instance)
{
	const struct run_request request = {
		.units = 1, .align_units = 1, .kind = RUN_META,
	};
	struct heap *heap;
	struct run *run;

	port_lock(&instance->lock);
	if (instance->main_heap_used) {
		heap = instance->parked;
		if (heap) {
			LIST_REMOVE(instance->parked, heap, list);
			/*
			 * It was HEAP_PARKED alone: nothing is put there.
			 * Relaxed: who comes late may find the bit or not, and
			 * does what is right for either (heap_notify()).
			 */
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

void heap_set_late(struct heap *heap, bool late)
{
	heap_unlink(heap->instance, heap);
	heap->late = late;
	heap_link(heap->instance, heap);
}

struct heap *heap_create(struct instance *instance, struct heap *backing,
			 bool late)
{
	struct heap *heap = heap_memory(instance);

	if (!heap)
		return NULL;
	heap_init(heap);
	heap->backing = backing ? backing : heap;
	heap->late = late;
	port_lock(&instance->lock);
	heap_link(instance, heap);
	port_unlock(&instance->lock);
	return heap;
}

struct heap *heap_new(struct heap *backing)
{
	struct heap *heap = heap_create(backing->instance, backing, false);

	if (!heap)
		return NULL;
	heap->thread_next = backing->thread_next;
	backing->thread_next = heap;
	return heap;
}

void heap_park(struct heap *heap)
{
	struct instance *instance = heap->instance;

	mi_assert(heap->backing != heap || !heap->thread_next);
	heap_close(heap);
	port_lock(&instance->lock);
	heap_unlink(instance, heap);
	while (heap->large)	/* they belong to no heap from now on */
		large_unlist(heap->large);
	if (MI_CONCURRENT || !heap->run) {
		LIST_PUSH(instance->parked, heap, list);
		heap = NULL;
	}
	port_unlock(&instance->lock);
	if (heap)	/* nobody can be on the way to it */
		instance_run_free(instance, heap->run);
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
