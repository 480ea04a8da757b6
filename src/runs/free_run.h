/* SPDX-License-Identifier: BSD-3-Clause */
/* The descriptor of a free run. */
#ifndef MI_FREE_RUN_H
#define MI_FREE_RUN_H

#include "ground/types.h"

/*
 * Invariants, checked by free_run_is_valid() and bins_are_valid():
 *	it stands in the bin of its units, and no free run is beside it
 *	owner = 0
 *	it is on arena->dirty  <=>  RUN_DIRTY
 *		RUN_DIRTY:	start <= dirty_start < dirty_end <= end
 *		else:		dirty_start = dirty_end = 0
 *
 * When a run has just been cut, these two tell what part of it need not read as
 * zero; there is none where dirty_start >= dirty_end. struct large has them at
 * the same place, and other views write over them.
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
			uintptr_t dirty_start;	/* what may be touched */
			uintptr_t dirty_end;
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
