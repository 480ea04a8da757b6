/* SPDX-License-Identifier: BSD-3-Clause */
#include "figures.h"
#include "blocks/blocks.h"

void _mi_figures(struct figures *figures)
{
	struct instance *instance = &default_instance;
	const struct class_stats *large = &instance->stats[CLASS_NONE];
	const struct arena *arena;

	port_lock(&instance->lock);
	figures->reserved = 0;
	for (arena = instance->arenas; arena; arena = arena->next)
		figures->reserved += arena->end - arena->start;
	figures->used = instance->units_used << UNIT_SHIFT;
	figures->used_peak = instance->units_used_peak << UNIT_SHIFT;
	figures->large = (size_t)large->units << UNIT_SHIFT;
	figures->large_count = large->pages;
	figures->free = (instance->units_dirty + instance->units_shelved) <<
			UNIT_SHIFT;
	port_unlock(&instance->lock);
}
