/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where memory is backed by frames on demand and a fault that finds none is
 * the end, nothing may be handed out that could not be backed.
 *
 *	small pages	extended only over units that are backed then
 *	large blocks, whole units
 *			promised: frames are left for them, but not taken
 *	anything else	touched when it is cut
 *
 * What was promised may have been touched by now, and counts twice. Only
 * when that seems to leave too little is it backed, each run once.
 */
#include "runs/runs.h"
#include "runs/promise.h"

#if PORT_FRAMES_RUN_OUT

static void unit_back(uintptr_t start)
{
	(void)*(volatile const char *)start;
}

static void run_back(uintptr_t start, size_t units)
{
	for (; units >= 4; units -= 4, start += 4 * UNIT_SIZE) {
		unit_back(start);
		unit_back(start + UNIT_SIZE);
		unit_back(start + 2 * UNIT_SIZE);
		unit_back(start + 3 * UNIT_SIZE);
	}
	for (; units; units--, start += UNIT_SIZE)
		unit_back(start);
}

static void promises_back(struct instance *instance)
{
	struct arena *arena;
	struct run *run;

	for (arena = instance->arenas; arena; arena = arena->next) {
		for (run = arena->phys.first; run; run = run->phys.next) {
			if (run->flags & RUN_PROMISED) {
				promise_end(instance, run, run->units);
				run->flags &= (uint8_t)~RUN_PROMISED;
				run_back(run_start(run), run->units);
			}
		}
	}
}

static size_t units_left(void)
{
	return port_touchable() >> UNIT_SHIFT;
}

bool frames_are_left(struct instance *instance, size_t units)
{
	if (likely(units_left() >= units + instance->units_promised))
		return true;
	if (instance->units_promised)
		promises_back(instance);
	if (units_left() >= units)
		return true;
	purge_to_budget(instance, true);
	return units_left() >= units;
}

bool frames_for_request(struct instance *instance,
			const struct run_request *request)
{
	return request->kind == RUN_PAGE ||	/* page_extend() asks */
	       frames_suffice(instance, request->units);
}

void frames_for_run(struct instance *instance, struct run *run)
{
	if (likely(!instance->config.purge_enabled))
		return;
	if (run->kind == RUN_LARGE || run->kind == RUN_PALLOC)
		promise_make(instance, run);
}

/* The map's units are taken first, as a request that large would do */
size_t frames_limit(struct instance *instance, size_t units)
{
	struct arena *arena;
	size_t left;

	if (frames_suffice(instance, units))
		return units;
	for (arena = instance->arenas; arena; arena = arena->next)
		run_reach(arena, arena->end);
	left = units_left();
	return left < units ? left : units;
}

bool frames_for_more(struct instance *instance, struct run *run,
		     size_t units)
{
	if (!frames_suffice(instance, units))
		return false;
	if (!instance->config.purge_enabled)
		return true;
	if (!(run->flags & RUN_PROMISED))
		promise_make(instance, run);
	instance->units_promised += units;
	return true;
}

bool frames_for_blocks(struct instance *instance, uintptr_t start,
		       size_t units)
{
	if (likely(!instance->config.purge_enabled))
		return true;
	if (!frames_suffice(instance, units))
		return false;
	run_back(start, units);
	return true;
}

#else

typedef int frames_nothing;	/* a translation unit must hold something */

#endif /* PORT_FRAMES_RUN_OUT */
