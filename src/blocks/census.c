/* SPDX-License-Identifier: BSD-3-Clause */
/* Counts what is there by a walk over all runs. */
#include "blocks/census.h"

static void count_page(struct census *census, const struct run *run,
		       uintptr_t start)
{
	struct class_use *class = &census->classes[run->class];
	struct page_use use;

	page_use((const struct page *)run, start, &use);
	class->pages++;
	class->units += run->units;
	class->made += use.made;
	class->live += use.live;
	census->all.pages++;
	census->all.units += run->units;
	census->all.made += use.made;
	census->all.live += use.live;
	census->live_bytes += use.live * size_class_bytes(run->class);
}

static void count_free(struct census *census, const struct run *run)
{
	census->free_runs++;
	census->free_units += run->units;
	if (run->units > census->largest_units)
		census->largest_units = run->units;
}

/* To the program the block in the cache is free */
static void count_large(struct census *census, const struct run *run,
			const struct instance *instance)
{
	struct class_use *large = &census->classes[CLASS_NONE];

	if ((const void *)run == large_cache_block(instance)) {
		count_free(census, run);
		census->cached_units = run->units;
		return;
	}
	large->pages++;
	large->made++;
	large->live++;
	large->units += run->units;
}

static void count_run(struct census *census, const struct run *run,
		      uintptr_t start, const struct instance *instance)
{
	switch (run->kind) {
	case RUN_PAGE:
		count_page(census, run, start);
		break;
	case RUN_LARGE:
		count_large(census, run, instance);
		break;
	case RUN_PALLOC:
		census->whole_runs++;
		census->whole_units += run->units;
		break;
	case RUN_FREE:
	case RUN_SHELVED:
	case RUN_PURGING:
		count_free(census, run);
		break;
	default:
		break;
	}
}

/* Where a run starts those before it tell: an owner may be at the page */
static void count_arena(struct census *census, const struct arena *arena,
			const struct instance *instance)
{
	uintptr_t start = arena->start;
	const struct run *run;

	census->units_reserved += (arena->end - start) >> UNIT_SHIFT;
	for (run = arena->phys.first; run; run = run->phys.next) {
		if (arena != instance->meta)	/* no run for a program */
			count_run(census, run, start, instance);
		start += run_bytes(run);
	}
}

void instance_census(struct instance *instance, struct census *census)
{
	const struct arena *arena;
#if MI_CLASS_STATS
	unsigned int class;
#endif

	memory_zero(census, sizeof(*census));
	port_lock(&instance->lock);
	for (arena = instance->arenas; arena; arena = arena->next)
		count_arena(census, arena, instance);
	census->units_used = instance->units_used;
	census->units_used_peak = instance->units_used_peak;
	census->units_held = instance_held(instance);
	census->units_held_peak = instance_held_peak(instance);
	census->bytes_purged = instance->bytes_purged;
	census->purges = instance->purges;
	census->heaps = instance->heap_count;
	census->heaps_peak = instance->heap_count_peak;
	census->abandoned = instance->abandoned_count;
#if MI_CLASS_STATS
	memory_copy(census->stats, instance->stats, sizeof(census->stats));
	for (class = 0; class < CLASS_COUNT; class++)
		census->classes[class].made_ended =
			atomic_read(&instance->made_ended[class]);
#endif
	port_unlock(&instance->lock);
}
