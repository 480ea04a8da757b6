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
#include "runs/runs.h"

/*
 * A new arena is as large as what an old one would have grown by: where
 * nothing can grow, some hundred arenas have to do for all memory there is.
 */
static size_t outside_step(const struct instance *instance)
{
	const struct arena *arena;
	size_t bytes = 0;

	for (arena = instance->arenas; arena; arena = arena->next)
		if (arena->grows)
			bytes += (arena->end - arena->start) / 8;
	bytes = align_down(bytes, GROW_BYTES_MIN);
	return bytes < GROW_BYTES_MIN ? GROW_BYTES_MIN : bytes;
}

/* Bytes to reserve for a request, and without which it cannot be served */
static size_t reserve_size(const struct instance *instance, size_t units,
			   size_t *least)
{
	size_t bytes;

	*least = (units << UNIT_SHIFT) + GROW_META_BYTES;
	if (instance->config.outside) {
		bytes = outside_step(instance);
	} else {
		/* descriptors and map lie in the arena itself */
		*least += (units << UNIT_SHIFT) / 256;
		bytes = instance->config.reserve_bytes;
	}
	return bytes < *least ? *least : bytes;
}

bool arena_reserve(struct instance *instance, size_t units)
{
	size_t least, bytes = reserve_size(instance, units, &least);
	bool is_zero = false, added = false;
	void *start;

	port_unlock(&instance->lock);
	start = port_reserve(PORT_AREA_BLOCKS, least, &bytes, &is_zero);
	port_lock(&instance->lock);
	if (start)
		added = arena_add_locked(instance, start, bytes, ARENA_GROWS |
					 (is_zero ? ARENA_ZERO : 0));
	if (start && !added) {
		port_unlock(&instance->lock);
		port_release(start, bytes);
		port_lock(&instance->lock);
	}
	return added;
}
