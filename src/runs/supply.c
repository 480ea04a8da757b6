/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs for an instance, from any of its arenas: asked for, grown, cut and
 * given back by calls that take the lock.
 */
#include "runs/runs.h"
#include "runs/promise.h"

static bool arena_serves(const struct instance *instance,
			 const struct arena *arena,
			 const struct run_request *request)
{
	if (request->kind == RUN_META && instance->meta)
		return arena == instance->meta;
	if (request->arena)
		return arena == request->arena;
	/* what the allocator has reserved by itself, only where it may */
	return !arena->exclusive &&
	       (!arena->grows || instance->config.os_enabled);
}

static struct run *arenas_cut(struct instance *instance,
			      const struct run_request *request)
{
	struct arena *arena;
	struct run *run;

	for (arena = instance->arenas; arena; arena = arena->next) {
		if (!arena_serves(instance, arena, request))
			continue;
		(void)descriptors_reserve(arena);
		run = run_cut(arena, request);
		if (run)
			return run;
	}
	return NULL;
}

/*
 * Where the region for the engine's data cannot grow, a heap lies among blocks:
 * less well guarded, but there.
 */
static struct run *arenas_cut_beside_blocks(struct instance *instance,
					    const struct run_request *request)
{
	struct arena *arena;
	struct run *run = NULL;

	for (arena = instance->arenas; arena && !run; arena = arena->next)
		if (!arena->exclusive && !arena->fixed)
			run = arena_cut(arena, request);
	return run;
}

/* What no arena has, of one that grows */
static struct run *arenas_cut_grown(struct instance *instance,
				    const struct run_request *request)
{
	struct arena *arena;
	struct run *run;

	for (arena = instance->arenas; arena; arena = arena->next) {
		if (!arena->grows || !arena_serves(instance, arena, request))
			continue;
		run = arena_cut(arena, request);
		if (run)
			return run;
	}
	if (request->kind == RUN_META && instance->meta)
		return arenas_cut_beside_blocks(instance, request);
	return NULL;
}

/*
 * What no arena has: one of them grows, or there is a new one. Other threads
 * may take all that was there, and more, while the lock is open for it: so the
 * new one is searched before they can, and those that grow are asked again.
 */
static struct run *arenas_cut_more(struct instance *instance,
				   const struct run_request *request)
{
	struct run *run = arenas_cut_grown(instance, request);

	if (run || !instance->config.os_enabled || request->arena)
		return run;
	(void)arena_reserve(instance, request->units +
			    request->align_units - 1);
	run = arenas_cut(instance, request);
	return run ? run : arenas_cut_grown(instance, request);
}

/* Counted, and listed where it is large */
static void run_enter(struct instance *instance, struct run *run,
		      const struct run_request *request)
{
	run->class = request->kind == RUN_PAGE ? (uint8_t)request->class :
		     CLASS_NONE;
	stats_add(instance, run, run->units, 1);
	if (request->kind == RUN_LARGE) {
		large_of_run(run)->block = NULL;
		large_list(large_of_run(run), request->listed);
	}
}

struct run *instance_run_alloc(struct instance *instance,
			       const struct run_request *request)
{
	struct run *run = NULL;

	port_lock(&instance->lock);
	if (likely(frames_for_request(instance, request))) {
		run = shelf_take(instance, request);
		if (!run)
			run = arenas_cut(instance, request);
	}
	/* relaxed, here and below: the flush swaps the cache */
	if (unlikely(!run) && (instance->runs_shelved ||
			       atomic_read(&instance->large_cache))) {
		port_unlock(&instance->lock);
		large_cache_flush(instance);
		port_lock(&instance->lock);
		if (frames_for_request(instance, request))
			run = arenas_cut(instance, request);
	}
	if (unlikely(!run) && frames_for_request(instance, request))
		run = arenas_cut_more(instance, request);
	if (likely(run)) {
		run_enter(instance, run, request);
		frames_for_run(instance, run);
	}
	port_unlock(&instance->lock);
	return run;
}

bool instance_move_begin(struct instance *instance, struct run *to)
{
	bool may;

	port_lock(&instance->lock);
	may = instance->moves < MOVES_MAX;
	if (may) {
		to->flags |= RUN_MOVED;
		instance->moves++;
	}
	port_unlock(&instance->lock);
	return may;
}

void instance_move_end(struct instance *instance, struct run *not_there)
{
	port_lock(&instance->lock);
	if (not_there->flags & RUN_MOVED) {
		not_there->flags &= (uint8_t)~RUN_MOVED;
		instance->moves--;
	}
	port_unlock(&instance->lock);
}

void instance_run_lose(struct instance *instance, struct run *run)
{
	port_lock(&instance->lock);
	run_leave(instance, run);
	run->kind = RUN_META;
	port_unlock(&instance->lock);
}

void instance_run_free(struct instance *instance, struct run *run)
{
	port_lock(&instance->lock);
	if (!shelf_put(instance, run)) {	/* what is there is in budget */
		instance_run_release(instance, run);
		purge_to_budget(instance, false);
	}
	port_unlock(&instance->lock);
}

void large_cache_flush(struct instance *instance)
{
	struct large *large = large_cache_exchange(instance, NULL);

	port_lock(&instance->lock);
	if (large)
		instance_run_release(instance, &large->run);
	shelf_release_all(instance);
	purge_to_budget(instance, false);
	port_unlock(&instance->lock);
}

/*
 * What stands at the end of an arena that grows has room as soon as that has
 * grown. Without this it would move to where it leaves a gap of its size, and
 * would take the memory of both places until it has moved.
 */
static bool run_may_grow_at_end(struct arena *arena, const struct run *run,
				size_t units)
{
	const struct run *next = run->phys.next;

	if (!arena->grows || !arena->instance->config.os_enabled ||
	    (next && (next->kind != RUN_FREE || next->phys.next)))
		return false;
	(void)descriptors_reserve(arena);
	return arena_grow(arena, units) && run_may_grow(run, units);
}

static NOINLINE bool run_try_grow(struct instance *instance, struct run *run,
			 size_t units)
{
	struct arena *arena = arena_by_number(instance, run->arena_number);

	shelf_release_behind(instance, run, units);
	if (!run_may_grow(run, units) &&
	    !run_may_grow_at_end(arena, run, units))
		return false;
	if (!frames_for_more(instance, run, units))
		return false;
	if (run_grow(arena, run, units))
		return true;
	/* what was behind it has become a chunk, for a purge */
	promise_end(instance, run, units);
	return false;
}

bool instance_run_grow(struct instance *instance, struct run *run,
		       size_t units)
{
	bool grown;

	port_lock(&instance->lock);
	grown = run_try_grow(instance, run, units);
	if (!grown && atomic_read(&instance->large_cache)) {
		/* the run behind may be the one in the cache */
		port_unlock(&instance->lock);
		large_cache_flush(instance);
		port_lock(&instance->lock);
		grown = run_try_grow(instance, run, units);
	}
	if (grown)
		stats_add(instance, run, units, 0);
	port_unlock(&instance->lock);
	return grown;
}

/* Keeps the first `units`; the run stays whole where no descriptor is left */
void instance_run_shrink(struct instance *instance, struct run *run,
			 size_t units)
{
	struct arena *arena;
	struct run *rest;

	port_lock(&instance->lock);
	arena = arena_by_number(instance, run->arena_number);
	(void)descriptors_reserve(arena);
	rest = run_split(arena, run, units);
	if (rest) {
		stats_subtract(instance, run, rest->units, 0);
		promise_end(instance, run, rest->units);
		(void)run_return(instance, rest, run->flags & RUN_MOVED);
		purge_to_budget(instance, false);
	}
	port_unlock(&instance->lock);
}

/* Two runs of one, both in use; NULL where no descriptor is left */
static struct run *run_split_used(struct arena *arena, struct run *run,
				  size_t units)
{
	struct run *rest;

	(void)descriptors_reserve(arena);
	rest = run_split(arena, run, units);
	if (rest) {
		rest->class = run->class;
		rest->flags = run->flags;
		stats_add(arena->instance, rest, 0, 1);
		arena_map_set(arena, rest, run_start(rest), run_end(rest) - 1);
	}
	return rest;
}

/* The part, which is in use; NULL where no descriptor is left */
static struct run *run_cut_out(struct run *run, uintptr_t start, size_t units,
			       struct arena *arena)
{
	size_t before = (start - run_start(run)) >> UNIT_SHIFT;

	if (before)
		run = run_split_used(arena, run, before);
	if (run && units < run->units && !run_split_used(arena, run, units))
		run = NULL;
	if (run)
		arena_map_set(arena, NULL, start, run_end(run) - 1);
	return run;
}

enum units_found instance_units_free(struct instance *instance,
				     uintptr_t start, size_t units)
{
	enum units_found found = UNITS_FOREIGN;
	struct arena *arena;
	struct run *run;

	port_lock(&instance->lock);
	run = arena_run_locked(instance, (void *)start);
	if (run && run->kind == RUN_PALLOC && units && units <= run->units &&
	    start + (units << UNIT_SHIFT) <= run_end(run)) {
		arena = arena_by_number(instance, run->arena_number);
		if (start & (UNIT_SIZE - 1)) {
			found = UNITS_INSIDE;
		} else {
			run = run_cut_out(run, start, units, arena);
			found = run ? UNITS_FREED : UNITS_KEPT;
		}
	}
	port_unlock(&instance->lock);
	if (found == UNITS_FREED)
		instance_run_free(instance, run);
	return found;
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
	large_cache_flush(instance);
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
