/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is no block that is handed out: which mistake that is, and what the
 * report says of the address.
 */
#include "blocks/blocks.h"

/* Relaxed: a thread may be about to free or to take it */
static bool large_is_in_use(const struct large *large)
{
	return large->run.kind == RUN_LARGE && large->block &&
	       atomic_read(large->map_entry) != 0;
}

static void large_describe(const struct large *large, const void *p,
			   struct error_place *place)
{
	place->what = "large block";
	place->start = (uintptr_t)large->block;
	place->bytes = large_usable(large);
	place->state = large_is_in_use(large) ? "in use" : "free, but kept";
	if ((uintptr_t)p >= place->start)
		return;
	place->what = "memory before a large block";	/* as it is aligned */
	place->start = run_start(&large->run);
	place->bytes = (uintptr_t)large->block - place->start;
}

static void run_describe(struct run *run, const void *p,
			 struct error_place *place)
{
	place->start = run_start(run);
	place->bytes = run_bytes(run);
	place->state = "no block is there";
	switch (run->kind) {
	case RUN_PAGE:
		page_describe(page_of_run(run), p, place);
		break;
	case RUN_LARGE:
	case RUN_SHELVED:
		large_describe((struct large *)run, p, place);
		break;
	case RUN_PALLOC:
		place->what = "whole pages";
		place->state = "in use";
		break;
	case RUN_META:
		place->what = "data of the allocator";
		break;
	default:
		place->what = "free memory";
	}
}

/* Whether a block that is in use begins there, or might have */
static enum pointer_error mistake_at(struct run *run, const void *p)
{
	const struct page *page;
	size_t made;

	if (run->kind == RUN_LARGE || run->kind == RUN_SHELVED) {
		const struct large *large = (struct large *)run;

		if (large_is_in_use(large))
			return ERROR_INTERIOR;
		return large->block == p ? ERROR_DOUBLE_FREE : ERROR_FOREIGN;
	}
	if (run->kind != RUN_PAGE)
		return ERROR_FOREIGN;
	page = page_of_run(run);
	made = (size_t)atomic_read(&page->capacity) * page->block_size;
	if ((uintptr_t)p - run_start(run) >= made)
		return ERROR_FOREIGN;
	/* a block in use is not refused, so this one is none */
	return page_block_at(page, p) ? ERROR_DOUBLE_FREE : ERROR_INTERIOR;
}

/*
 * Whether the address is among what the engine keeps outside of arenas. The
 * lock is held.
 */
static bool is_own_data(const struct instance *instance, const void *p)
{
#if PORT_MAP_WINDOW
	const struct arena *meta = instance->meta;

	return (meta && arena_holds(meta, p)) ||
	       (uintptr_t)p - (uintptr_t)instance->map < instance->map_bytes;
#else
	return (uintptr_t)p - (uintptr_t)instance < sizeof(*instance);
#endif
}

static void describe(struct instance *instance, struct pointer_report *report)
{
	struct run *run;

	if (port_lock_is_interrupted(&instance->lock)) {
		report->place.what = "in a signal handler that interrupted "
				     "the allocator, which knows no more";
		return;
	}
	port_lock(&instance->lock);
	run = arena_run_around(instance, report->p);
	if (is_own_data(instance, report->p)) {
		report->place.what = "data of the allocator";
	} else if (run) {
		report->error = mistake_at(run, report->p);
		run_describe(run, report->p, &report->place);
	}
	port_unlock(&instance->lock);
}

void *block_refuse(struct instance *instance, const void *p, const char *call)
{
	struct pointer_report report = {
		.error = ERROR_FOREIGN, .call = call, .p = p,
		.caller = error_caller(), .place.whose = "",
	};

	if (port_is_foreign_block(p))
		return NULL;
	describe(instance, &report);
	error_pointer(&report);
	return NULL;
}

void units_refuse(struct instance *instance, const void *p,
		  enum units_found found)
{
	struct pointer_report report = {
		.call = "pfree", .p = p, .caller = error_caller(),
		.place.whose = "",
	};

	describe(instance, &report);
	report.error = found == UNITS_INSIDE ? ERROR_INTERIOR : ERROR_FOREIGN;
	error_pointer(&report);
}
