/* SPDX-License-Identifier: BSD-3-Clause */
/* The states of `thread_free` step by step: FULL, NOTIFIED, ABANDONED. */
#include "thread.h"

static int clean(void **state)
{
	(void)state;
	assert_true(is_valid());
	mi_collect(true);
	assert_true(is_valid());
	assert_int_equal(heap_current()->page_count[CLASS], 0);
	assert_null(heap_current()->full);
	assert_int_equal(default_instance.abandoned_count, 0);
	return 0;
}

static int begin(void **state)
{
	(void)state;
	mi_thread_init();
	return 0;
}

/* -------- FULL, NOTIFIED, back -------- */

static void full_page_is_notified_and_returns(void **state)
{
	(void)state;
	make_full();
	in_thread(free_first);
	assert_int_equal(page_state(page), PAGE_NOTIFIED);
	assert_ptr_equal((void *)heap_current()->returned, page);
	assert_null(page->returned_next);
	in_thread(free_second);
	assert_int_equal(page_state(page), PAGE_NOTIFIED);
	assert_ptr_equal((void *)heap_current()->returned, page);
	assert_null(page->returned_next);
	assert_true(is_full(page));
	heap_drain(heap_current());
	assert_int_equal(page->thread_free, PAGE_ACTIVE);
	assert_int_equal(heap_current()->returned, 0);
	assert_true(is_queued(page));
	assert_true(is_valid());
	in_thread(free_third_and_fourth);
	assert_int_equal(page_state(page), PAGE_ACTIVE);
	mi_free(blocks[4]);
}

static void returned_page_serves_again(void **state)
{
	void *p = NULL;
	size_t i;

	(void)state;
	make_full();
	in_thread(free_first);
	/* the page after it has seven more, and no third page is made */
	for (i = 0; i < 8; i++) {
		p = mi_malloc(SIZE);
		if (page_around_block(p) == page)
			break;
	}
	assert_ptr_equal(p, blocks[0]);
	assert_int_equal(heap_current()->page_count[CLASS], 2);
	heap_drop_pages(heap_current());
}

static void emptied_by_others(void **state)
{
	(void)state;
	make_full();
	in_thread(free_first);
	in_thread(free_second);
	in_thread(free_third_and_fourth);
	assert_int_equal(heap_current()->page_count[CLASS], 2);
	heap_drain(heap_current());
	assert_true(was_noticed(heap_current(), CLASS, 2, page));
	mi_free(blocks[4]);
}

/* Its own thread frees first, the notification arrives later */
static void notified_and_freed_locally(void **state)
{
	size_t i;

	(void)state;
	make_full();
	in_thread(free_first);
	for (i = 1; i < 4; i++)
		mi_free(blocks[i]);
	assert_int_equal(page_state(page), PAGE_NOTIFIED);
	assert_int_equal(heap_current()->page_count[CLASS], 2);
	assert_true(is_valid());
	heap_drain(heap_current());
	assert_true(was_noticed(heap_current(), CLASS, 2, page));
	mi_free(blocks[4]);
}

/* -------- ABANDONED -------- */

static void abandoned_page_is_claimed_by_a_free(void **state)
{
	(void)state;
	in_thread(make_full);
	assert_true(is_abandoned(page));
	assert_int_equal(default_instance.abandoned_count, 2);
	mi_free(blocks[0]);
	assert_int_equal(page->owner, port_thread_id());
	assert_ptr_equal(page->heap, heap_current());
	assert_int_equal(page_state(page), PAGE_ACTIVE);
	assert_true(is_queued(page));
	assert_int_equal(default_instance.abandoned_count, 1);
	assert_true(is_valid());
	mi_free(blocks[1]);
	free_third_and_fourth();
	mi_free(blocks[4]);
}

static void abandoned_page_waits_where_told(void **state)
{
	(void)state;
	in_thread(make_full);
	mi_option_set(mi_option_abandoned_reclaim_on_free, 0);
	mi_free(blocks[0]);
	mi_free(blocks[1]);
	assert_true(is_abandoned(page));
	mi_option_set(mi_option_abandoned_reclaim_on_free, 1);
	/* one free by a thread that may claim it brings all three back */
	mi_free(blocks[2]);
	assert_int_equal(page->owner, port_thread_id());
	assert_int_equal(page->thread_free, PAGE_ACTIVE);
	mi_free(blocks[3]);
	mi_free(blocks[4]);
}

static void make_some(void)
{
	size_t i;

	for (i = 0; i < 3; i++)
		blocks[i] = mi_malloc(SIZE);
	page = page_around_block(blocks[0]);
	mi_free(blocks[1]);
}

static void abandoned_page_is_reclaimed_on_need(void **state)
{
	char *p;

	(void)state;
	in_thread(make_some);
	assert_true(is_abandoned(page));
	p = mi_malloc(SIZE);
	assert_ptr_equal(page_around_block(p), page);
	assert_int_equal(page->owner, port_thread_id());
	assert_true(is_queued(page));
	assert_int_equal(default_instance.abandoned_count, 0);
	mi_free(p);
	mi_free(blocks[0]);
	mi_free(blocks[2]);
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
	/* only who has a heap can own a page */
	must(page->owner == port_thread_id());
	must(page->heap == heap_current());
}

static void thread_frees_after_its_end(void **state)
{
	(void)state;
	in_thread(leave_two);
	page = page_around_block(blocks[0]);
	in_thread(free_after_the_end);
	assert_true(is_abandoned(page));
	mi_free(blocks[1]);
	assert_int_equal(default_instance.abandoned_count, 0);
}

static void push_after_the_end(void)
{
	mi_thread_done();
	mi_free(blocks[0]);
	must(is_abandoned(page));
}

/* It may not claim the page, so the block waits for who does */
static void thread_pushes_after_its_end(void **state)
{
	(void)state;
	mi_option_set(mi_option_abandoned_reclaim_on_free, 0);
	in_thread(leave_two);
	page = page_around_block(blocks[0]);
	in_thread(push_after_the_end);
	assert_true(is_abandoned(page));
	assert_true(page->thread_free & ~PAGE_STATE_MASK);
	mi_option_set(mi_option_abandoned_reclaim_on_free, 1);
	mi_free(blocks[1]);
	assert_int_equal(default_instance.abandoned_count, 0);
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

static void search_for_abandoned_pages_ends(void **state)
{
	size_t i;

	(void)state;
	many_count = 0;
	for (i = 0; i < RECLAIM_TRIES * 3; i++)
		in_thread(leave_full);
	assert_int_equal(default_instance.abandoned_count, i);
	leave_full();
	assert_int_equal(default_instance.abandoned_count, i - RECLAIM_TRIES);
	assert_true(is_valid());
	for (i = 0; i < many_count; i++)
		mi_free(many[i]);
	assert_int_equal(default_instance.abandoned_count, 0);
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

static void claimed_pages_that_empty_go_back(void **state)
{
	static void *left[LEAVERS][2 * LEFT_CLASSES];
	pthread_t threads[LEAVERS];
	size_t i, k;

	(void)state;
	pthread_barrier_init(&all_have, NULL, LEAVERS);
	for (i = 0; i < LEAVERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
						leave_two_of_many, left[i]), 0);
	for (i = 0; i < LEAVERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(default_instance.abandoned_count,
			 LEAVERS * LEFT_CLASSES);
	for (i = 0; i < LEAVERS; i++)
		for (k = 0; k < 2 * LEFT_CLASSES; k++)
			mi_free(left[i][k]);
	assert_int_equal(default_instance.abandoned_count, 0);
	check(units_of_pages(&default_instance) <= EMPTY_UNITS_MAX,
	      "%zu units of empty pages", units_of_pages(&default_instance));
}

/* The same by way of heaps of one thread */
static void absorbed_pages_that_empty_go_back(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 2000; i++) {
		mi_heap_t *heap = mi_heap_new();
		void *p = mi_heap_malloc(heap, 64);

		mi_heap_delete(heap);
		mi_free(p);
	}
	check(units_of_pages(&default_instance) <= EMPTY_UNITS_MAX,
	      "%zu units of empty pages", units_of_pages(&default_instance));
}

#define T(test)	cmocka_unit_test_teardown(test, clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(full_page_is_notified_and_returns),
		T(returned_page_serves_again),
		T(emptied_by_others),
		T(notified_and_freed_locally),
		T(abandoned_page_is_claimed_by_a_free),
		T(abandoned_page_waits_where_told),
		T(abandoned_page_is_reclaimed_on_need),
		T(thread_frees_after_its_end),
		T(thread_pushes_after_its_end),
		T(search_for_abandoned_pages_ends),
		T(claimed_pages_that_empty_go_back),
		T(absorbed_pages_that_empty_go_back),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
