/* SPDX-License-Identifier: BSD-3-Clause */
/* The descriptor of a free run. */
#ifndef MI_FREE_RUN_H
#define MI_FREE_RUN_H

#include "ground/types.h"

/* Units of an arena, counted from its start */
struct span {
	uint32_t from, to;
};
#define SPAN_NONE	((struct span) { 0, 0 })

/*
 * Invariants, checked by free_run_is_valid() and bins_are_valid():
 *	it stands in the bin of its units, and no free run is beside it
 *	owner = 0
 *	it is on arena->dirty  <=>  RUN_DIRTY  <=>  it has dirty[0]
 *	dirty[0] ends before dirty[1] begins, and both lie in the run
 *	what it has not is SPAN_NONE
 *
 * In a run that has just been cut, touched_start and touched_end stand in place
 * of these: between them it need not read as zero. struct large has them
 * at the same place, and other views write over them.
 */
struct free_run {
	union {
		struct run run;
		struct {
			uintptr_t unused_0[3];
			uint8_t bin;
			uint8_t unused_25[5];
			RUN_MEMBERS
			LINK(struct free_run) list;	/* of its bin */
			LINK(struct free_run) age;	/* on arena->dirty */
			union {
				struct span dirty[2];	/* see dirty.c */
				struct {
					uintptr_t touched_start;
					uintptr_t touched_end;
				};
			};
		};
	};
};
RUN_VIEW_IS_VALID(free_run);

/* The run where it is free, else NULL; `run` may be NULL */
static inline struct free_run *free_run_of(struct run *run)
{
	return run && run->kind == RUN_FREE ? (struct free_run *)run : NULL;
}

#endif /* MI_FREE_RUN_H */
