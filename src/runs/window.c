/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The window: one map for all arenas of an instance, where the port reserves
 * address space at will (PORT_MAP_WINDOW).
 *
 *	entry of an address = map[(address >> UNIT_SHIFT) & map_mask]
 *
 * An address has an entry whatever it is, so a free needs no range check. Two
 * arenas may lie anywhere as long as their addresses do not meet in the map.
 *
 *	addresses: ...| arena 1 |......| arena 2 |......| a further one |...
 *	map:          | arena 1 | arena 2 | free | a further one | free |
 *
 * The map grows at its end, never moves, and doubles the window. A free reads
 * the mask and then the entry without a lock, and page_extend() writes
 * entries without one. So the window grows only where that changes the entry
 * of no address of any arena: the bit that becomes part of the mask is zero in
 * all of them. The port chooses addresses for which that is so.
 */
#include "runs/runs.h"

#if PORT_MAP_WINDOW

static size_t window_bytes(const struct instance *instance)
{
	return (instance->map_mask + 1) << UNIT_SHIFT;
}

static size_t map_bytes(size_t units)
{
	return sizeof(struct map) + units * sizeof(uintptr_t);
}

bool window_open(struct instance *instance)
{
	size_t units = MAP_WINDOW_BYTES_MIN >> UNIT_SHIFT;
	size_t bytes = map_bytes(units);
	bool is_zero = false;
	void *start = port_reserve(PORT_AREA_MAP, bytes, &bytes, &is_zero);

	if (!start)
		return false;
	instance->map_bytes = bytes;
	/*
	 * A thread that frees at this moment can have nothing but NULL to free,
	 * whose entry is the first of either map. So the order of the two does
	 * not matter to it. Nobody has written to the map, which reads as zero;
	 * release all the same, for a port that would clear it here.
	 */
	atomic_write_release(&instance->map, (struct map *)start);
	atomic_write_release(&instance->map_mask, units - 1);
	return true;
}

/* Twice the window. False: an entry would move, or there is no memory */
static bool window_grow(struct instance *instance)
{
	size_t bytes = window_bytes(instance), units = bytes >> UNIT_SHIFT;
	size_t wanted = map_bytes(2 * units);
	const struct arena *arena;

	if (bytes >> 47)	/* all addresses there are */
		return false;
	for (arena = instance->arenas; arena; arena = arena->next)
		if (arena->map_is_window &&
		    ((arena->start | (arena->end - 1)) & bytes))
			return false;
	if (wanted > instance->map_bytes) {
		wanted -= instance->map_bytes;
		wanted = port_extend(PORT_AREA_MAP, (char *)instance->map +
				     instance->map_bytes, wanted, wanted);
		if (!wanted)
			return false;
		instance->map_bytes += wanted;
	}
	/*
	 * Release: who gets an address in the new half gets the mask before,
	 * too. Anybody else may read the old mask as long as it likes, as no
	 * entry moves: free() reads mask and map as plain words for that.
	 */
	atomic_write_release(&instance->map_mask, 2 * units - 1);
	return true;
}

/* Whether no address in [start, end) meets one of another arena */
static bool window_has_room(const struct instance *instance,
			    const struct arena *self, uintptr_t start,
			    uintptr_t end)
{
	uintptr_t mask = window_bytes(instance) - 1;
	const struct arena *other;

	if (end - start > mask + 1)
		return false;
	for (other = instance->arenas; other; other = other->next) {
		if (other == self || !other->map_is_window)
			continue;
		/* does one begin, as the map sees it, inside of the other? */
		if (((other->start - start) & mask) < end - start ||
		    ((start - other->start) & mask) < other->end - other->start)
			return false;
	}
	return true;
}

bool window_claim(struct instance *instance, const struct arena *self,
		  uintptr_t start, uintptr_t end, bool grows)
{
	size_t least = MAP_WINDOW_BYTES_MIN, most = MAP_WINDOW_BYTES_MAX, bytes;

	if (grows) {
		most = SIZE_MAX;
		/* an arena that grows goes on where the window ends */
		while (((start ^ (end - 1)) & ~(window_bytes(instance) - 1)) &&
		       window_grow(instance))
			;	/* bounded: it doubles */
	} else {
		least = MAP_WINDOW_BYTES_MORE;
	}
	for (;;) {	/* bounded: it doubles */
		bytes = window_bytes(instance);
		if (bytes >= least &&
		    window_has_room(instance, self, start, end))
			return true;
		if (bytes >= most || !window_grow(instance))
			break;
	}
	return window_has_room(instance, self, start, end);
}

#else

typedef int window_nothing;	/* a translation unit must hold something */

#endif /* PORT_MAP_WINDOW */
