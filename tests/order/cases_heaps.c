/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Small cases of pages that change hands: threads end, others claim their pages
 * or begin anew with their heaps, and heaps are deleted.
 */
#include "cases.h"

static struct heap *second;

/* The second thread has a heap, too */
static void begin_claimed(void)
{
	begin_active();
	case_heap(2, 0);
}

static void begin_claimed_full(void)
{
	begin_full();
	case_heap(2, 0);
}

static void make_second(void)
{
	second = case_second_heap(2);
	/* the page has no block left, and its owner has seen that */
	blocks[7] = heap_malloc(second, block_size);
	check(blocks[7] && page_state(page) == PAGE_FULL);
	free_block(7);
	heap_collect(second, true);
}

static void begin_second(void)
{
	case_begin();
	case_heap(1, 0);
	as_thread(1, make_second);
}

static void free_0(void)
{
	free_block(0);
}

static void free_1(void)
{
	free_block(1);
}

static void free_both(void)
{
	free_block(0);
	free_block(1);
}

static void take_one(void)
{
	take_block(4);
}

static void take_other(void)
{
	take_block(5);
}

static void end(void)
{
	heaps_thread_done();
}

static void free_1_and_end(void)
{
	free_block(1);
	heaps_thread_done();
}

/* As mi_heap_delete() and mi_heap_destroy() do */
static void delete_second(void)
{
	heap_absorb(heap_current(), second);
	heap_end(second);
}

static void delete_and_take(void)
{
	delete_second();
	take_block(4);
}

static void destroy_second(void)
{
	blocks[0] = blocks[1] = NULL;
	heap_drop_pages(second);
	heap_end(second);
}

const struct exploration cases_heaps[] = {
	{ "the owner ends", begin_active, { NULL, end, free_0 }, judge },
	{ "the owner of a full page ends", begin_full, { NULL, end, free_0 },
	  judge },
	{ "the owner ends, and both blocks come back", begin_active,
	  { NULL, end, free_both }, judge },
	{ "a free claims the page", begin_claimed, { NULL, end, free_both },
	  judge },
	{ "a free claims a page that was full", begin_claimed_full,
	  { NULL, end, free_0 }, judge },
	{ "a page is counted, and its owner ends", begin_full_purges,
	  { NULL, free_1_and_end, free_0 }, judge },
	{ "malloc claims the page", begin_active,
	  { NULL, end, free_0, take_one }, judge },
	{ "a heap is deleted", begin_second, { NULL, delete_second, free_0 },
	  judge },
	{ "a heap is deleted, and begins anew", begin_second,
	  { NULL, delete_and_take, free_0, take_other }, judge },
	{ "a heap is destroyed", begin_second, { NULL, destroy_second },
	  judge },
	{ "a parked heap begins anew", begin_full,
	  { NULL, end, free_0, take_one }, judge },
	{ "the owner ends, two free", begin_full,
	  { NULL, end, free_0, free_1 }, judge, .is_long = true },
	{ "a free claims the page, or malloc", begin_claimed,
	  { NULL, end, free_0, take_other }, judge, .is_long = true },
	{ .name = NULL },
};
