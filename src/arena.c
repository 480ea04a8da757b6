/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arenas of an instance: handed over, extended, searched, and the calls that
 * take the lock around runs.
 *
 *	start                                                        end
 *	| struct arena | slots .. | map ..     | first free run ...    |
 *	|<---------- header, a META run ------>|
 */
#include "arena.h"

struct map_of_none map_of_none;

#define HEADER_SLOTS		((size_t)8)
#define PRIMARY_BYTES_MIN	((size_t)16 << 20)

struct arena *arena_by_number(struct instance *instance, unsigned int number)
{
	struct arena *arena = atomic_read_acquire(&instance->arenas);

	while (arena && arena->number != number)
		arena = atomic_read_acquire(&arena->next);
	return arena;
}

struct arena *arena_of(struct instance *instance, const void *p)
{
	struct arena *arena;

	arena = atomic_read_acquire(&instance->arenas);
	while (arena && !arena_holds(arena, p))
		arena = atomic_read_acquire(&arena->next);
	return arena;
}

static struct map *arena_map(const struct arena *arena, uintptr_t address,
			     size_t *index)
{
	if (arena->map_is_window) {
		*index = (address >> UNIT_SHIFT) & (arena->map_units - 1);
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
	page->held = (uintptr_t)page - (uintptr_t)map;
}

static size_t window_units(size_t units)
{
	size_t least = MAP_WINDOW_BYTES_MIN >> UNIT_SHIFT;

	if (units <= least)
		return least;
	return (size_t)1 << (log2_floor(units - 1) + 1);
}

/* The arena's place is taken only when nothing can fail any more */
static struct arena *arena_init(struct instance *instance, uintptr_t start,
				uintptr_t end, bool is_zero)
{
	struct arena *arena = (struct arena *)align_up(start, 128);
	uintptr_t slots, map, data;
	size_t units = (end - start) >> UNIT_SHIFT, slot_count, map_bytes;
	bool window = PORT_MAP_WINDOW && is_zero && !instance->arenas &&
		      units >= MAP_WINDOW_BYTES_MIN / 8 >> UNIT_SHIFT;
	size_t map_units = window ? window_units(units) : units;
	struct page *rest;

	slots = align_up((uintptr_t)(arena + 1), sizeof(struct page));
	map_bytes = sizeof(struct map) + map_units * sizeof(uintptr_t);
	if (slots + HEADER_SLOTS * sizeof(struct page) + map_bytes <=
	    start + UNIT_SIZE) {
		/* all in one unit: slots take what the map leaves */
		map = align_down(start + UNIT_SIZE - map_bytes, 64);
		data = start + UNIT_SIZE;
	} else {
		map = align_up(slots + HEADER_SLOTS * sizeof(struct page),
			       UNIT_SIZE);
		data = align_up(map + map_bytes, UNIT_SIZE);
	}
	slot_count = (map - slots) / sizeof(struct page);
	if (data >= end)
		return NULL;

	memory_zero(arena, sizeof(*arena));
	arena->instance = instance;
	arena->start = start;
	arena->end = end;
	arena->high_water = data;
	arena->map = (struct map *)map;
	arena->map_base = data;
	arena->map_units = map_units;
	arena->map_is_window = window;
	arena->fresh_is_zero = is_zero;
	arena->number = (uint8_t)instance->arena_count;
	if (!window)
		memory_zero(&arena->map->null, sizeof(struct page));
	descriptors_init(arena, (struct page *)slots, slot_count,
			 (data - start) >> UNIT_SHIFT);
	rest = descriptor_take(arena);
	rest->origin = data;
	rest->units = (uint32_t)((end - data) >> UNIT_SHIFT);
	rest->kind = RUN_META;
	rest->phys_prev = arena->phys_first;
	rest->phys_next = NULL;
	arena->phys_first->phys_next = rest;
	arena->phys_last = rest;
	run_put(arena, rest, false);
	return arena;
}

/*
 * The instance's map is that of its first arena where it is a window, and
 * else that of the largest: the first range may be a small one.
 */
static bool map_is_wanted(struct instance *instance,
			  const struct arena *arena)
{
	const struct arena *other = instance->arenas;

	if (PORT_MAP_WINDOW)
		return !other && arena->map_is_window;
	while (other && other->map != instance->map)
		other = other->next;
	return !other || other == arena || other->map_units < arena->map_units;
}

static bool map_publish(struct instance *instance, struct arena *arena)
{
	if (!map_is_wanted(instance, arena))
		return false;
	instance->map_mask = arena->map_units - 1;
	instance->map_base = arena->map_base;
	instance->map_limit =
		(arena->high_water - arena->map_base) >> UNIT_SHIFT;
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

	while (*link && !first)
		link = &(*link)->next;
	arena->next = *link;
	atomic_write_release(link, arena);
}

static void arena_unlink(struct instance *instance, struct arena *arena)
{
	struct arena **link = &instance->arenas;

	while (*link != arena)
		link = &(*link)->next;
	*link = arena->next;
}

/*
 * A range that begins where the arena ends: the new map, for all of it,
 * takes the range's first units.
 */
static bool arena_extend(struct arena *arena, uintptr_t end)
{
	struct instance *instance = arena->instance;
	uintptr_t start = arena->end, data;
	size_t units = (end - arena->map_base) >> UNIT_SHIFT, i, used;
	struct map *map = (struct map *)start, *old = arena->map;
	struct page *header, *rest, *run;

	data = align_up(start + sizeof(*map) + units * sizeof(uintptr_t),
			UNIT_SIZE);
	if (data >= end || units > UINT32_MAX || !descriptors_reserve(arena))
		return false;
	header = descriptor_take(arena);
	rest = descriptor_take(arena);
	header->origin = start;
	header->units = (uint32_t)((data - start) >> UNIT_SHIFT);
	header->kind = RUN_META;
	header->phys_prev = arena->phys_last;
	header->phys_next = rest;
	arena->phys_last->phys_next = header;
	rest->origin = data;
	rest->units = (uint32_t)((end - data) >> UNIT_SHIFT);
	rest->kind = RUN_META;
	rest->phys_prev = header;
	rest->phys_next = NULL;
	arena->phys_last = rest;

	memory_zero(&map->null, sizeof(map->null));
	used = (arena->high_water - arena->map_base) >> UNIT_SHIFT;
	for (i = 0; i < used; i++)
		map->distance[i] = old->distance[i] == 0 ? 0 :
			old->distance[i] + (uintptr_t)old - (uintptr_t)map;
	/* between the old mark and the new units: as if reached */
	for (; i < (data - arena->map_base) >> UNIT_SHIFT; i++)
		map->distance[i] = 0;
	arena->high_water = data;
	arena->map = map;
	arena->map_units = units;
	arena->end = end;
	for (run = arena->phys_first; run; run = run->phys_next)
		if (run->kind == RUN_LARGE)
			arena_map_large(arena, run);
	if (!PORT_MAP_WINDOW) {	/* it may be the largest now */
		if (instance->map == old)
			instance->map = map;
		arena_unlink(instance, arena);
		arena_publish(instance, arena);
	}
	run_put(arena, rest, false);
	return true;
}

struct arena *arena_add(struct instance *instance, void *start_address,
			size_t bytes, bool is_zero, bool exclusive, bool fixed)
{
	if (bytes < ARENA_BYTES_MIN)
		return NULL;
	return arena_add_rest(instance, start_address, bytes, is_zero,
			      exclusive, fixed);
}

struct arena *arena_add_rest(struct instance *instance, void *start_address,
			     size_t bytes, bool is_zero, bool exclusive,
			     bool fixed)
{
	uintptr_t start = (uintptr_t)start_address, end = start + bytes;
	struct arena *arena;

	if (start == 0 || end < start || bytes < UNIT_SIZE)
		return NULL;
	start = align_up(start, UNIT_SIZE);
	end = align_down(end, UNIT_SIZE);
	if (start >= end || (end - start) >> UNIT_SHIFT > UINT32_MAX)
		return NULL;
	port_lock(&instance->lock);
	for (arena = instance->arenas; arena; arena = arena->next) {
		if (start < arena->end && end > arena->start) {
			port_unlock(&instance->lock);	/* overlaps */
			return NULL;
		}
	}
	for (arena = instance->arenas; arena; arena = arena->next) {
		if (arena->end == start && !arena->map_is_window &&
		    /* the map moves: nobody else may be reading it */
		    (!MI_CONCURRENT || instance->heap_count <= 1) &&
		    arena->exclusive == exclusive && arena->fixed == fixed &&
		    arena_extend(arena, end)) {
			arena->fresh_is_zero &= is_zero;
			port_unlock(&instance->lock);
			return arena;
		}
	}
	if (instance->arena_count < UINT8_MAX)
		arena = arena_init(instance, start, end, is_zero);
	if (arena) {
		arena->exclusive = exclusive;
		arena->fixed = fixed;
		arena->fresh_is_zero &= !fixed;
		arena_publish(instance, arena);
		instance->arena_count++;
	}
	port_unlock(&instance->lock);
	return arena;
}

void instance_init(struct instance *instance)
{
	size_t bytes = port_primary_bytes();
	bool is_zero = false;
	void *start;

	instance->map = (struct map *)&map_of_none;
	if (bytes && instance->os_enabled) {
		start = port_reserve(PRIMARY_BYTES_MIN, &bytes, &is_zero);
		if (start)
			(void)arena_add(instance, start, bytes, is_zero, false,
					false);
	}
}

static bool arena_serves(const struct arena *arena,
			 const struct run_request *request)
{
	return request->arena ? arena == request->arena : !arena->exclusive;
}

static struct page *arenas_cut(struct instance *instance,
			       const struct run_request *request)
{
	struct arena *arena;
	struct page *run;

	for (arena = instance->arenas; arena; arena = arena->next) {
		if (!arena_serves(arena, request))
			continue;
		(void)descriptors_reserve(arena);
		run = run_cut(arena, request);
		if (run)
			return run;
	}
	return NULL;
}

/* Called without the lock: a new arena from the port, large enough */
static bool arena_reserve(struct instance *instance, size_t units)
{
	size_t least = (units << UNIT_SHIFT) + (units << UNIT_SHIFT) / 256 +
		       16 * UNIT_SIZE;
	size_t bytes = instance->reserve_bytes;
	bool is_zero = false;
	void *start;

	if (!instance->arenas)	/* the window's map */
		least += MAP_WINDOW_BYTES_MIN / (UNIT_SIZE / sizeof(uintptr_t));
	if (bytes < least)
		bytes = least;
	start = port_reserve(least, &bytes, &is_zero);
	if (!start)
		return false;
	if (arena_add(instance, start, bytes, is_zero, false, false))
		return true;
	port_release(start, bytes);
	return false;
}

/* Counted, and on the list of its heap where it is large */
static void run_enter(struct instance *instance, struct page *run,
		      const struct run_request *request)
{
	struct heap *heap = request->heap;

	run->class = (uint8_t)request->class;
	stats_add(instance, run, run->units, 1);
	if (!heap)
		return;
	run->heap = heap;
	run->prev = NULL;
	run->next = heap->large;
	if (run->next)
		run->next->prev = run;
	heap->large = run;
}

static void run_leave(struct instance *instance, struct page *run)
{
	struct heap *heap = run->heap;

	stats_subtract(instance, run, run->units, 1);
	frames_not_for(instance, run, run->units);
	if (run->kind != RUN_LARGE || !heap)
		return;
	if (run->prev)
		run->prev->next = run->next;
	else
		heap->large = run->next;
	if (run->next)
		run->next->prev = run->prev;
}

struct page *instance_run_alloc(struct instance *instance,
				const struct run_request *request)
{
	struct page *run = NULL;

	port_lock(&instance->lock);
	if (likely(frames_for_request(instance, request)))
		run = arenas_cut(instance, request);
	if (unlikely(!run) && atomic_read(&instance->kept_run)) {
		port_unlock(&instance->lock);
		instance_run_flush(instance);
		port_lock(&instance->lock);
		if (frames_for_request(instance, request))
			run = arenas_cut(instance, request);
	}
	if (unlikely(!run) && instance->os_enabled && !request->arena) {
		port_unlock(&instance->lock);
		if (!arena_reserve(instance, request->units +
				   request->align_units))
			return NULL;
		port_lock(&instance->lock);
		run = arenas_cut(instance, request);
	}
	if (likely(run)) {
		run_enter(instance, run, request);
		frames_for_run(instance, run);
	}
	port_unlock(&instance->lock);
	return run;
}

void instance_run_release(struct instance *instance, struct page *run)
{
	run_leave(instance, run);
	run_put(arena_by_number(instance, run->arena_number), run, true);
}

void instance_run_free(struct instance *instance, struct page *run)
{
	port_lock(&instance->lock);
	instance_run_release(instance, run);
	purge_to_budget(instance, false);
	port_unlock(&instance->lock);
}

void instance_run_flush(struct instance *instance)
{
	struct page *run = instance_run_keep(instance, NULL);

	if (run)
		instance_run_free(instance, run);
}

static bool run_try_grow(struct instance *instance, struct page *run,
			 size_t units)
{
	if (!run_may_grow(run, units) || !frames_for_more(instance, run, units))
		return false;
	if (run_grow(arena_by_number(instance, run->arena_number), run, units))
		return true;
	/* what was behind it has become a chunk, for a purge */
	frames_not_for(instance, run, units);
	return false;
}

bool instance_run_grow(struct instance *instance, struct page *run,
		       size_t units)
{
	bool grown;

	port_lock(&instance->lock);
	grown = run_try_grow(instance, run, units);
	if (!grown && atomic_read(&instance->kept_run)) {
		/* the run behind may be the one that is kept */
		port_unlock(&instance->lock);
		instance_run_flush(instance);
		port_lock(&instance->lock);
		grown = run_try_grow(instance, run, units);
	}
	if (grown)
		stats_add(instance, run, units, 0);
	port_unlock(&instance->lock);
	return grown;
}

/* Keeps the first `units`; the run stays whole where no descriptor is left */
void instance_run_shrink(struct instance *instance, struct page *run,
			 size_t units)
{
	struct arena *arena;
	struct page *rest;

	port_lock(&instance->lock);
	arena = arena_by_number(instance, run->arena_number);
	(void)descriptors_reserve(arena);
	rest = run_split(arena, run, units);
	if (rest) {
		stats_subtract(instance, run, rest->units, 0);
		frames_not_for(instance, run, rest->units);
		run_put(arena, rest, true);
		purge_to_budget(instance, false);
	}
	port_unlock(&instance->lock);
}

/* Two runs of one, both in use; NULL where no descriptor is left */
struct page *instance_run_split(struct instance *instance, struct page *run,
				size_t units)
{
	struct page *rest;

	port_lock(&instance->lock);
	(void)descriptors_reserve(arena_by_number(instance,
						  run->arena_number));
	rest = run_split(arena_by_number(instance, run->arena_number), run,
			 units);
	if (rest) {
		rest->class = run->class;
		rest->flags = run->flags;
		rest->reciprocal = 0;
		rest->sum = 0;
		rest->held = 0;
		stats_add(instance, rest, 0, 1);
	}
	port_unlock(&instance->lock);
	return rest;
}

void instance_settle(struct instance *instance)
{
	struct arena *arena;

	port_lock(&instance->lock);
	for (arena = instance->arenas; arena; arena = arena->next)
		descriptors_settle(arena);
	port_unlock(&instance->lock);
}

size_t instance_largest(struct instance *instance)
{
	struct arena *arena;
	size_t largest = 0, units;

	/* as a request that finds nothing would do before it gives up */
	instance_run_flush(instance);
	instance_settle(instance);
	port_lock(&instance->lock);
	for (arena = instance->arenas; arena; arena = arena->next) {
		if (arena->exclusive)
			continue;
		/* so that a request does not have to, out of this very run */
		(void)descriptors_reserve(arena);
		units = run_largest(arena);
		if (units > largest)
			largest = units;
	}
	largest = frames_limit(instance, largest);
	port_unlock(&instance->lock);
	return largest << UNIT_SHIFT;
}
