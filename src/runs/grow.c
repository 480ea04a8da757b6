/* SPDX-License-Identifier: BSD-3-Clause */
/* An arena that grows at its end, by what the port maps there. */
#include "runs/runs.h"

static size_t grow_step(const struct arena *arena)
{
	const struct instance *instance = arena->instance;
	size_t step = (arena->end - arena->start) / 8;
	size_t most = GROW_BYTES_MAX;

	if (arena == instance->meta)
		return GROW_META_BYTES;
	if (instance->config.reserve_bytes < most)
		most = instance->config.reserve_bytes;
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
	struct run *rest;

	if ((end - arena->start) >> UNIT_SHIFT > UINT32_MAX)
		return false;
	rest = descriptor_take(arena);
	if (!rest)
		return false;
	rest->origin = arena->end;
	rest->units = (uint32_t)((end - arena->end) >> UNIT_SHIFT);
	rest->kind = RUN_META;
	DEQUE_APPEND(&arena->phys, rest, phys);
	/* relaxed: arena_of() reads it, see arena_holds() */
	atomic_write(&arena->end, end);
	run_put(arena, rest, false);
	return true;
}

bool arena_grow(struct arena *arena, size_t units)
{
	const struct run *last = arena->phys.last;
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
