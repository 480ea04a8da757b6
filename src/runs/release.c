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

void instance_run_release(struct instance *instance, struct run *run)
{
	bool moved = run->flags & RUN_MOVED;

	run_leave(instance, run);
	/* while it keeps mappings of its own, it counts */
	if (run_return(instance, run, moved) != PORT_NOT_MOVED)
		instance->moves--;
}
