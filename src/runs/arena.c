/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arenas of an instance: handed over, made, extended, and searched.
 *
 *	start                                                        end
 *	| struct arena | slots .. | map ..     | first free run ...    |
 *	|<---------- header, a META run ------>|
 */
#include "runs/runs.h"

#define HEADER_SLOTS		((size_t)8)

static void arena_begin(struct arena *arena, struct instance *instance,
			uintptr_t start, uintptr_t end)
{
	memory_zero(arena, sizeof(*arena));
	arena->instance = instance;
	arena->pool = arena;
	arena->start = start;
	arena->end = end;
	arena->high_water = start;
	arena->number = (uint8_t)instance->arena_count;
}

/* All that comes behind the header, in one free run */
static void arena_put_rest(struct arena *arena, uintptr_t data)
{
	struct run *rest = descriptor_take(arena);

	rest->origin = data;
	rest->units = (uint32_t)((arena->end - data) >> UNIT_SHIFT);
	rest->kind = RUN_META;
	DEQUE_APPEND(&arena->phys, rest, phys);
	run_put(arena, rest, false);
}

/*
 * An arena that holds its own header, descriptors and map. Its place is taken
 * only when nothing can fail any more.
 */
static struct arena *arena_init(struct instance *instance, uintptr_t start,
				uintptr_t end, bool is_zero)
{
	struct arena *arena = (struct arena *)align_up(start, 128);
	uintptr_t slots, map, data;
	size_t units = (end - start) >> UNIT_SHIFT, slot_count, map_bytes;

	slots = align_up((uintptr_t)(arena + 1), sizeof(struct run));
	map_bytes = sizeof(struct map) + units * sizeof(uintptr_t);
	if (slots + HEADER_SLOTS * sizeof(struct run) + map_bytes <=
	    start + UNIT_SIZE) {
		/* all in one unit: slots take what the map leaves */
		map = align_down(start + UNIT_SIZE - map_bytes, 64);
		data = start + UNIT_SIZE;
	} else {
		map = align_up(slots + HEADER_SLOTS * sizeof(struct run),
			       UNIT_SIZE);
		data = align_up(map + map_bytes, UNIT_SIZE);
	}
	slot_count = (map - slots) / sizeof(struct run);
	if (data >= end)
		return NULL;
	arena_begin(arena, instance, start, end);
	arena->high_water = data;
	arena->map = (struct map *)map;
	arena->map->base = data;
	arena->map->limit = 0;
	arena->map_units = units;
	arena->fresh_is_zero = is_zero;
	memory_zero(&arena->map->null, sizeof(struct run));
	descriptors_init(arena, (struct chunk *)slots, slot_count,
			 (data - start) >> UNIT_SHIFT);
	arena_put_rest(arena, data);
	return arena;
}

#if PORT_MAP_WINDOW

/*
 * The region for the engine's data. It has no map, as no block lies there,
 * and its header is its first unit:
 *
 *	| struct arena | slots .. | free run ... |
 */
static struct arena *arena_init_meta(struct instance *instance, uintptr_t start,
			      size_t bytes, bool is_zero)
{
	struct arena *meta = (struct arena *)start, **link;
	uintptr_t slots = align_up((uintptr_t)(meta + 1), sizeof(struct run));

	arena_begin(meta, instance, start, start + bytes);
	meta->number = ARENA_NUMBER_META;
	meta->high_water = start + UNIT_SIZE;
	meta->fresh_is_zero = is_zero;
	meta->grows = true;
	meta->exclusive = true;
	descriptors_init(meta, (struct chunk *)slots,
			 (start + UNIT_SIZE - slots) / sizeof(struct run), 1);
	arena_put_rest(meta, start + UNIT_SIZE);
	atomic_write_release(&instance->arena_table[ARENA_NUMBER_META], meta);
	for (link = &instance->arenas; *link; link = &(*link)->next)
		;	/* bounded: arenas there are */
	atomic_write_release(link, meta);	/* both: see map.c */
	return meta;
}

_Static_assert(sizeof(struct arena) + 8 * sizeof(struct run) < UNIT_SIZE,
	       "a unit holds an arena's header and descriptors to begin with");

static bool meta_open(struct instance *instance)
{
	size_t bytes = GROW_META_BYTES;
	bool is_zero = false;
	void *start = port_reserve(PORT_AREA_META, bytes, &bytes, &is_zero);

	if (start)
		atomic_write_release(&instance->meta,	/* read locked */
				     arena_init_meta(instance, (uintptr_t)start,
						     bytes, is_zero));
	return start;
}

bool instance_open(struct instance *instance)
{
	if (likely(instance->meta))
		return true;
	return (instance->map_bytes || window_open(instance)) &&
	       meta_open(instance);
}

/* An arena that holds nothing but blocks: all about it lies in `meta` */
static struct arena *arena_init_outside(struct instance *instance,
					uintptr_t start, uintptr_t end,
					unsigned int flags)
{
	const struct run_request request = {
		.units = 1, .align_units = 1, .kind = RUN_META,
	};
	struct arena *arena;
	struct run *unit;

	if (!instance_open(instance) ||
	    !window_claim(instance, NULL, start, end, flags & ARENA_GROWS))
		return NULL;
	unit = arena_cut(instance->meta, &request);
	if (!unit)
		return NULL;
	arena = (struct arena *)run_start(unit);
	arena_begin(arena, instance, start, start);
	arena->pool = instance->meta;
	arena->map = instance->map;
	arena->map_is_window = true;
	arena->fresh_is_zero = flags & ARENA_ZERO;
	arena->fixed = flags & ARENA_FIXED;
	if (descriptors_reserve(arena) && arena_lengthen(arena, end))
		return arena;
	run_put(instance->meta, unit, true);
	return NULL;
}

#else

static struct arena *arena_init_outside(struct instance *instance,
					uintptr_t start, uintptr_t end,
					unsigned int flags)
{
	(void)instance;
	(void)start;
	(void)end;
	(void)flags;
	return NULL;
}

#endif /* PORT_MAP_WINDOW */

/*
 * Where there is no window, the instance's map is that of the largest arena:
 * the first range may be a small one.
 */
static bool map_is_wanted(struct instance *instance,
			  const struct arena *arena)
{
	const struct arena *other;

	if (PORT_MAP_WINDOW)
		return false;
	other = instance->arenas;
	while (other && other->map != instance->map)
		other = other->next;
	return !other || other == arena || other->map_units < arena->map_units;
}

static bool map_publish(struct instance *instance, struct arena *arena)
{
	if (!map_is_wanted(instance, arena))
		return false;
	atomic_write_release(&instance->map, arena->map);
	return true;
}

/*
 * Everything that finds an arena through the instance starts here. What has
 * the instance's map comes first, so that blocks come from there.
 */
static void arena_publish(struct instance *instance, struct arena *arena)
{
	struct arena **link = &instance->arenas;
	bool first = map_publish(instance, arena);

#if PORT_MAP_WINDOW
	atomic_write_release(&instance->arena_table[arena->number], arena);
#endif
	while (*link && *link != instance->meta && !first)
		link = &(*link)->next;
	arena->next = *link;
	atomic_write_release(link, arena);	/* all three: see map.c */
}

static void arena_unlink(struct instance *instance, struct arena *arena)
{
	struct arena **link = &instance->arenas;

	while (*link != arena)
		link = &(*link)->next;
	*link = arena->next;
}

/*
 * An arena with a map of its own takes in the range behind it. A map cannot
 * grow where it is, so the range's first units become a new one, for all of the
 * arena; the old one stays where it is, unused. An entry is a distance from its
 * map, so each is written anew, and each large block, which remembers its
 * entry, is told where that is now.
 */
static bool arena_extend(struct arena *arena, uintptr_t end)
{
	uintptr_t start = arena->end, data;
	size_t units = (end - arena->map->base) >> UNIT_SHIFT, i;
	struct map *map = (struct map *)start, *old = arena->map;
	struct run *header, *rest, *run;

	data = align_up(start + sizeof(*map) + units * sizeof(uintptr_t),
			UNIT_SIZE);
	if (data >= end || units > UINT32_MAX || !descriptors_reserve(arena))
		return false;
	header = descriptor_take(arena);
	rest = descriptor_take(arena);
	header->origin = start;
	header->units = (uint32_t)((data - start) >> UNIT_SHIFT);
	header->kind = RUN_META;
	DEQUE_APPEND(&arena->phys, header, phys);
	rest->origin = data;
	rest->units = (uint32_t)((end - data) >> UNIT_SHIFT);
	rest->kind = RUN_META;
	DEQUE_APPEND(&arena->phys, rest, phys);

	memory_zero(&map->null, sizeof(map->null));
	map->base = old->base;
	map->limit = (data - map->base) >> UNIT_SHIFT;
	for (i = 0; i < old->limit; i++)
		map->distance[i] = old->distance[i] == 0 ? 0 :
			old->distance[i] + (uintptr_t)old - (uintptr_t)map;
	/* between the old mark and the new units: as if reached */
	for (; i < map->limit; i++)
		map->distance[i] = 0;
	arena->high_water = data;
	arena->map = map;
	arena->map_units = units;
	arena->end = end;
	for (run = arena->phys.first; run; run = run->phys.next)
		if (run->kind == RUN_LARGE)
			arena_map_large(arena, large_of_run(run));
	if (!PORT_MAP_WINDOW) {	/* it may be the largest now */
		struct instance *instance = arena->instance;

		if (instance->map == old)
			instance->map = map;
		arena_unlink(instance, arena);
		arena_publish(instance, arena);
	}
	run_put(arena, rest, false);
	return true;
}

static bool arena_overlaps(const struct instance *instance, uintptr_t start,
			   uintptr_t end)
{
	const struct arena *arena;

	for (arena = instance->arenas; arena; arena = arena->next)
		if (start < arena->end && end > arena->start)
			return true;
	return false;
}

/* Whether the range can become the end of the arena */
static bool arena_is_before(const struct arena *arena, uintptr_t start,
			    unsigned int flags)
{
	return arena->end == start && arena != arena->instance->meta &&
	       !arena->grows && !(flags & ARENA_GROWS) &&
	       arena->exclusive == !!(flags & ARENA_EXCLUSIVE) &&
	       arena->fixed == !!(flags & ARENA_FIXED);
}

/*
 * The arena takes in the range up to `end`, or stays as it is (false):
 *
 * - In a window the entries for the range are claimed, and the map stays.
 * - Another map moves, and others read it without a lock. So there may be no
 *   heap as yet, as even the only one may be another thread's; else the range
 *   becomes an arena of its own.
 */
static bool arena_join(struct arena *arena, uintptr_t end)
{
#if PORT_MAP_WINDOW
	if (arena->map_is_window)
		return window_claim(arena->instance, arena, arena->start, end,
				    false) &&
		       descriptors_reserve(arena) && arena_lengthen(arena, end);
#endif
	return (!MI_CONCURRENT || !arena->instance->heap_count) &&
	       arena_extend(arena, end);
}

static struct arena *arena_make(struct instance *instance, uintptr_t start,
				uintptr_t end, unsigned int flags)
{
	struct arena *arena;

	if (arena_overlaps(instance, start, end))
		return NULL;
	for (arena = instance->arenas; arena; arena = arena->next) {
		if (arena_is_before(arena, start, flags) &&
		    arena_join(arena, end)) {
			arena->fresh_is_zero &= !!(flags & ARENA_ZERO);
			return arena;
		}
	}
	if (instance->arena_count == ARENA_NUMBER_META)
		return NULL;
	arena = instance->config.outside ?
		arena_init_outside(instance, start, end, flags) : NULL;
	if (!arena)
		arena = arena_init(instance, start, end, flags & ARENA_ZERO);
	if (!arena)
		return NULL;
	arena->grows = (flags & ARENA_GROWS) && arena->map_is_window;
	arena->exclusive = flags & ARENA_EXCLUSIVE;
	arena->fixed = flags & ARENA_FIXED;
	arena->fresh_is_zero &= !arena->fixed;
	arena_publish(instance, arena);
	instance->arena_count++;
	return arena;
}

struct arena *arena_add_locked(struct instance *instance, void *start_address,
			       size_t bytes, unsigned int flags)
{
	uintptr_t start = (uintptr_t)start_address, end = start + bytes;

	if (start == 0 || end < start || bytes < UNIT_SIZE)
		return NULL;
	start = align_up(start, UNIT_SIZE);
	end = align_down(end, UNIT_SIZE);
	if (start >= end || (end - start) >> UNIT_SHIFT > UINT32_MAX)
		return NULL;
	return arena_make(instance, start, end, flags);
}

struct arena *arena_add_rest(struct instance *instance, void *start,
			     size_t bytes, unsigned int flags)
{
	struct arena *arena;

	port_lock(&instance->lock);
	arena = arena_add_locked(instance, start, bytes, flags);
	port_unlock(&instance->lock);
	return arena;
}

struct arena *arena_add(struct instance *instance, void *start, size_t bytes,
			unsigned int flags)
{
	return bytes < ARENA_BYTES_MIN ? NULL :
	       arena_add_rest(instance, start, bytes, flags);
}

void instance_init(struct instance *instance,
		   const struct instance_config *config)
{
	memory_zero(instance, __builtin_offsetof(struct instance, config));
	instance->map = (struct map *)&map_of_none;
	instance->config = *config;
	/* heap_init() does the rest of main_heap, but these it leaves alone */
	instance->main_heap.notified = 0;
	instance->main_heap.run = NULL;
}
