/* SPDX-License-Identifier: BSD-3-Clause */
/* What is counted where runs are cut and given back. The lock is held. */
#include "runs/runs.h"

#if MI_CLASS_STATS

static struct class_stats *stats_of(struct instance *instance,
				    const struct run *run)
{
	return &instance->stats[run->class];
}

static void class_add(struct instance *instance, const struct run *run,
		      size_t units, unsigned int pages)
{
	struct class_stats *stats = stats_of(instance, run);

	stats->units += (uint32_t)units;
	if (stats->units > stats->units_peak)
		stats->units_peak = stats->units;
	stats->pages_total += pages;
	stats->pages += pages;
	if (stats->pages > stats->pages_peak)
		stats->pages_peak = stats->pages;
}

/* What was free and dirty is no more so, so nothing is counted twice */
static void held_peak_raise(struct instance *instance)
{
	size_t held = instance_held(instance);

	if (held > instance->units_held_peak)
		instance->units_held_peak = held;
}

static void class_subtract(struct instance *instance, const struct run *run,
			   size_t units, unsigned int pages)
{
	struct class_stats *stats = stats_of(instance, run);

	stats->units -= (uint32_t)units;
	stats->pages -= pages;
}

#else

static void class_add(struct instance *instance, const struct run *run,
		      size_t units, unsigned int pages)
{
	(void)instance;
	(void)run;
	(void)units;
	(void)pages;
}

static void class_subtract(struct instance *instance, const struct run *run,
			   size_t units, unsigned int pages)
{
	class_add(instance, run, units, pages);
}

static void held_peak_raise(struct instance *instance)
{
	(void)instance;
}

#endif /* MI_CLASS_STATS */

void stats_add(struct instance *instance, const struct run *run,
	       size_t units, unsigned int pages)
{
	instance->units_used += units;
	if (instance->units_used > instance->units_used_peak)
		instance->units_used_peak = instance->units_used;
	held_peak_raise(instance);
	if (run->kind != RUN_META)
		class_add(instance, run, units, pages);
}

void stats_subtract(struct instance *instance, const struct run *run,
		    size_t units, unsigned int pages)
{
	instance->units_used -= units;
	if (run->kind != RUN_META)
		class_subtract(instance, run, units, pages);
}
