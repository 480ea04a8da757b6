/* SPDX-License-Identifier: BSD-3-Clause */
/* The states of `thread_free` step by step: ABANDONED, claimed, reclaimed. */
#include "thread.h"

static int abandoned_page_is_claimed_by_a_free(void *arg)
{
	(void)arg;
	in_thread(make_full);
	must(is_abandoned(page));
	must(default_instance.abandoned_count == 2);
	mi_free(blocks[0]);
	must(page->owner == port_thread_id());
	must(page->heap == heap_current());
	must(page_state(page) == PAGE_ACTIVE);
	must(is_queued(page));
	must(default_instance.abandoned_count == 1);
	must(is_valid());
	mi_free(blocks[1]);
	free_third_and_fourth();
	mi_free(blocks[4]);
	return ends_well();
}

static int abandoned_page_waits_where_told(void *arg)
{
	(void)arg;
	in_thread(make_full);
	mi_option_set(mi_option_abandoned_reclaim_on_free, 0);
	mi_free(blocks[0]);
	mi_free(blocks[1]);
	must(is_abandoned(page));
	mi_option_set(mi_option_abandoned_reclaim_on_free, 1);
	/* one free by a thread that may claim it brings all three back */
	mi_free(blocks[2]);
	must(page->owner == port_thread_id());
	must(page->thread_free == PAGE_ACTIVE);
	mi_free(blocks[3]);
	mi_free(blocks[4]);
	return ends_well();
}

static void make_some(void)
{
	size_t i;

	for (i = 0; i < 3; i++)
		blocks[i] = mi_malloc(SIZE);
	page = page_around_block(blocks[0]);
	mi_free(blocks[1]);
}

static int abandoned_page_is_reclaimed_on_need(void *arg)
{
	char *p;

	(void)arg;
	in_thread(make_some);
	must(is_abandoned(page));
	p = mi_malloc(SIZE);
	must(page_around_block(p) == page);
	must(page->owner == port_thread_id());
	must(is_queued(page));
	must(default_instance.abandoned_count == 0);
	mi_free(p);
	mi_free(blocks[0]);
	mi_free(blocks[2]);
	return ends_well();
}

static void leave_two(void)
{
	size_t i;

	for (i = 0; i < 2; i++)
		blocks[i] = mi_malloc(SIZE);
}

static void free_after_the_end(void)
{
	mi_thread_init();
	mi_thread_done();
	must(heap_current() == &empty_heap);
	mi_free(blocks[0]);
	/* no heap is made for it, which nobody would end */
	must(heap_current() == &empty_heap);
	must(page_state(page) == PAGE_ABANDONED);
	must(word_list(page, page->thread_free) == blocks[0]);
}

static int thread_frees_after_its_end(void *arg)
{
	(void)arg;
	in_thread(leave_two);
	page = page_around_block(blocks[0]);
	in_thread(free_after_the_end);
	must(is_abandoned(page));
	mi_free(blocks[1]);
	must(default_instance.abandoned_count == 0);
	return ends_well();
}

static void push_after_the_end(void)
{
	mi_thread_done();
	mi_free(blocks[0]);
	must(is_abandoned(page));
}

/* It may not claim the page, so the block waits for who does */
static int thread_pushes_after_its_end(void *arg)
{
	(void)arg;
	mi_option_set(mi_option_abandoned_reclaim_on_free, 0);
	in_thread(leave_two);
	page = page_around_block(blocks[0]);
	in_thread(push_after_the_end);
	must(is_abandoned(page));
	must(word_list(page, page->thread_free) == blocks[0]);
	mi_option_set(mi_option_abandoned_reclaim_on_free, 1);
	mi_free(blocks[1]);
	must(default_instance.abandoned_count == 0);
	return ends_well();
}

static void free_all_after_the_end(void)
{
	mi_thread_init();
	mi_thread_done();
	mi_free(blocks[0]);
	must(is_abandoned(page));
	mi_free(blocks[1]);
	must(heap_current() == &empty_heap);
}

/* The last block brings the page back, though nobody has looked at its lists */
static int last_free_without_a_heap(void *arg)
{
	(void)arg;
	in_thread(leave_two);
	page = page_around_block(blocks[0]);
	in_thread(free_all_after_the_end);
	must(default_instance.abandoned_count == 0);
	must(default_instance.heap_count == 1);
	must(runs_of_kind(&default_instance, RUN_PAGE) == 0);
	return ends_well();
}

/* Nor does it have to be claimed before */
static int last_free_where_nothing_is_claimed(void *arg)
{
	(void)arg;
	mi_option_set(mi_option_abandoned_reclaim_on_free, 0);
	in_thread(make_full);
	mi_free(blocks[0]);
	mi_free(blocks[1]);
	mi_free(blocks[2]);
	must(is_abandoned(page));
	mi_free(blocks[3]);
	must(default_instance.abandoned_count == 1);
	must(runs_of_kind(&default_instance, RUN_PAGE) == 1);
	mi_free(blocks[4]);
	must(default_instance.abandoned_count == 0);
	return ends_well();
}

#define EXCLUSIVE_BLOCKS	1000

static void *exclusive_blocks[EXCLUSIVE_BLOCKS];
static mi_arena_id_t exclusive_arena;

static void fill_exclusive(void)
{
	mi_heap_t *heap = mi_heap_new_in_arena(exclusive_arena);
	size_t i;

	for (i = 0; i < EXCLUSIVE_BLOCKS; i++)
		must(exclusive_blocks[i] = mi_heap_malloc(heap, 64));
}

/* A free into such a page is O(1) until the last one: nothing is collected */
static int exclusive_pages_go_back(void *arg)
{
	size_t i;

	(void)arg;
	must(mi_reserve_os_memory_ex(16 * MIB, true, false, true,
				     &exclusive_arena) == 0);
	in_thread(fill_exclusive);
	must(default_instance.abandoned_count == 0);	/* on no list */
	page = page_around_block(exclusive_blocks[0]);
	for (i = 0; i < 3; i++) {
		must(page_around_block(exclusive_blocks[i]) == page);
		mi_free(exclusive_blocks[i]);
		must(page_state(page) == PAGE_ABANDONED);
		must(word_list(page, page->thread_free) == exclusive_blocks[i]);
	}
	for (; i < EXCLUSIVE_BLOCKS; i++)
		mi_free(exclusive_blocks[i]);
	must(runs_of_kind(&default_instance, RUN_PAGE) == 0);
	return ends_well();
}

/* More pages without a free block than a search looks at */
static void *many[RECLAIM_TRIES * 3 * 64];
static size_t many_count;

static void leave_full(void)
{
	do {
		must(many_count < ARRAY_LENGTH(many));
		many[many_count] = mi_malloc(SIZE);
		page = page_around_block(many[many_count++]);
	} while (!page_list_is_empty(page) || page->capacity < page->reserved);
}

static int search_for_abandoned_pages_ends(void *arg)
{
	size_t i;

	(void)arg;
	many_count = 0;
	for (i = 0; i < RECLAIM_TRIES * 3; i++)
		in_thread(leave_full);
	must(default_instance.abandoned_count == i);
	leave_full();
	must(default_instance.abandoned_count == i - RECLAIM_TRIES);
	must(is_valid());
	for (i = 0; i < many_count; i++)
		mi_free(many[i]);
	must(default_instance.abandoned_count == 0);
	return ends_well();
}

/*
 * Threads end and leave two blocks each in pages with room for many. Claimed
 * and emptied, the pages may not stay behind.
 */
#define LEAVERS		50
#define LEFT_CLASSES	20

static pthread_barrier_t all_have;

static void *leave_two_of_many(void *arg)
{
	void **left = arg;
	size_t i;

	for (i = 0; i < 2 * LEFT_CLASSES; i++)
		left[i] = mi_malloc(16 + i / 2 * 16);
	/* so that none gets what another has left */
	pthread_barrier_wait(&all_have);
	return NULL;
}

static int claimed_pages_that_empty_go_back(void *arg)
{
	static void *left[LEAVERS][2 * LEFT_CLASSES];
	pthread_t threads[LEAVERS];
	size_t i, k;

	(void)arg;
	pthread_barrier_init(&all_have, NULL, LEAVERS);
	for (i = 0; i < LEAVERS; i++)
		must(pthread_create(&threads[i], NULL, leave_two_of_many,
				    left[i]) == 0);
	for (i = 0; i < LEAVERS; i++)
		must(pthread_join(threads[i], NULL) == 0);
	must(default_instance.abandoned_count == LEAVERS * LEFT_CLASSES);
	for (i = 0; i < LEAVERS; i++)
		for (k = 0; k < 2 * LEFT_CLASSES; k++)
			mi_free(left[i][k]);
	must(default_instance.abandoned_count == 0);
	must(units_of_pages(&default_instance) <= EMPTY_UNITS_MAX);
	return ends_well();
}

/* The same by way of heaps of one thread */
static int absorbed_pages_that_empty_go_back(void *arg)
{
	size_t i;

	(void)arg;
	for (i = 0; i < 2000; i++) {
		mi_heap_t *heap = mi_heap_new();
		void *p = mi_heap_malloc(heap, 64);

		mi_heap_delete(heap);
		mi_free(p);
	}
	must(units_of_pages(&default_instance) <= EMPTY_UNITS_MAX);
	return ends_well();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_CHILD(abandoned_page_is_claimed_by_a_free),
		TEST_IN_CHILD(abandoned_page_waits_where_told),
		TEST_IN_CHILD(abandoned_page_is_reclaimed_on_need),
		TEST_IN_CHILD(thread_frees_after_its_end),
		TEST_IN_CHILD(thread_pushes_after_its_end),
		TEST_IN_CHILD(last_free_without_a_heap),
		TEST_IN_CHILD(last_free_where_nothing_is_claimed),
		TEST_IN_CHILD(exclusive_pages_go_back),
		TEST_IN_CHILD(search_for_abandoned_pages_ends),
		TEST_IN_CHILD(claimed_pages_that_empty_go_back),
		TEST_IN_CHILD(absorbed_pages_that_empty_go_back),
	};

	mi_thread_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
