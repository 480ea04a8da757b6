/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dirty part of a free run: one interval that may have been touched since
 * the system handed it out. Runs with one stand on a list, oldest first, and
 * their units are counted, for purge.c.
 */
#include "runs/runs.h"

void run_set_dirty(struct arena *arena, struct free_run *run, uintptr_t start,
		   uintptr_t end)
{
	struct instance *instance = arena->instance;

	if (run->flags & RUN_DIRTY) {
		instance->units_dirty -=
			(run->dirty_end - run->dirty_start) >> UNIT_SHIFT;
		DEQUE_REMOVE(&arena->dirty, run, age);
		run->flags &= (uint8_t)~RUN_DIRTY;
	}
	if (arena->fixed)
		start = end = 0;	/* never purged, never known as zero */
	run->dirty_start = start;
	run->dirty_end = end;
	if (start == end)
		return;
	instance->units_dirty += (end - start) >> UNIT_SHIFT;
	run->flags |= RUN_DIRTY;
	DEQUE_APPEND(&arena->dirty, run, age);
}

void run_clip_dirty(struct arena *arena, struct free_run *run, uintptr_t start,
		    uintptr_t end)
{
	uintptr_t from = run->dirty_start, to = run->dirty_end;

	if (!(run->flags & RUN_DIRTY))
		return;
	if (from < start)
		from = start;
	if (to > end)
		to = end;
	if (from >= to) {
		run_set_dirty(arena, run, 0, 0);
		return;
	}
	arena->instance->units_dirty -=
		((run->dirty_end - run->dirty_start) - (to - from)) >>
		UNIT_SHIFT;
	run->dirty_start = from;
	run->dirty_end = to;
}

void run_widen_dirty(struct arena *arena, struct free_run *run, uintptr_t start,
		     uintptr_t end)
{
	if (start == end)
		return;
	if (run->flags & RUN_DIRTY) {
		if (end > run->dirty_end)
			run->flags |= RUN_GREW_UP;
		else if (start < run->dirty_start)
			run->flags &= (uint8_t)~RUN_GREW_UP;
		if (run->dirty_start < start)
			start = run->dirty_start;
		if (run->dirty_end > end)
			end = run->dirty_end;
	}
	run_set_dirty(arena, run, start, end);
}
