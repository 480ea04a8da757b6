/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From an address, or a number, to an arena and to the descriptor of a run:
 * the ways that free() takes when the window's map does not answer at once.
 */
#include "runs/runs.h"

struct map_of_none map_of_none;

/*
 * Acquire, here and in arena_of(): pairs with the release of the same word in
 * arena.c, so that the arena's constants and its map are seen. An arena that
 * was not there when the block asked for was handed out cannot hold it, so an
 * old answer is a right one. Arenas never go.
 */
struct arena *arena_by_number(struct instance *instance, unsigned int number)
{
#if PORT_MAP_WINDOW
	return number <= ARENA_NUMBER_META ?
	       atomic_read_acquire(&instance->arena_table[number]) : NULL;
#else
	struct arena *arena = atomic_read_acquire(&instance->arenas);

	while (arena && arena->number != number)
		arena = atomic_read_acquire(&arena->next);
	return arena;
#endif
}

struct arena *arena_of(struct instance *instance, const void *p)
{
	struct arena *arena;

	arena = atomic_read_acquire(&instance->arenas);
	while (arena && (!arena_holds(arena, p) ||
			 arena->number == ARENA_NUMBER_META))
		arena = atomic_read_acquire(&arena->next);
	return arena;
}

static struct map *arena_map(const struct arena *arena, uintptr_t address,
			     size_t *index)
{
	if (arena_in_window(arena)) {
		/* relaxed: see window.c */
		*index = (address >> UNIT_SHIFT) &
			 atomic_read(&arena->instance->map_mask);
		return arena->map;
	}
	if (address < arena->map->base || address >= arena->high_water)
		return NULL;
	*index = (address - arena->map->base) >> UNIT_SHIFT;
	return arena->map;
}

struct run *arena_run_locked(struct instance *instance, const void *p)
{
	struct arena *arena = arena_of(instance, p);
	uintptr_t distance;
	struct map *map;
	size_t index;

	map = arena ? arena_map(arena, (uintptr_t)p, &index) : NULL;
	/* relaxed: entries of pages are written without the lock, page_map.c */
	distance = map ? atomic_read(&map->distance[index]) : 0;
	return distance ? (struct run *)((uintptr_t)map + distance) : NULL;
}

struct run *arena_run_around(struct instance *instance, const void *p)
{
	struct arena *arena = arena_of(instance, p);
	struct run *run = arena ? arena->phys.first : NULL;

	while (run && (uintptr_t)p - run_start(run) >= run_bytes(run))
		run = run->phys.next;
	return run;
}

struct run *arena_run_of(struct instance *instance, const void *p)
{
	struct run *run;

	if (!arena_of(instance, p))
		return NULL;
	port_lock(&instance->lock);
	run = arena_run_locked(instance, p);
	port_unlock(&instance->lock);
	return run;
}

void arena_map_set(struct arena *arena, struct run *run, uintptr_t first,
		   uintptr_t last)
{
	uintptr_t distance = run ? (uintptr_t)run - (uintptr_t)arena->map : 0;
	size_t index = 0, mask = SIZE_MAX, left;
	struct map *map = arena_map(arena, first, &index);

	mi_assert(first <= last && map);
	/*
	 * The entries of one arena may begin anew at the window's first. They
	 * are written before their run is handed out; whoever frees a block of
	 * it was given that later, and so finds them. Relaxed: see window.c.
	 */
	if (arena_in_window(arena))
		mask = atomic_read(&arena->instance->map_mask);
	left = (last >> UNIT_SHIFT) - (first >> UNIT_SHIFT) + 1;
	/* four at a time, where no window lets the index begin anew */
	for (; !PORT_MAP_WINDOW && left >= 4; left -= 4, index += 4) {
		map->distance[index] = distance;
		map->distance[index + 1] = distance;
		map->distance[index + 2] = distance;
		map->distance[index + 3] = distance;
	}
	for (; left; left--) {
		map->distance[index] = distance;
		index = (index + 1) & mask;
	}
}

void arena_map_large(struct arena *arena, struct large *large)
{
	size_t index = 0;
	struct map *map = arena_map(arena, (uintptr_t)large->block, &index);

	large->map_entry = &map->distance[index];
	large->map_value = (uintptr_t)large - (uintptr_t)map;
}
