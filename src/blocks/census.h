/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an instance holds at one moment, in all heaps and threads, and the two
 * forms in which it is told. docs/statistics.md says what each figure is.
 */
#ifndef MI_CENSUS_H
#define MI_CENSUS_H

#include "blocks/blocks.h"
#include "ground/text.h"

struct class_use {
	size_t pages, units;
	size_t made;		/* blocks, free ones and these: */
	size_t live;		/* handed out */
	size_t made_ended;	/* blocks of pages that are no more */
};

struct census {
	size_t units_reserved;	/* all arenas */
	size_t units_used, units_used_peak;
	size_t units_held, units_held_peak;	/* and free ones, dirty */
	size_t bytes_purged, purges;
	size_t heaps, heaps_peak;
	size_t abandoned;	/* pages */
	/* Counted by a walk over all runs: */
	size_t free_runs, free_units;
	size_t largest_units;	/* of a free run */
	size_t cached_units;	/* in use, and free to the program */
	size_t whole_runs, whole_units;		/* of palloc */
	struct class_use classes[CLASS_NONE + 1];	/* the last: large */
	struct class_use all;	/* pages of all classes, but no large blocks */
	size_t live_bytes;	/* in these */
#if MI_CLASS_STATS
	struct class_stats stats[CLASS_NONE + 1];
#endif
};

/*
 * Takes the lock, so that others wait who need a page, but not who take or
 * give back a block. What they do meanwhile may be seen or not. O(runs + free
 * blocks)
 */
COLD void instance_census(struct instance *instance, struct census *census);

/* The part of `whole` that `part` is, in thousandths, rounded down */
static inline size_t per_mille(size_t part, size_t whole)
{
	return whole ? part * 1000 / whole : 0;
}

/* Whether there is a page of the class, or has been one where that is known */
static inline bool census_has_class(const struct census *census,
				    unsigned int class)
{
#if MI_CLASS_STATS
	if (census->stats[class].pages_total)
		return true;
#endif
	return census->classes[class].pages != 0;
}

/* What of the pages no block holds, and of free memory no single run */
static inline size_t census_waste(const struct census *census)
{
	size_t bytes = census->all.units << UNIT_SHIFT;

	return per_mille(bytes - census->live_bytes, bytes);
}

static inline size_t census_scatter(const struct census *census)
{
	return per_mille(census->free_units - census->largest_units,
			 census->free_units);
}

/* What is in use and holds no blocks: heaps, on Linux */
static inline size_t census_units_of_engine(const struct census *census)
{
	return census->units_used - census->all.units - census->whole_units -
	       census->classes[CLASS_NONE].units - census->cached_units;
}

/* report.c: a line for each class in use, and before them what they are of */
COLD void census_print(const struct census *census, struct text *text);
/* json.c. `process` is NULL where nothing is known of one */
COLD void census_print_json(const struct census *census,
			    const struct port_process *process,
			    struct text *text);

#endif /* MI_CENSUS_H */
