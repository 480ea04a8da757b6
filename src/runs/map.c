/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From an address, or a number, to an arena and to the descriptor of a run:
 * the ways that free() takes when the window's map does not answer at once.
 */
#include "runs/runs.h"

struct map_of_none map_of_none;

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
	if (arena->map_is_window) {
		*index = (address >> UNIT_SHIFT) &
			 atomic_read(&arena->instance->map_mask);
		return arena->map;
	}
	if (address < arena->map_base || address >= arena->high_water)
		return NULL;
	*index = (address - arena->map_base) >> UNIT_SHIFT;
	return arena->map;
}

struct page *arena_page_locked(struct instance *instance, const void *p)
{
	struct arena *arena = arena_of(instance, p);
	uintptr_t distance;
	struct map *map;
	size_t index;

	map = arena ? arena_map(arena, (uintptr_t)p, &index) : NULL;
	distance = map ? atomic_read(&map->distance[index]) : 0;
	return distance ? (struct page *)((uintptr_t)map + distance) : NULL;
}

struct page *arena_page_of(struct instance *instance, const void *p)
{
	struct page *page;

	if (!arena_of(instance, p))
		return NULL;
	port_lock(&instance->lock);
	page = arena_page_locked(instance, p);
	port_unlock(&instance->lock);
	return page;
}

void arena_map_set(struct arena *arena, struct page *page, uintptr_t first,
		   uintptr_t last)
{
	uintptr_t distance = page ? (uintptr_t)page - (uintptr_t)arena->map : 0;
	struct map *map;
	size_t index = 0;

	for (first = align_down(first, UNIT_SIZE); first <= last;
	     first += UNIT_SIZE) {
		map = arena_map(arena, first, &index);
		mi_assert(map);
		if (map->distance[index] != distance)	/* others read */
			map->distance[index] = distance;
	}
}

void arena_map_large(struct arena *arena, struct page *page)
{
	size_t index = 0;
	struct map *map = arena_map(arena, (uintptr_t)page->free, &index);

	page->map_entry = &map->distance[index];
	page->map_value = (uintptr_t)page - (uintptr_t)map;
}
