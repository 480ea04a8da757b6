/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the budget learns with demand paging: src/runs/budget.c. No more stays
 * for that than others find free.
 */
#include "paging.h"
#include "runs/budget.h"

#define BREATH		64	/* pages at a time, and so many times */
#define BREATHS		10
#define BUDGET		16	/* pages that may stay in any case */

static void breathe(void)
{
	void *pages[BREATHS];
	unsigned int i, count = 0;

	for (i = 0; i < BREATHS; i++) {
		pages[count] = uk_palloc(pool, BREATH);
		if (pages[count])
			memset(pages[count++], 1, BREATH * PAGE_BYTES);
	}
	while (count--)
		uk_pfree(pool, pages[count], BREATH);
}

static size_t pages_kept(void)
{
	return units_resting(instance_of(pool));
}

/* Others find as many frames as are kept beyond what may stay in any case */
static unsigned int wrong_to_others(size_t promised)
{
	size_t left = port_touchable() / PAGE_BYTES;

	return pages_kept() > BUDGET + (left > promised ? left - promised : 0);
}

/* The budget is looked at when something is given back */
static void one_page(void)
{
	void *page = uk_palloc(pool, 1);

	*(char *)page = 1;
	uk_pfree(pool, page, 1);
}

static void budget_start(size_t frame_count, size_t learned)
{
	paging_start(UNITS_MAX, frame_count);
	instance_of(pool)->config.budget_bytes = BUDGET * PAGE_BYTES;
	instance_of(pool)->config.budget_share = 0;
	instance_of(pool)->config.learn_bytes = learned * PAGE_BYTES;
}

UK_TESTCASE(mimalloc_learn, test_what_is_learned_is_left_to_others)
{
	size_t breath = BREATH * BREATHS, given;
	unsigned int wrong = 0, i;

	budget_start(2 * breath + 100, UNITS_MAX);
	for (i = 0; i < 4; i++) {
		breathe();
		wrong += wrong_to_others(0);
	}
	/* there are frames enough, so nothing is given back any more */
	given = instance_of(pool)->bytes_purged;
	breathe();
	wrong += instance_of(pool)->bytes_purged != given;
	wrong += pages_kept() < breath;
	/* others take frames */
	frames.free_memory -= breath / 4 * PAGE_BYTES;
	one_page();
	wrong += wrong_to_others(0);
	/* half of all, where a breath takes more */
	frames.free_memory -= port_touchable() / PAGE_BYTES / 4 * PAGE_BYTES;
	for (i = 0; i < 4; i++) {
		breathe();
		wrong += wrong_to_others(0);
		wrong += pages_kept() < BUDGET;
	}
	wrong += !pool_is_valid();
	paging_end();
	UK_TEST_EXPECT_ZERO(wrong);
}

/* A large block takes its frames later, but they are no others' */
UK_TESTCASE(mimalloc_learn, test_what_was_promised_is_not_left)
{
	size_t breath = BREATH * BREATHS, promised = breath / 2;
	unsigned int wrong = 0, i;

	budget_start(3 * breath + 100, UNITS_MAX);
	wrong += !uk_malloc(pool, promised * PAGE_BYTES);
	for (i = 0; i < 4; i++)
		breathe();
	wrong += pages_kept() < breath;
	/* as many as that are left to others, but not without the promised */
	frames.free_memory -= (breath + 100) * PAGE_BYTES;
	one_page();
	wrong += wrong_to_others(promised);
	paging_end();
	UK_TEST_EXPECT_ZERO(wrong);
}

/* A quarter of what is free need not be missed first */
UK_TESTCASE(mimalloc_learn, test_idle_frames_may_stay)
{
	size_t breath = BREATH * BREATHS;
	unsigned int wrong = 0;

	budget_start(5 * breath + 100, UNITS_MAX);
	breathe();
	wrong += instance_of(pool)->bytes_purged != 0;
	/* and no more than that */
	frames.free_memory -= 2 * breath * PAGE_BYTES;
	one_page();
	wrong += pages_kept() > BUDGET + port_touchable() / PAGE_BYTES / 4;
	wrong += pages_kept() < breath / 4;
	paging_end();
	UK_TEST_EXPECT_ZERO(wrong);
}

UK_TESTCASE(mimalloc_learn, test_nothing_is_learned_where_it_shall_not)
{
	unsigned int wrong = 0, i;

	budget_start(UNITS_MAX, 0);
	for (i = 0; i < 4; i++) {
		breathe();
		wrong += pages_kept() > BUDGET;
	}
	paging_end();
	UK_TEST_EXPECT_ZERO(wrong);
}

uk_testsuite_prio(mimalloc_learn, NULL, SUITE_PRIO);
