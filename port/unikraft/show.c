/* SPDX-License-Identifier: BSD-3-Clause */
/* What an allocator holds, in a few lines. */
#include "port_internal.h"

#include <uk/mimalloc.h>
#include <uk/init.h>

#include "blocks/census.h"

static void show_line(struct text *text, const char *name, size_t units)
{
	text_string(text, "  ");
	text_string(text, name);
	text_pad(text, 24);
	text_bytes(text, units << UNIT_SHIFT, 12);
	text_string(text, "\n");
	text_print(text);
}

#if MI_CLASS_STATS

static void show_classes(struct instance *instance, struct text *text)
{
	struct census census;

	instance_census(instance, &census);
	census_print(&census, text);
}

#else

static void show_classes(struct instance *instance, struct text *text)
{
	(void)instance;
	(void)text;
}

#endif /* MI_CLASS_STATS */

/*
 * What is asked for may be a wrapper around ours: with statistics for each
 * library (CONFIG_LIBUKALLOC_IFSTATS_PERLIB) the default allocator is one.
 */
static struct instance *instance_meant(struct uk_alloc *a)
{
	if (a && allocator_is_ours(a))
		return instance_of(a);
	return default_instance_is_made() ? default_instance_pointer : NULL;
}

static void show_none(void)
{
	struct text text = { .length = 0 };

	text_string(&text, "mimalloc: no allocator was made\n");
	text_print(&text);
}

void uk_mimalloc_show_json(struct uk_alloc *a)
{
	struct instance *instance = instance_meant(a);
	struct text text = { .length = 0 };
	struct census census;

	if (!instance) {
		show_none();
		return;
	}
	instance_census(instance, &census);
	census_print_json(&census, NULL, &text);
}

static void show_text(struct instance *instance)
{
	struct text text = { .length = 0 };
	const struct arena *arena;
	size_t total = 0, free = instance->units_shelved;

	for (arena = instance->arenas; arena; arena = arena->next) {
		total += (arena->end - arena->start) >> UNIT_SHIFT;
		free += arena->units_free;
	}
	text_string(&text, "mimalloc statistics\n");
	text_print(&text);
	show_line(&text, "memory", total);
	show_line(&text, "in use", instance->units_used);
	show_line(&text, "in use, peak", instance->units_used_peak);
	show_line(&text, "free", free);
	show_line(&text, "free, still backed",
		  instance->units_dirty + instance->units_shelved);
	show_line(&text, "given back, in all",
		  instance->bytes_purged >> UNIT_SHIFT);
	text_string(&text, "  heaps now ");
	text_number(&text, instance->heap_count, 1);
	text_string(&text, ", peak ");
	text_number(&text, instance->heap_count_peak, 1);
	text_string(&text, "\n");
	text_print(&text);
	show_classes(instance, &text);
}

void uk_mimalloc_show(struct uk_alloc *a)
{
	struct instance *instance = instance_meant(a);

	if (params_want_json())
		uk_mimalloc_show_json(a);
	else if (instance)
		show_text(instance);
	else
		show_none();
}

static int show_init(struct uk_init_ctx *context)
{
	(void)context;
	return 0;
}

static void show_term(const struct uk_term_ctx *context)
{
	(void)context;
	if (params.show_stats || params_want_json())
		uk_mimalloc_show(NULL);
}

/* The first to start is the last to end */
uk_early_initcall_prio(show_init, show_term, 0);
