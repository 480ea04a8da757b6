/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whole units: any part of what was handed out may be given back.
 *
 *	| run                          |
 *	| run  |  part    | rest       |	a part goes
 *	| run  |  free    | rest       |
 */
#include "blocks/blocks.h"

void *units_alloc(struct instance *instance, size_t units)
{
	const struct run_request request = {
		.units = units, .align_units = 1, .kind = RUN_PALLOC,
	};
	struct run *run;

	if (units == 0 || units > UINT32_MAX)
		return NULL;
	run = instance_run_alloc(instance, &request);
	if (!run) {
		heaps_collect(instance);
		run = instance_run_alloc(instance, &request);
		if (!run)
			return NULL;
	}
	arena_map_set(arena_by_number(instance, run->arena_number), run,
		      run_start(run), run_end(run) - 1);
	return (void *)run_start(run);
}

bool units_free(struct instance *instance, void *p, size_t units)
{
	uintptr_t start = (uintptr_t)p, end = start + (units << UNIT_SHIFT);
	struct run *run = arena_run_of(instance, p), *rest;
	struct arena *arena;
	size_t before;

	if (!run || run->kind != RUN_PALLOC || units == 0 ||
	    units > run->units || end > run_end(run)) {
		error_pointer(ERROR_FOREIGN, "pfree", p);
		return false;
	}
	if (start & (UNIT_SIZE - 1)) {
		error_pointer(ERROR_INTERIOR, "pfree", p);
		return false;
	}
	arena = arena_by_number(instance, run->arena_number);
	before = (start - run_start(run)) >> UNIT_SHIFT;
	if (before)
		run = instance_run_split(instance, run, before);
	if (run && end != run_end(run)) {
		rest = instance_run_split(instance, run, units);
		if (rest)
			arena_map_set(arena, rest, end, run_end(rest) - 1);
		else
			run = NULL;
	}
	if (!run)
		return false;
	arena_map_set(arena, NULL, start, end - 1);
	instance_run_free(instance, run);
	return true;
}
