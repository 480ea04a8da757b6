/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs that were freed, kept whole for the next request of their size: pages
 * and large blocks that come and go are neither joined nor cut anew.
 *
 *	slot = units % CACHE_SLOTS:	[ newest ] -> [ older ] -> ...
 *
 * A kept run is free in all respects but that nothing joins it: whoever looks
 * for the largest run, or finds none, empties the cache first. The map may
 * still lead to its descriptor; so a second free is recognised.
 */
#include "arena.h"

#if MI_RUN_CACHE

/* Of all memory, so much is kept at most */
#define CACHE_SHARE		16

/* So many runs make room for one */
#define CACHE_EVICTS		4

static void cache_evict(struct instance *instance, struct page **slot)
{
	struct page *run = *slot;
	struct arena *arena = arena_by_number(instance, run->arena_number);

	*slot = run->next;
	instance->units_cached -= run->units;
	instance->cached_count--;
	arena_map_set(arena, NULL, run_start(run), run_start(run));
	run_put(arena, run, true);
}

/* From each slot in turn */
static void cache_evict_any(struct instance *instance)
{
	unsigned int tries = CACHE_SLOTS, slot;

	for (; tries; tries--) {
		slot = instance->cache_turn++ % CACHE_SLOTS;
		if (instance->cache[slot]) {
			cache_evict(instance, &instance->cache[slot]);
			return;
		}
	}
}

static bool cache_is_full(const struct instance *instance,
			  const struct page *run)
{
	return instance->cached_count >= CACHE_RUNS_MAX ||
	       instance->units_cached + run->units > instance->cache_units_max;
}

bool cache_make_room(struct instance *instance, const struct page *run)
{
	unsigned int tries = CACHE_EVICTS;

	if (run->units > instance->cache_units_max)
		return false;
	while (cache_is_full(instance, run)) {
		if (!tries--)
			return false;
		cache_evict_any(instance);
	}
	return true;
}

void cache_flush(struct instance *instance)
{
	while (instance->cached_count)	/* bounded: CACHE_RUNS_MAX */
		cache_evict_any(instance);
}

void cache_forget(struct instance *instance, struct page *run)
{
	struct page **link = &instance->cache[run->units % CACHE_SLOTS];

	while (*link != run)
		link = &(*link)->next;
	cache_evict(instance, link);
}

void cache_resize(struct instance *instance)
{
	const struct arena *arena;
	size_t units = 0;

	for (arena = instance->arenas; arena; arena = arena->next)
		units += (arena->end - arena->start) >> UNIT_SHIFT;
	units /= CACHE_SHARE;
	instance->cache_units_max = units < CACHE_UNITS_MAX ? units :
				    CACHE_UNITS_MAX;
}

#else

typedef int run_cache_nothing;	/* a translation unit must hold something */

#endif /* MI_RUN_CACHE */
