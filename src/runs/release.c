/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Units that were in use come back to their arena. The lock is held, and where
 * it is said so dropped meanwhile.
 */
#include "runs/runs.h"
#include "runs/promise.h"

void run_leave(struct instance *instance, struct run *run)
{
	stats_subtract(instance, run, run->units, 1);
	promise_end(instance, run, run->units);
	if (run->kind == RUN_LARGE)
		large_unlist(large_of_run(run));
}

enum port_moved run_return(struct instance *instance, struct run *run,
			   bool moved)
{
	enum port_moved renewed = PORT_NOT_MOVED;

	if (unlikely(moved)) {
		run->kind = RUN_PURGING;
		run->owner = port_thread_id();	/* a signal may fork here */
		port_unlock(&instance->lock);
		renewed = port_renew((void *)run_start(run), run_bytes(run));
		port_lock(&instance->lock);
	}
	if (unlikely(renewed == PORT_MOVE_LOST))
		run->kind = RUN_META;	/* nothing is there any more */
	else
		run_give_back(arena_by_number(instance, run->arena_number),
			      run, renewed == PORT_NOT_MOVED);
	return renewed;
}

#if PORT_CEDES

/*
 * A new descriptor takes the place of the run's in its arena, and is free. The
 * old one is its owner's still, but describes nothing.
 */
bool instance_run_cede(struct instance *instance, const struct run *run)
{
	struct arena *arena = arena_by_number(instance, run->arena_number);
	struct run *rest;

	port_lock(&instance->lock);
	(void)descriptors_reserve(arena);
	rest = descriptor_take(arena);
	if (rest) {
		rest->origin = run_start(run);
		rest->units = run->units;
		rest->kind = RUN_META;
		rest->phys = run->phys;
		DEQUE_RELINK(&arena->phys, rest, phys);
		stats_subtract(instance, run, run->units, 1);
		run_give_back(arena, rest, true);
	}
	port_unlock(&instance->lock);
	return rest != NULL;
}

void instance_descriptor_free(struct instance *instance, struct run *run)
{
	port_lock(&instance->lock);
	descriptor_give(arena_by_number(instance, run->arena_number), run);
	port_unlock(&instance->lock);
}

#endif

void instance_run_release(struct instance *instance, struct run *run)
{
	bool moved = run->flags & RUN_MOVED;

	run_leave(instance, run);
	/* while it keeps mappings of its own, it counts */
	if (run_return(instance, run, moved) != PORT_NOT_MOVED)
		instance->moves--;
}
