/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pages whose owner may sleep for ever: another thread that frees into one sees
 * whether all blocks are free, and gives the memory back if too much waits.
 *
 *	remote.c --> page_shall_count() --> page_count() --> page_purge()
 *			before the push	    COUNTING	     PURGING
 */
#include "heaps/heaps.h"

#if MI_CONCURRENT

/*
 * All blocks of the page are free. Whether so much waits for owners by now that
 * its memory is given back here and now.
 *
 * Nobody looks at the page again before its owner wakes, so what is decided
 * here has to hold for long: a quarter of the budget is for such pages, beside
 * free runs. The budget is the fixed one: a share of what is in use at this
 * moment says nothing of later. But what owners came for soon after it was
 * given back here is learned: see page_end_wait(). `waiting` may be below zero
 * for a moment: it is counted after the push, and the owner may be faster.
 * Relaxed, here and where it is counted: it is a policy, and atomic_add() loses
 * nothing.
 */
static bool page_shall_go(struct instance *instance, const struct page *page)
{
	size_t waiting = atomic_read(&instance->waiting_units);
	size_t max = (instance->config.budget_bytes >> 2 >> UNIT_SHIFT) +
		     atomic_read(&instance->waiting_learned);

	return (ptrdiff_t)waiting >= 0 && waiting + page->units > max;
}

/*
 * Relaxed: what is found here is a reason to count. page_count_own() reads the
 * list again once COUNTING is set.
 */
bool page_shall_count(struct instance *instance, const struct page *page,
		      uintptr_t word, size_t left)
{
	if (word_is_busy(word) ||
	    !(PORT_CEDES || instance->config.purge_enabled))
		return false;
	if (left ? !PORT_OWNERS_COUNT || !(word & PAGE_RESTING) ||
		   atomic_read(&page->local_free) == page_empty_list(page) :
		   !page_shall_go(instance, page))
		return false;
	return !arena_by_number(instance, page->arena_number)->fixed;
}

/*
 * The blocks that the owner has freed of a page that is COUNTING: these, or
 * more, as it may free meanwhile. A list that somebody has written to counts
 * for nothing. O(blocks)
 */
static size_t page_count_own(struct page *page)
{
	/* acquire: pairs with the release in page_set_local(), for the links */
	const struct block *block = atomic_read_acquire(&page->local_free);
	size_t count = 0;

	for (; block != page_empty_list(page); block = block->next)
		if (!run_starts_block(&page->run, block) ||
		    (MI_HARDENING >= 1 && !block_has_tag(page, block)) ||
		    ++count == page->reserved)
			return 0;
	return count;
}

/*
 * The calling thread has set PURGING: until thread_free_end_purge() the memory
 * and the map entries are its own. The owner takes nothing from the page, and
 * to it the blocks that others freed are away, so the page stays. So no lock is
 * needed for the system call.
 *
 * The entries go first. The marks by which a second free is found go with the
 * memory, so a second free must find no page; page_restart() maps the blocks
 * that it makes anew.
 *
 * Gives the state at the end, as thread_free_end_purge() does. The page may be
 * gone as soon as PURGED is set: where its owner collects it next.
 */
static enum page_state page_purge(struct instance *instance, struct page *page)
{
	size_t units = page->units, purged;

	purged = atomic_add(&instance->remote_purged_units, units) + units;
	if (purged > waiting_learned_max(instance)) {
		atomic_write(&instance->waiting_learned, 0);
		atomic_write(&instance->waiting_deep, true);
	}
	page_unmap(page);
#if PORT_CEDES
	if (instance_run_cede(instance, &page->run))
		return thread_free_end_purge(page, PAGE_CEDED);
#endif
	(void)port_purge((void *)run_start(&page->run), run_bytes(&page->run));
	return thread_free_end_purge(page, 0);
}

/*
 * What becomes of the page depends on the state at the end, whether its memory
 * was given back or not:
 *
 * - ABANDONED: its owner has ended meanwhile, so the page is the caller's now.
 * - FULL before or by now: the caller has become the holder of NOTIFIED, and
 *   brings the page to its owner, who looks at a full page only then.
 * - Otherwise its owner will look at it.
 */
void page_count(struct instance *instance, struct page *page, bool notify)
{
	size_t units = page->units, blocks = page->reserved;
	bool goes = page_shall_go(instance, page);
	size_t own = page_count_own(page);
	uintptr_t word = thread_free_end_count(page, own, goes);
	enum page_state state = word_state(word);

	goes = goes && state != PAGE_ABANDONED;
	notify |= state == PAGE_FULL;
	if (word_count(word) + own == blocks) {
		/* who brought a last block has said that the page waits */
		if ((word_back(word) == blocks) == goes)
			(void)atomic_add(&instance->waiting_units,
					 goes ? 0 - units : units);
		if (goes)
			state = page_purge(instance, page);
	}
	if (state == PAGE_ABANDONED)
		page_free_or_abandon(instance, page);
	else if (notify || state == PAGE_FULL)	/* of `heap`: descriptor.h */
		heap_notify(atomic_read(&page->heap), page);
	/* relaxed: only a fork's child asks, where no other thread is */
	(void)atomic_add(&instance->counting, UINT32_MAX);
}

#endif /* MI_CONCURRENT */
