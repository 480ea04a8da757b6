/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The only ones that touch instance->budget. The lock is held. All is O(1).
 */
#ifndef MI_BUDGET_H
#define MI_BUDGET_H

#include "ground/types.h"

/*
 * Units that are free and may have been touched: dirty runs, the shelves, and
 * what heaps may keep in empty pages beside the fixed limit of that. This part
 * changes without the lock, so who compares twice reads once.
 */
static inline size_t units_resting(const struct instance *instance)
{
	size_t resting = instance->units_dirty + instance->units_shelved;

#if PORT_KEPT_LEARN_MAX
	resting += atomic_read(&instance->kept_learned);
#endif
	return resting;
}

/*
 * How many units may rest now. Learns from what was missed, so what one
 * call gives may be less than what the next one does.
 */
size_t budget_units(struct instance *instance);

/* So many dirty units are given back; they count as dirty no longer */
void budget_give_back(struct instance *instance, size_t units);

/*
 * The units in [start, end) have been cut out of a free run, also for the run
 * before it to grow. `dirty` is what units_dirty was before that; the
 * high-water mark is still where it was.
 */
void budget_cut(const struct arena *arena, uintptr_t start, uintptr_t end,
		size_t dirty);

/* So many resting units have been taken as they were */
void budget_taken(struct instance *instance, size_t units);

#endif /* MI_BUDGET_H */
