/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Small cases of pages that have an owner all the time: blocks come back from
 * other threads, and the owner takes them. Compiled as the engine is.
 */
#include "cases.h"

static void begin_three_purges(void)
{
	case_begin();
	case_heap(1, 3);
	case_full(1);
	case_purges();
}

/* So many that a free asks for nothing */
static void begin_four(void)
{
	case_begin();
	case_heap(1, 4);
}

static void free_1(void)
{
	free_block(1);
}

/* The owner has freed one of three, and does nothing more */
static void begin_asleep(void)
{
	begin_three_purges();
	as_thread(1, free_1);
}

static void free_0(void)
{
	free_block(0);
}

static void free_2(void)
{
	free_block(2);
}

static void take_one(void)
{
	take_block(4);
}

static void take_two(void)
{
	take_block(4);
	take_block(5);
}

static void collect_and_take(void)
{
	heap_collect(heap_current(), false);
	take_block(4);
}

static void free_and_take(void)
{
	free_block(1);
	take_two();
}

static void free_and_collect(void)
{
	free_block(1);
	heap_collect(heap_current(), true);
	take_block(4);
}

/*
 * The page's word comes back to what it was, in between its owner takes what
 * was on `local_free`, and that is the program's then.
 */
static void free_take_and_free(void)
{
	free_block(1);
	take_block(4);	/* that one */
	take_block(5);	/* of another page: this one is full again */
	free_block(2);
}

const struct exploration cases_pages[] = {
	{ "a block comes back", begin_active, { NULL, take_two, free_0 },
	  judge },
	{ "one of four comes back", begin_four,
	  { NULL, collect_and_take, free_0 }, judge },
	{ "two blocks come back", begin_active,
	  { NULL, take_two, free_0, free_1 }, judge },
	{ "the owner notices that the page is full", begin_active,
	  { NULL, take_one, free_0 }, judge },
	{ "a full page is notified", begin_full,
	  { NULL, collect_and_take, free_0 }, judge },
	{ "two free, and the owner sleeps", begin_asleep,
	  { NULL, NULL, free_0, free_2 }, judge },
	{ "a page is counted", begin_full_purges,
	  { NULL, free_and_take, free_0 }, judge },
	{ "a page is counted, and collected", begin_full_purges,
	  { NULL, free_and_collect, free_0 }, judge },
	{ "a page is counted, and full again", begin_three_purges,
	  { NULL, free_take_and_free, free_0 }, judge },
	{ "a full page is notified, two free", begin_full,
	  { NULL, collect_and_take, free_0, free_1 }, judge, .is_long = true },
	{ .name = NULL },
};
