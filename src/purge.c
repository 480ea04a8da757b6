/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Giving memory back. Dirty free runs are kept under a budget by purging the
 * oldest, at the moment they become too much.
 *
 *	| clean | dirty | clean |	one free run
 *	| free  |PURGING| free  |	while the port works, without the lock
 *	| clean                 |	afterwards
 */
#include "arena.h"

static size_t budget_units(const struct instance *instance)
{
	size_t budget = instance->budget_bytes >> UNIT_SHIFT;

	if (instance->budget_share) {
		size_t share = instance->units_used / instance->budget_share;

		if (share > budget)
			return share;
	}
	return budget;
}

/* Whether purging the run needs descriptors for what stays free of it */
static bool purge_splits(const struct page *run)
{
	return run->dirty_start != run_start(run) ||
	       run->dirty_end != run_end(run);
}

/* Takes the dirty part of a free run out of service */
static struct page *purge_take(struct arena *arena, struct page *run)
{
	size_t front = (run->dirty_start - run_start(run)) >> UNIT_SHIFT;
	size_t dirty = (run->dirty_end - run->dirty_start) >> UNIT_SHIFT;
	struct page *rest;

	run_set_dirty(arena, run, 0, 0);
	run_unbin(arena, run);
	arena->units_free -= run->units;
	run->kind = RUN_PURGING;
	if (front + dirty < run->units) {
		rest = run_split(arena, run, front + dirty);
		run_put(arena, rest, false);
	}
	if (front) {
		rest = run_split(arena, run, front);
		run_put(arena, run, false);
		run = rest;
	}
	return run;
}

static struct arena *arena_with_dirty(struct instance *instance)
{
	struct arena *arena = instance->arenas;

	while (arena && !arena->age_first)
		arena = arena->next;
	return arena;
}

void purge_to_budget(struct instance *instance, bool all)
{
	struct arena *arena;
	struct page *run;
	bool is_zero, reserved;

	if (likely(!instance->purge_enabled) && !all)
		return;
	if (instance->units_dirty + cache_units(instance) <=
	    budget_units(instance) && !all)
		return;
	cache_flush(instance);
	while (instance->units_dirty > (all ? 0 : budget_units(instance))) {
		arena = arena_with_dirty(instance);
		if (!arena)
			return;
		reserved = descriptors_reserve(arena);
		run = arena->age_first;
		if (!run)
			continue;	/* it went into a new chunk */
		if (!reserved && purge_splits(run))
			return;
		run = purge_take(arena, run);
		instance->bytes_purged += run_bytes(run);
		instance->purges++;
		port_unlock(&instance->lock);
		is_zero = port_purge((void *)run_start(run), run_bytes(run));
		port_lock(&instance->lock);
		if (!is_zero)
			arena->fresh_is_zero = false;
		run_put(arena, run, false);
	}
}
