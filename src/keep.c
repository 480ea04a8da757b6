/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pages that may be empty: kept for the next malloc, and not noticed each time
 * that they become so. See docs/design.md, "Pages that may be empty".
 */
#include "heap.h"

void page_unkeep(struct heap *heap, struct page *page)
{
	if (page->flags & PAGE_KEPT) {
		page->flags &= (uint8_t)~PAGE_KEPT;
		(void)atomic_add(&heap->instance->kept_units,
				 0 - (size_t)page->units);
	}
}

/* Whether the page may be empty: counted as kept, or a class's one unit */
static bool page_may_be_empty(const struct heap *heap,
			      const struct page *page)
{
	return (page->flags & PAGE_KEPT) ||
	       (page->units == 1 && heap->page_count[page->class] == 1);
}

/*
 * From now on the page may be empty without notice, if it may: the one unit
 * of a class, and others up to a limit for all heaps of the instance.
 */
static bool page_stay_within(struct heap *heap, struct page *page,
			     size_t units_max)
{
	size_t *kept = &heap->instance->kept_units;

	if (!page_may_be_empty(heap, page)) {
		if (atomic_read(kept) + page->units > units_max)
			return false;
		(void)atomic_add(kept, page->units);
		page->flags |= PAGE_KEPT;
	}
	account_unwatch(page);
	return true;
}

/* Half of the limit, so that pages in use leave the rest to empty ones */
bool page_stay(struct heap *heap, struct page *page)
{
	return page_stay_within(heap, page, PORT_KEPT_UNITS_MAX / 2);
}

bool page_keep(struct heap *heap, struct page *page)
{
	if (page_list_is_empty(page))
		(void)page_refill(page);
	return page_stay_within(heap, page, PORT_KEPT_UNITS_MAX);
}
