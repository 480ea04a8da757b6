/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Large blocks: a run each.
 *
 *	| shift | block ...        | rest of the last unit |
 *
 * The shift is 0 unless an alignment at an offset asks for one. It is less than
 * a unit, so the block starts in the first unit of the run, which is the only
 * one that the map leads from.
 */
#include "blocks/blocks.h"

/* How long a run, and aligned how, for the block. False: there is none such */
static bool request_place(struct run_request *request, size_t size,
			  size_t alignment, size_t offset, size_t *shift)
{
	/* (start + shift + offset) % alignment == 0 */
	size_t target = (0 - offset) & (alignment - 1);

	*shift = target & (UNIT_SIZE - 1);
	if (alignment > UNIT_SIZE) {
		request->align_units = alignment >> UNIT_SHIFT;
		request->phase_units = (0 - (target >> UNIT_SHIFT)) &
				       (request->align_units - 1);
	}
	if (size > port_request_max() || alignment > port_request_max())
		return false;
	request->units = units_of(*shift + (size ? size : 1));
	return request->units <= UINT32_MAX;
}

/* Takes the block that was freed last, where it has the right size */
static inline struct large *large_again(struct heap *heap, size_t size)
{
	struct instance *instance = heap->instance;
	size_t units = units_of(size);
	struct large *large;

	if (!units || large_cache_units(instance) != units)
		return NULL;
	large = large_cache_exchange(instance, NULL);
	if (unlikely(!large))
		return NULL;
	/*
	 * Now it is ours, and may be looked at. Not every block will do: the
	 * cache may have changed since its size was read, the block may be on
	 * the list of another heap, or of none, and have a shift. (The origin
	 * of what is no page is its start.)
	 */
	if (unlikely(large->units != units ||
		     atomic_read(&large->listed) != &heap->large ||
		     (uintptr_t)large->block != large->origin)) {
		instance_run_free(instance, &large->run);
		return NULL;
	}
	*large->map_entry = large->map_value;
	return large;
}

/*
 * A range of a block. Where it is long the system is asked what was touched,
 * but not for memory that was handed over: what is not there may be in a file.
 */
static void large_zero(struct instance *instance, const struct large *large,
		       uintptr_t start, size_t bytes)
{
	track_touch((void *)start, bytes);
	if (bytes < ZERO_ASK_MIN ||
	    arena_by_number(instance, large->arena_number)->fixed ||
	    !port_zero_touched((void *)start, bytes,
			       instance->config.purge_enabled))
		memory_zero((void *)start, bytes);
}

/* Only what may have been touched since the system cleared it */
static void large_clear(struct instance *instance, const struct large *large,
			uintptr_t block)
{
	uintptr_t start = large->touched_start;

	if (start < block)
		start = block;
	if (start < large->touched_end)
		large_zero(instance, large, start, large->touched_end - start);
}

/* Where no arena is that large, no collection helps. Acquire: as in map.c */
static bool request_may_fit(struct instance *instance, size_t units)
{
	const struct arena *arena = atomic_read_acquire(&instance->arenas);

	while (arena && (atomic_read(&arena->end) - arena->start) >>
	       UNIT_SHIFT < units)
		arena = atomic_read_acquire(&arena->next);
	return arena != NULL;
}

static NOINLINE void *large_new(struct heap *heap, size_t size,
				size_t alignment, size_t offset,
				unsigned int flags)
{
	struct instance *instance = heap->instance;
	struct run_request request = {
		.align_units = 1, .kind = RUN_LARGE, .arena = heap->arena,
		.listed = &heap->large,
	};
	struct large *large;
	uintptr_t block;
	struct run *run;
	size_t shift;

	if (unlikely(!request_place(&request, size, alignment, offset, &shift)))
		return error_no_memory(size);
	if (flags & LARGE_GROWS)
		request.room_units = request.units * ROOM_TIMES;
	run = instance_run_alloc(instance, &request);
	/* some page may have a block for it */
	if (unlikely(!run) && (flags & LARGE_GROWS) &&
	    size <= CLASSED_SIZE_MAX)
		return NULL;
	if (unlikely(!run) && request_may_fit(instance, request.units)) {
		heap_collect_all(heap);
		run = instance_run_alloc(instance, &request);
	}
	if (unlikely(!run))
		return error_no_memory(size);
	block = run_start(run) + shift;
	large = large_of_run(run);
	if (flags & LARGE_ZERO)
		large_clear(instance, large, block);
	large->block = (void *)block;
	arena_map_large(arena_by_number(instance, run->arena_number), large);
	*large->map_entry = large->map_value;
	return (void *)block;
}

void *large_alloc(struct heap *heap, size_t size, size_t alignment,
		  size_t offset, unsigned int flags)
{
	struct large *large;

	if (unlikely(heap == &empty_heap)) {
		heap = heap_current_or_new();
		if (!heap)
			return error_no_memory(size);
	}
	if (likely(alignment <= UNIT_SIZE && offset == 0 &&
		   size <= CACHE_UNITS_MAX << UNIT_SHIFT)) {
		large = large_again(heap, size);
		if (likely(large)) {
			if (flags & LARGE_ZERO)
				large_zero(heap->instance, large,
					   large->origin,
					   run_bytes(&large->run));
			return large->block;
		}
	}
	return large_new(heap, size, alignment, offset, flags);
}

/*
 * The map entry goes first: once the block is in the cache another thread may
 * take it, and set that. What was in the cache before is given back.
 */
void large_free(struct instance *instance, struct large *large)
{
	/* relaxed: what follows releases it, the swap or the lock */
	atomic_write(large->map_entry, 0);
	if (likely(large->units <= CACHE_UNITS_MAX)) {
		large = large_cache_exchange(instance, large);
		if (!large)
			return;
	}
	instance_run_free(instance, &large->run);
}

void large_lose(struct instance *instance, struct large *large)
{
	*large->map_entry = 0;
	instance_run_lose(instance, &large->run);
}
