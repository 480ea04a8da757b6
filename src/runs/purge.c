/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Giving memory back. Dirty free runs are kept under a budget by purging the
 * oldest, at the moment they become too much.
 *
 *	| clean | dirty | clean |	one free run
 *	| free  |PURGING| free  |	while the port works, without the lock
 *	| clean                 |	afterwards
 */
#include "runs/budget.h"
#include "runs/runs.h"

/*
 * Takes `units` of a free run's dirty parts out of service, or all of the last
 * one where that is less. They come from its end, as what is handed out next is
 * the front of the run.
 *
 * The free run is split in up to three. What comes before and behind goes back
 * as free runs, with what of the dirty parts lies there; descriptors_reserve()
 * has seen to it that neither split fails.
 *
 *	| dirty[0] | clean | dirty[1] | PURGING | clean |
 */
static struct run *purge_take(struct arena *arena, struct free_run *free,
			      size_t units)
{
	struct span dirty[2], last = free->dirty[free->dirty[1].to != 0];
	uintptr_t from, to = arena->start + ((uintptr_t)last.to << UNIT_SHIFT);
	struct run *run = &free->run, *rest;
	uintptr_t start = run_start(run);
	size_t whole = port_page_bytes();

	if (units > last.to - last.from)
		units = last.to - last.from;
	/*
	 * The system takes whole pages only, which may be larger than a unit.
	 * Where one sticks out of the dirty part but not out of the run, all of
	 * it goes. Where it sticks out of the run the rest may be in use, and
	 * the port clears the units inside instead.
	 */
	from = align_down(to - (units << UNIT_SHIFT), whole);
	if (from < start)
		from = start;
	to = align_up(to, whole);
	if (to > run_end(run))
		to = run_end(run);
	run_take_dirty(arena, free, dirty);
	run_unbin(arena, free);
	arena->units_free -= run->units;
	run->kind = RUN_PURGING;
	if (to < run_end(run)) {
		rest = run_split(arena, run, (to - start) >> UNIT_SHIFT);
		run_put(arena, rest, false);
	}
	if (from > start) {
		rest = run_split(arena, run, (from - start) >> UNIT_SHIFT);
		run_put(arena, run, false);
		run_put_dirty(arena, free_run_of(rest->phys.prev), dirty);
		run = rest;
	}
	return run;
}

static struct arena *arena_with_dirty(struct instance *instance)
{
	struct arena *arena = instance->arenas;

	while (arena && !arena->dirty.first)
		arena = arena->next;
	return arena;
}

/*
 * Each round gives back of the run that has been dirty for longest: its last
 * dirty part, or of that as much as is too much and an eighth of the budget
 * more, so that the next free does not do it again for a unit or two. What of
 * it stays dirty is the youngest then. Others may allocate and free while the
 * port works without the lock, so every round looks at everything anew.
 */
void purge_to_budget(struct instance *instance, bool all)
{
	struct free_run *oldest;
	struct large *cached;
	struct arena *arena;
	struct run *run;
	size_t budget, resting;
	bool is_zero;

	if (!instance->config.purge_enabled && !all)
		return;
	/* most of the time; the budget is never less than what is configured */
	if (!all && likely(units_resting(instance) <=
			   instance->config.budget_bytes >> UNIT_SHIFT))
		return;
	/* where all is to go, the block in the cache becomes a free run, too */
	cached = all ? large_cache_exchange(instance, NULL) : NULL;
	if (cached)
		instance_run_release(instance, &cached->run);
	if (all)
		shelf_release_all(instance);
#if PORT_KEPT_LEARN_MAX
	if (all)
		atomic_write(&instance->kept_learned, 0);
#endif
	for (;;) {	/* bounded: each round gives back what is too much */
		budget = all ? 0 : budget_units(instance);
		if (units_resting(instance) <= budget)
			return;
		/* what nobody takes leaves the shelves in time */
		(void)shelf_release_one(instance);
		arena = arena_with_dirty(instance);
		if (!arena)
			return;
		if (!descriptors_reserve(arena))
			return;		/* full to the last unit */
		oldest = arena->dirty.first;
		resting = units_resting(instance);
		if (!oldest || resting <= budget)
			continue;	/* that is a chunk of descriptors now */
		run = purge_take(arena, oldest, resting - budget + budget / 8);
		run->owner = port_thread_id();	/* a signal may fork here */
		instance->bytes_purged += run_bytes(run);
		instance->purges++;
		budget_give_back(instance, run->units);
		port_unlock(&instance->lock);
		is_zero = port_purge((void *)run_start(run), run_bytes(run));
		port_lock(&instance->lock);
		/* from now on nothing from this arena counts as zero */
		if (!is_zero)
			arena->fresh_is_zero = false;
		run_give_back(arena, run, false);
	}
}

void purge_all(struct instance *instance)
{
	port_lock(&instance->lock);
	purge_to_budget(instance, true);
	port_unlock(&instance->lock);
}
