/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The only ones that touch instance->budget. The lock is held. All is O(1).
 */
#ifndef MI_BUDGET_H
#define MI_BUDGET_H

#include "ground/types.h"

/*
 * How many units may be dirty now. Learns from what was missed, so what one
 * call gives may be less than what the next one does.
 */
size_t budget_units(struct instance *instance);

/* So many dirty units are given back; they count as dirty no longer */
void budget_give_back(struct instance *instance, size_t units);

/*
 * So many units have been cut. `clean` of them had been used and given back
 * before.
 */
static inline void budget_cut(struct instance *instance, size_t units,
			      size_t clean)
{
	struct budget *budget = &instance->budget;

	budget->missed += clean;
	budget->cut += units;
	if (budget->spare > instance->units_dirty)
		budget->spare = instance->units_dirty;
}

#endif /* MI_BUDGET_H */
