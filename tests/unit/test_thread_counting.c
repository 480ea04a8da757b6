/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pages that rest: a thread that frees into one counts what the owner has freed
 * there itself. Step by step.
 *
 * LDFLAGS: -Wl,--wrap=thread_free_end_count
 */
#include "thread.h"

static size_t counted;

uintptr_t __real_thread_free_end_count(struct page *of, size_t own,
				       bool purge);
uintptr_t __wrap_thread_free_end_count(struct page *of, size_t own,
				       bool purge);

uintptr_t __wrap_thread_free_end_count(struct page *of, size_t own, bool purge)
{
	counted++;
	return __real_thread_free_end_count(of, own, purge);
}

static void free_all_but_first(void)
{
	free_second_and_third();
	free_fourth();
}

static int owner_frees_first(void *arg)
{
	(void)arg;
	purge_at_once();
	make_full();
	mi_free(blocks[0]);
	must(is_queued(page) && thread_free_read(page) == PAGE_RESTING);
	in_thread(free_second_and_third);
	must(counted == 1 && count_back() == 3 && !is_purged());
	must(is_valid());
	in_thread(free_fourth);
	must(counted == 2 && is_purged());
	must(default_instance.remote_purged_units == page->units);
	must(is_valid());
	mi_free(blocks[4]);
	return ends_well();
}

/* Below the budget the page waits */
static int counted_page_waits(void *arg)
{
	(void)arg;
	make_full();
	mi_free(blocks[0]);
	in_thread(free_second_and_third);
	must(default_instance.waiting_units == 0);
	in_thread(free_fourth);
	must(default_instance.waiting_units == page->units);
	must(count_back() == 4 && !is_purged());
	must(is_valid());
	mi_collect(true);
	must(default_instance.waiting_units == 0);
	mi_free(blocks[4]);
	return ends_well();
}

/* Of so many blocks the owner may free some, and the page stays full */
#define MANY	64

static void *many[MANY + 1];

static void make_many(void)
{
	size_t i;

	for (i = 0; i < ARRAY_LENGTH(many); i++)
		many[i] = mi_malloc(64);
	page = page_around_block(many[0]);
	must(page->reserved == MANY && is_full(page));
}

static void free_from(size_t i, size_t to)
{
	for (; i < to; i++) {
		mi_free(many[i]);
		many[i] = NULL;
	}
}

static void free_lower_half(void)
{
	free_from(0, MANY / 2 - 1);
}

static void free_upper_half(void)
{
	free_from(MANY / 2 - 1, MANY);
}

static int owner_frees_amid(void *arg)
{
	(void)arg;
	purge_at_once();
	make_many();
	in_thread(free_lower_half);
	must(counted == 0 && page_state(page) == PAGE_NOTIFIED);
	free_from(40, 42);
	must(is_full(page) && count_back() == MANY / 2 - 1);
	in_thread(free_upper_half);
	must(counted > 0 && is_purged() && is_full(page));
	must((void *)heap_current()->notified == page);
	must(is_valid());
	heap_drain(heap_current());
	must(default_instance.remote_purged_units == 0);
	free_from(MANY, MANY + 1);
	return ends_well();
}

static void free_all_but_two(void)
{
	free_from(0, MANY - 2);
}

static void free_last(void)
{
	free_from(MANY - 1, MANY);
}

/* The last block is counted with what the owner has freed just before */
static int last_count_finds_all(void *arg)
{
	(void)arg;
	make_many();
	in_thread(free_all_but_two);
	must(counted == 0);
	free_from(MANY - 2, MANY - 1);
	in_thread(free_last);
	must(default_instance.waiting_units == page->units);
	must(counted == 1 && count_back() == MANY && !is_purged());
	must(is_valid());
	mi_collect(true);
	must(default_instance.waiting_units == 0);
	free_from(MANY, MANY + 1);
	return ends_well();
}

/* A free block's link was written to: nobody follows it */
static int link_that_leads_nowhere(void *arg)
{
	uintptr_t *link;

	(void)arg;
	purge_at_once();
	make_full();
	mi_free(blocks[0]);
	link = launder(blocks[0]);
	*link = 1;
	in_thread(free_all_but_first);
	must(counted > 0 && !is_purged() && count_back() == 3);
	*link = (uintptr_t)page;
	must(is_valid());
	mi_free(blocks[4]);
	return ends_well();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_CHILD(owner_frees_first),
		TEST_IN_CHILD(counted_page_waits),
		TEST_IN_CHILD(owner_frees_amid),
		TEST_IN_CHILD(last_count_finds_all),
		TEST_IN_CHILD(link_that_leads_nowhere),
	};

	mi_thread_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
