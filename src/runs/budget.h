/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The only ones that touch instance->budget. The lock is held. All is O(1).
 */
#ifndef MI_BUDGET_H
#define MI_BUDGET_H

#include "ground/types.h"

/* Of the units in empty pages those that may be kept as they were missed */
static inline size_t units_kept_more(const struct instance *instance)
{
#if PORT_KEPT_LEARN_MAX
	size_t kept = atomic_read(&instance->kept_units);
	size_t learned = atomic_read(&instance->kept_learned);

	kept -= kept < PORT_KEPT_UNITS_MAX ? kept : PORT_KEPT_UNITS_MAX;
	return kept < learned ? kept : learned;
#else
	(void)instance;
	return 0;
#endif
}

/*
 * Units that are free and may have been touched: dirty runs, the shelves, and
 * those in pages that are kept though the fixed limit of that is used up.
 */
static inline size_t units_resting(const struct instance *instance)
{
	return instance->units_dirty + instance->units_shelved +
	       units_kept_more(instance);
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
