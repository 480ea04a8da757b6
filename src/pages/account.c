/* SPDX-License-Identifier: BSD-3-Clause */
#include "pages/account.h"

/* What the blocks on `free` weigh, and how many there are */
static uint64_t list_weight(const struct page *page, unsigned int *count)
{
	const struct block *end = (const struct block *)page;
	const struct block *block = page->free;
	uint64_t weight = 0;

	*count = 0;
	for (; block != end; block = block->next) {
		weight += block_weight(&page->run, block);
		++*count;
	}
	return weight;
}

void account_clear(struct page *page)
{
	page->credit = 0;
	page->withheld = 0;
	page->counted = NOT_COUNTED;
	page->holes = 0;
	page->holes_sum = 0;
}

void account_open(struct page *page)
{
	page->reciprocal = UINT64_MAX / page->block_size + 2;
	account_clear(page);
}

void account_add_blocks(struct page *page, size_t first, size_t last)
{
	uint64_t weight = blocks_weight(page, first, last);

	page->counted = NOT_COUNTED;
	account_split(page, account_total(page) + weight, weight, true);
}

struct block *account_take_back_list(struct page *page, struct block *first)
{
	const struct block *end = (const struct block *)page;
	struct block *last = first;
	uint64_t weight;

	for (weight = block_weight(&page->run, last); last->next != end;
	     weight += block_weight(&page->run, last))
		last = last->next;
	mi_assert(account_total(page) >= weight);
	(void)account_take_back(page, weight);
	return last;
}

/*
 * Whether the page shall be watched, where `taken` blocks have left `free`
 * since it was last counted and `left` are on it.
 *
 * A watched page costs a walk of `free` each time that its credit is used up.
 * Without a limit, a program that takes and gives back one block by turns
 * would walk a long list each time. So malloc has to pay for the walks:
 *
 * - Where it took nothing, blocks only come back. The credit is next used up
 *   when the page is empty, so one more walk is the last.
 * - Where it took a quarter as many as are left, each block that it took pays
 *   for a walk over four.
 * - In a page of one unit it must have taken as many as are left, as less can
 *   be gained: no more than 4 KiB would come back.
 */
static bool walk_is_paid(const struct page *page, unsigned int taken,
			 unsigned int left)
{
	return taken == 0 || taken >= (page->units == 1 ? left : left / 4);
}

bool account_settle(struct page *page)
{
	uint64_t total = account_total(page), list;
	unsigned int left, taken;

	list = list_weight(page, &left);
	/* NOT_COUNTED: as many as pay for the walk of any list */
	taken = page->counted - left;
	page->counted = (uint16_t)left;
	account_split(page, total, list, walk_is_paid(page, taken, left));
	return total == list;
}

bool account_is_empty(const struct page *page)
{
	unsigned int count;

	/* most of a full page is away: nothing has to be walked */
	if (page->flags & PAGE_IN_FULL)
		return false;
	return account_total(page) == list_weight(page, &count);
}

size_t account_count_away(const struct page *page)
{
	const struct block *end = (const struct block *)page;
	const struct block *block = page->local_free;
	size_t away = (size_t)page->capacity - page->counted;
	unsigned int holes = page->holes;

	mi_assert(page->counted != NOT_COUNTED);
	for (; block != end; block = block->next)
		away--;
	for (; holes; holes &= holes - 1)
		away--;
	return away;
}
