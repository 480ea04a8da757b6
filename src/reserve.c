/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Address space that is asked of the port, as it is needed.
 *
 * Where the port reserves address space at will, an instance keeps its own
 * data (descriptors, heaps, arena headers) in a region of their own, and the
 * arenas hold nothing but what malloc gives:
 *
 *	| map ...        |   | meta: descriptors, heaps |   | arena: blocks ..
 *
 * with unmapped addresses between them. Each grows at its end. The meta region
 * is an arena that nobody's blocks come from: its units are cut and put back
 * like all others.
 */
#include "arena.h"

static size_t grow_step(const struct arena *arena)
{
	const struct instance *instance = arena->instance;
	size_t step = (arena->end - arena->start) / 8;
	size_t most = GROW_BYTES_MAX;

	if (arena == instance->meta)
		return GROW_META_BYTES;
	if (instance->reserve_bytes < most)
		most = instance->reserve_bytes;
	if (step < GROW_BYTES_MIN)
		step = GROW_BYTES_MIN;
	return step < most ? step : most;
}

/* Maps what comes behind the arena; gives how much */
static size_t arena_extend_mapping(struct arena *arena, size_t least,
				   size_t bytes)
{
	enum port_area area = arena == arena->instance->meta ?
			      PORT_AREA_META : PORT_AREA_BLOCKS;

#if PORT_MAP_WINDOW
	if (arena->map_is_window &&
	    !window_claim(arena->instance, arena, arena->start,
			  arena->end + bytes, true)) {
		bytes = least;
		if (!window_claim(arena->instance, arena, arena->start,
				  arena->end + bytes, true))
			return 0;
	}
#endif
	return port_extend(area, (void *)arena->end, least, bytes);
}

bool arena_lengthen(struct arena *arena, uintptr_t end)
{
	struct page *rest;

	if ((end - arena->start) >> UNIT_SHIFT > UINT32_MAX)
		return false;
	rest = descriptor_take(arena);
	if (!rest)
		return false;
	rest->origin = arena->end;
	rest->units = (uint32_t)((end - arena->end) >> UNIT_SHIFT);
	rest->kind = RUN_META;
	DEQUE_APPEND(&arena->phys, rest, phys);
	atomic_write(&arena->end, end);	/* arena_of() reads it */
	run_put(arena, rest, false);
	return true;
}

bool arena_grow(struct arena *arena, size_t units)
{
	const struct page *last = arena->phys.last;
	size_t least, step = grow_step(arena), bytes;

	/* what is free at the end is a part of what comes */
	if (last && last->kind == RUN_FREE && last->units < units)
		units -= last->units;
	if (units > UINT32_MAX)
		return false;
	least = units << UNIT_SHIFT;
	bytes = arena_extend_mapping(arena, least, least < step ? step : least);
	return bytes && arena_lengthen(arena, arena->end + bytes);
}

#if PORT_MAP_WINDOW

/* The meta region: an arena whose header holds its first descriptors */
static bool meta_open(struct instance *instance)
{
	size_t bytes = GROW_META_BYTES;
	bool is_zero = false;
	struct arena *meta;
	void *start = port_reserve(PORT_AREA_META, bytes, &bytes, &is_zero);

	if (!start)
		return false;
	meta = arena_init_meta(instance, (uintptr_t)start, bytes, is_zero);
	atomic_write_release(&instance->meta, meta);
	return true;
}

bool instance_open(struct instance *instance)
{
	if (likely(instance->meta))
		return true;
	if (!instance->map_bytes && !window_open(instance))
		return false;
	return meta_open(instance);
}

#endif

/*
 * A new arena is as large as what an old one would have grown by: where
 * nothing can grow, some hundred arenas have to do for all memory there is.
 */
static size_t outside_step(struct instance *instance)
{
	const struct arena *arena;
	size_t bytes = 0;

	port_lock(&instance->lock);
	for (arena = instance->arenas; arena; arena = arena->next)
		if (arena->grows)
			bytes += (arena->end - arena->start) / 8;
	port_unlock(&instance->lock);
	bytes = align_down(bytes, GROW_BYTES_MIN);
	return bytes < GROW_BYTES_MIN ? GROW_BYTES_MIN : bytes;
}

/* Bytes to reserve for a request, and without which it cannot be served */
static size_t reserve_size(struct instance *instance, size_t units,
			   size_t *least)
{
	size_t bytes;

	*least = (units << UNIT_SHIFT) + GROW_META_BYTES;
	if (instance->outside) {
		bytes = outside_step(instance);
	} else {
		/* descriptors and map lie in the arena itself */
		*least += (units << UNIT_SHIFT) / 256;
		bytes = instance->reserve_bytes;
	}
	return bytes < *least ? *least : bytes;
}

bool arena_reserve(struct instance *instance, size_t units)
{
	size_t least, bytes = reserve_size(instance, units, &least);
	bool is_zero = false;
	void *start;

	start = port_reserve(PORT_AREA_BLOCKS, least, &bytes, &is_zero);
	if (!start)
		return false;
	if (arena_add(instance, start, bytes,
		      (is_zero ? ARENA_ZERO : 0) | ARENA_GROWS))
		return true;
	port_release(start, bytes);
	return false;
}
