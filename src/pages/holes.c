/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holes: free blocks whose memory was given back while other blocks of their
 * page are in use. Only blocks of a unit or more become holes, so no page has
 * more than HOLES_MAX blocks for which that is asked.
 *
 *	| live | free | free | live | hole | free |
 *	       |<--- given back --->|<--- again ->|	whole pages inside
 *	| live | hole | hole | live | hole | hole |
 */
#include "pages/page.h"

_Static_assert(PAGE_BYTES_MAX / UNIT_SIZE <= HOLES_MAX &&
	       PAGE_BLOCKS_MEDIUM <= HOLES_MAX, "a bit for each block");

/* The first of the blocks that have a bit */
static struct block *block_first(const struct page *page, uint32_t bits)
{
	return (struct block *)(run_start(&page->run) + page->block_size *
				(size_t)__builtin_ctz(bits));
}

/*
 * Adds a bit for each block of the list. False: the list is not what it should
 * be, as somebody has written to a free block; malloc will tell so.
 */
static bool list_bits(const struct page *page, const struct block *block,
		      uint32_t *bits)
{
	uint32_t bit;

	for (; block != page_empty_list(page); block = block->next) {
		if (!page_block_at(page, block) ||
		    (MI_HARDENING >= 1 && !block_has_tag(page, block)))
			return false;
		bit = UINT32_C(1) << ((uintptr_t)block -
				      run_start(&page->run)) / page->block_size;
		if (*bits & bit)
			return false;
		*bits |= bit;
	}
	return true;
}

/* What is on `free` leaves the account, in which holes are not */
static void page_take_free(struct page *page)
{
	if (!page_list_is_empty(page))
		(void)account_take_back_list(page, page->free);
	page->free = page_empty_list(page);
}

/* Blocks on `local_free` become holes: the account has neither */
static void page_add_holes(struct page *page, uint32_t holes)
{
	page->holes |= (uint16_t)holes;
	for (; holes; holes &= holes - 1)
		page->holes_sum = (uint16_t)(page->holes_sum + 1 +
					     __builtin_ctz(holes));
}

/*
 * Gives back what the blocks of the row hold, all of which are free or holes.
 * False: there is no whole page of the system among it. From now on no address
 * leads to them, so that a second free finds none: their marks go with their
 * memory.
 */
static bool row_purge(struct page *page, uint32_t row)
{
	size_t whole = port_page_bytes(), last = log2_floor(row);
	uintptr_t from = (uintptr_t)block_first(page, row);
	uintptr_t to = run_start(&page->run) + (last + 1) * page->block_size;

	from = align_up(from, whole);
	to = align_down(to, whole);
	if (from >= to)
		return false;
	page_map(page, (size_t)__builtin_ctz(row), last, NULL);
	(void)port_purge((void *)from, to - from);
	return true;
}

bool page_make_holes(struct page *page)
{
	struct instance *instance = page->heap->instance;
	uint32_t free = 0, left, row, new;
	struct block *block, *list = page_empty_list(page);

	/*
	 * Memory of the user is never given back. Where the port cannot give
	 * anything back a hole would only cost the next malloc.
	 */
	if (page->block_size < UNIT_SIZE ||
	    arena_by_number(instance, page->arena_number)->fixed ||
	    (!PORT_MAP_WINDOW && !instance->config.purge_enabled))
		return false;
	if (!list_bits(page, page->free, &free) ||
	    !list_bits(page, page->local_free, &free))
		return page->holes != 0;
	page_take_free(page);
	for (left = free | page->holes; left; left &= ~row) {
		row = left & ~(left + (left & -left));	/* the first one */
		new = row & free;
		if (new && row_purge(page, row)) {
			page_add_holes(page, new);
			free &= ~new;
		}
	}
	for (; free; free &= free - 1) {	/* as before */
		block = block_first(page, free);
		block->next = list;
		list = block;
	}
	/* relaxed: see page_set_local() */
	atomic_write(&page->local_free, list);
	return page->holes != 0;
}

/*
 * Whether somebody has written to a hole's tag: else it reads as zero, or is as
 * it was where it shares a page of the system with a block in use. Where frames
 * run out nothing is known, as they come back with what others held.
 */
static bool hole_is_written(const struct page *page, const struct block *block)
{
	return MI_HARDENING >= 1 && !PORT_FRAMES_RUN_OUT && block->tag &&
	       !block_has_tag(page, block);
}

/*
 * Backs the first hole, as far as its units went when it became one: not the
 * first that it shares with a block before it, which is none or no hole, nor
 * the last if the block behind is no hole. False: frames are short.
 */
static bool hole_is_backed(struct page *page, size_t number)
{
	uintptr_t from = (uintptr_t)block_first(page, page->holes);
	uintptr_t to = from + page->block_size;

	from = align_up(from, UNIT_SIZE);
	if (page->holes >> number & 2)
		to = align_up(to, UNIT_SIZE);
	return frames_for_blocks(page->heap->instance, from,
				 (to - from) >> UNIT_SHIFT);
}

bool page_fill_hole(struct page *page)
{
	size_t number = (size_t)__builtin_ctz(page->holes);
	struct block *block = block_first(page, page->holes);
	bool written;

	if (!hole_is_backed(page, number))
		return false;
	page->holes &= (uint16_t)(page->holes - 1);
	page->holes_sum = (uint16_t)(page->holes_sum - number - 1);
	page_map(page, number, number, &page->run);
	track_touch(block, sizeof(*block));
	written = hole_is_written(page, block);
	block_mark_free(page, block);
	block->next = page_empty_list(page);
	page->free = block;
	account_add_blocks(page, number + 1, number + 1);
	if (unlikely(written))
		block_written(page, block);
	return !written;
}
