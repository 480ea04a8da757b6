/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kept pages. A program that takes and gives back one block by turns empties
 * its page each time; so a heap keeps some pages that may be empty, and their
 * accounts do not stop a free to tell so. See docs/design.md, "Pages that may
 * be empty".
 */
#include "heaps/heaps.h"

void page_unkeep(struct heap *heap, struct page *page)
{
	if (page->flags & PAGE_KEPT) {
		(void)atomic_add(&heap->instance->kept_units,
				 0 - (size_t)page->units);
		heap->kept_units -= page->units;
	}
	page->flags &= (uint8_t)~(PAGE_KEPT | PAGE_SWAPS);
}

/*
 * Counted, or so small that it need not be: the only page of its class, of one
 * unit. More than that one unit cannot be lost for each class in use. Where a
 * second page comes, the first stays kept until it is looked at again here. It
 * is still the only one of its class that is kept and not counted, as each
 * other began beside it.
 *
 * Where there are many heaps, all count: each of a thousand threads with a few
 * live blocks would soon have an empty page of nearly every class.
 */
static bool page_is_kept(const struct heap *heap, const struct page *page)
{
	return (page->flags & PAGE_KEPT) ||
	       (page->units == 1 && heap->page_count[page->class] == 1 &&
		atomic_read(&heap->instance->heap_count) <= KEPT_HEAPS_MAX);
}

/*
 * Whether so many units more may be counted. The limit is for all heaps, first
 * come, first served; each has a small one of its own beside that, so that the
 * first ones do not leave all others with nothing. `part`: of either limit.
 * Relaxed: several who count at one moment may exceed it by a page each.
 */
static bool may_count(const struct heap *heap, size_t units, size_t part)
{
	const struct instance *instance = heap->instance;
	size_t most = PORT_KEPT_UNITS_MAX;

#if PORT_KEPT_LEARN_MAX
	most += atomic_read(&instance->kept_learned);
#endif
	return atomic_read(&instance->kept_units) + units <= most / part ||
	       heap->kept_units + units <= KEPT_UNITS_EACH / part;
}

#if PORT_KEPT_LEARN_MAX
static uint64_t *class_bits(struct heap *heap, unsigned int class,
			    uint64_t *bit)
{
	*bit = UINT64_C(1) << (class % 64);
	return &heap->gave_back[class / 64];
}

void heap_gives_back(struct heap *heap, unsigned int class)
{
	uint64_t bit, *bits = class_bits(heap, class, &bit);

	*bits |= bit;
}

/* No more than a third of the budget, which is the rest of the memory's */
static size_t learned_max(const struct instance_config *config)
{
	size_t most = config->budget_bytes / 3 >> UNIT_SHIFT;

	if (!config->learn_bytes)
		return 0;
	return most < PORT_KEPT_LEARN_MAX ? most : PORT_KEPT_LEARN_MAX;
}

/*
 * The limit rises by what would have had to be kept. It is for all heaps, and
 * read and written in two steps: where two learn at once, what one of them has
 * learned is lost, and learned the next time.
 */
void heap_missed(struct heap *heap, const struct page *page)
{
	uint64_t bit, *bits = class_bits(heap, page->class, &bit);
	struct instance *instance = heap->instance;
	size_t units, most;

	if (!(*bits & bit))
		return;
	*bits &= ~bit;
	most = learned_max(&instance->config);
	units = atomic_read(&instance->kept_learned) + page->units;
	atomic_write(&instance->kept_learned, units < most ? units : most);
}
#endif

/*
 * Looks for a kept page that is in use, and keeps it no longer: it is watched
 * from there on, and what it counted for is left to pages that are empty.
 * Without that, pages in use would hold the whole count, and every page that
 * runs empty would be given back. Only first pages are looked at, of
 * RECHECK_CLASSES classes, where the last call stopped.
 *
 * - A page that is not kept counts for nothing, so nothing can be gained.
 * - Where malloc has not taken from `free` since the page was kept, or was
 *   walked here last (`kept_free` is still first), the walk would find what was
 *   known then.
 * - Else the page is walked. If it is in use it is kept no longer. If it is
 *   empty it stays kept, and the search ends all the same, so that one free
 *   walks one page at most.
 *
 * Once all classes were looked at, a search waits until heap_alloc() is called:
 * a thread that only frees would look at the same pages again and again.
 *
 * True: a page was found, and some of the count is free again.
 */
static bool heap_recheck_kept(struct heap *heap)
{
	unsigned int left = RECHECK_CLASSES;
	struct page *page;

	for (; left && heap->recheck_left; left--) {
		heap->recheck_left--;
		if (++heap->recheck_class == CLASS_COUNT)
			heap->recheck_class = 0;
		page = heap->queues[heap->recheck_class].first;
		if (!(page->flags & PAGE_KEPT) || page->free == page->kept_free)
			continue;
		account_change_hands(page);
		if (!account_settle(page)) {
			page_unkeep(heap, page);
			return true;
		}
		page->kept_free = page->free;
		account_unwatch(page);
		break;
	}
	return false;
}

/*
 * Keeps the page, or leaves it as it was (false):
 *
 * - A page that is NOTIFIED is not kept: `kept_free` would be written over the
 *   link `notified_next` that its holder uses.
 * - Nor is a page that rests, or that others are busy with: a kept one has its
 *   lists swapped without a look at what others do.
 * - A page with holes is not kept, as its lists are not all that is free.
 * - A page that would have to be counted is kept only within the limits:
 *   otherwise what an instance keeps would grow with its heaps and classes.
 * - One that is kept already only has to be unwatched again: it was settled, or
 *   its list filled, since, and that may have had it watched.
 */
static bool page_stay_within(struct heap *heap, struct page *page,
			     size_t part)
{
	uintptr_t word = thread_free_read(page);

	page->flags &= (uint8_t)~PAGE_SWAPS;
	if (page->holes)
		return false;
	if (MI_CONCURRENT && (word_state(word) == PAGE_NOTIFIED ||
			      !word_is_awake(word)))
		return false;
	if (!page_is_kept(heap, page)) {
		if (!may_count(heap, page->units, part))
			return false;
		(void)atomic_add(&heap->instance->kept_units, page->units);
		heap->kept_units += page->units;
		page->flags |= PAGE_KEPT;
	}
	page->flags |= PAGE_SWAPS;
	page->kept_free = page->free;
	account_unwatch(page);
	return true;
}

/*
 * Up to half of the limits: if pages in use could take all of them, nothing
 * would be left for those that are empty, and each of these would be given
 * back, perhaps to be made again at once.
 */
bool page_stay(struct heap *heap, struct page *page)
{
	return page_stay_within(heap, page, 2);
}

/*
 * The blocks of an empty page go to `free` here, so that the next malloc from
 * it finds one on its fast path. But where the heap has swapped lists for so
 * long that a malloc has to do all, that malloc finds none.
 */
bool page_keep(struct heap *heap, struct page *page)
{
	if (page->holes)
		return false;
	if (page_list_is_empty(page) && heap->swaps_left >= 0)
		(void)page_refill(page);
	return page_stay_within(heap, page, 1) ||
	       (heap_recheck_kept(heap) && page_stay_within(heap, page, 1));
}
