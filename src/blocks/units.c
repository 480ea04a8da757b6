/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whole units: any part of what was handed out may be given back, by
 * instance_units_free().
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
