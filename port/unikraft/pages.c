/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole pages, memory added later, and the figures that are asked for. */
#include <errno.h>
#include <string.h>

#include "port_internal.h"

#include <uk/arch/limits.h>

_Static_assert(__PAGE_SHIFT == UNIT_SHIFT, "a page of Unikraft is a unit");

void *table_palloc(struct uk_alloc *a, unsigned long pages)
{
	void *p = units_alloc(instance_of(a), pages);

	if (unlikely(!p)) {
		uk_alloc_stats_count_penomem(a, pages);
		return error_no_memory(pages > SIZE_MAX >> UNIT_SHIFT ?
				       SIZE_MAX : pages << UNIT_SHIFT);
	}
	uk_alloc_stats_count_palloc(a, p, pages);
	return p;
}

void table_pfree(struct uk_alloc *a, void *p, unsigned long pages)
{
	enum units_found found;

	if (!p || !pages)
		return;
	found = instance_units_free(instance_of(a), (uintptr_t)p, pages);
	if (unlikely(found == UNITS_FOREIGN || found == UNITS_INSIDE)) {
		units_refuse(instance_of(a), p, found);
		return;
	}
	if (found == UNITS_FREED)
		uk_alloc_stats_count_pfree(a, p, pages);
}

/* What malloc would find: empty pages are given back for it, so for us */
__ssz table_maxalloc(struct uk_alloc *a)
{
	struct instance *instance = instance_of(a);
	struct heap *heap = heap_of_owner(instance, port_thread_id());

	if (!heap)	/* without threads' heaps it is everybody's */
		heap = MI_CONCURRENT ? &empty_heap : main_heap_of(a);
	heaps_collect(instance);
	return (__ssz)heap_largest_block(heap, instance_largest(instance));
}

__ssz table_availmem(struct uk_alloc *a)
{
	size_t block, bytes = instance_available(instance_of(a), &block);

	/* never less than what maxalloc says of one request */
	return (__ssz)(bytes > block ? bytes : block);
}

long table_pmaxalloc(struct uk_alloc *a)
{
	struct instance *instance = instance_of(a);

	heaps_collect(instance);
	return (long)(instance_largest(instance) >> UNIT_SHIFT);
}

long table_pavailmem(struct uk_alloc *a)
{
	size_t block;

	return (long)(instance_available(instance_of(a), &block) >>
		      UNIT_SHIFT);
}

int table_addmem(struct uk_alloc *a, void *base, __sz len)
{
	if (!arena_add(instance_of(a), base, len, 0))
		return -ENOMEM;
	instance_configure(instance_of(a), config_now());
	return 0;
}
