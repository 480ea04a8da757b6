/* SPDX-License-Identifier: BSD-3-Clause */
/* The states of `thread_free` step by step: FULL and NOTIFIED. */
#include "thread.h"

/* -------- FULL, NOTIFIED, back -------- */

static int full_page_is_notified_and_returns(void *arg)
{
	(void)arg;
	make_full();
	in_thread(free_first);
	must(page_state(page) == PAGE_NOTIFIED);
	must((void *)heap_current()->notified == page);
	must(!page->notified_next);
	in_thread(free_second);
	must(page_state(page) == PAGE_NOTIFIED);
	must((void *)heap_current()->notified == page);
	must(!page->notified_next);
	must(is_full(page));
	heap_drain(heap_current());
	must(thread_free_read(page) == (PAGE_ACTIVE | PAGE_RESTING));
	must(heap_current()->notified == 0);
	must(is_queued(page));
	must(is_valid());
	in_thread(free_third_and_fourth);
	must(page_state(page) == PAGE_ACTIVE);
	mi_free(blocks[4]);
	return ends_well();
}

static int returned_page_serves_again(void *arg)
{
	void *p = NULL;
	size_t i;

	(void)arg;
	make_full();
	in_thread(free_first);
	/* the page after it has seven more, and no third page is made */
	for (i = 0; i < 8; i++) {
		p = mi_malloc(SIZE);
		if (page_around_block(p) == page)
			break;
	}
	must(p == blocks[0]);
	must(heap_current()->page_count[CLASS] == 2);
	heap_drop_pages(heap_current());
	return ends_well();
}

static int emptied_by_others(void *arg)
{
	(void)arg;
	make_full();
	in_thread(free_first);
	in_thread(free_second);
	in_thread(free_third_and_fourth);
	must(heap_current()->page_count[CLASS] == 2);
	heap_drain(heap_current());
	must(was_noticed(heap_current(), CLASS, 2, page));
	mi_free(blocks[4]);
	return ends_well();
}

/* A thread that only frees looks at what has returned, too */
static int notified_and_freed_locally(void *arg)
{
	size_t i;

	(void)arg;
	make_full();
	in_thread(free_first);
	for (i = 1; i < 4; i++)
		mi_free(blocks[i]);
	must(is_valid());
	must(was_noticed(heap_current(), CLASS, 2, page));
	mi_free(blocks[4]);
	return ends_well();
}

/* -------- many pages come back at once -------- */

#define MANY_PAGES	40

static void *of_many_pages[MANY_PAGES * 64];
static size_t of_many_count;
static pthread_barrier_t there_are_many, one_of_each_is_free;

static void fill_many_pages(void)
{
	size_t i;

	for (i = 0; i < ARRAY_LENGTH(of_many_pages) &&
	     heap_current()->page_count[CLASS] <= MANY_PAGES; i++)
		of_many_pages[i] = mi_malloc(SIZE);
	of_many_count = i;
	must(heap_current()->page_count[CLASS] == MANY_PAGES + 1);
}

static void free_one_of_each_page(void)
{
	struct page *before = NULL;
	size_t i;

	for (i = 0; i + 1 < of_many_count; i++) {
		if (page_around_block(of_many_pages[i]) == before)
			continue;
		before = page_around_block(of_many_pages[i]);
		mi_free(of_many_pages[i]);
		of_many_pages[i] = NULL;
	}
}

static size_t count_pending(void)
{
	const struct page *waits = heap_current()->pending;
	size_t count = 0;

	for (; waits; waits = waits->notified_next, count++)
		must(page_state(waits) == PAGE_NOTIFIED);
	return count;
}

/* One call does not pay for all: the rest waits, and is not lost */
static int drain_is_bounded(void *arg)
{
	size_t i, left = MANY_PAGES;

	(void)arg;
	fill_many_pages();
	in_thread(free_one_of_each_page);
	must(heap_current()->notified && !heap_current()->pending);
	while (left > DRAIN_PAGES) {
		heap_drain(heap_current());
		left -= DRAIN_PAGES;
		must(count_pending() == left);
		must(is_valid());
	}
	must(heap_has_notified(heap_current()));
	heap_drain(heap_current());
	must(!heap_has_notified(heap_current()));
	for (i = 0; i < of_many_count; i++)
		mi_free(of_many_pages[i]);
	return ends_well();
}

static void free_and_end(void)
{
	fill_many_pages();
	pthread_barrier_wait(&there_are_many);
	pthread_barrier_wait(&one_of_each_is_free);
	heap_drain(heap_current());
	must(heap_current()->pending);
}

/*
 * One block in turn: free swaps the lists of its page, so that malloc always
 * finds a block, and still takes the slow path now and then, as the heartbeat
 * tells.
 */
static int swaps_of_free_end(void *arg)
{
	struct heap *heap = heap_current();
	uint64_t beats;
	size_t pairs;

	(void)arg;
	mi_free(mi_malloc(SIZE));
	beats = heap->heartbeat;
	for (pairs = 0; heap->heartbeat == beats; pairs++) {
		must(pairs < 8 * SWAPS_MAX);
		mi_free(mi_malloc(SIZE));
	}
	must(pairs > 2 * SWAPS_MAX);
	return ends_well();
}

/* What waits when the thread ends is abandoned with the rest */
static int pending_pages_are_left(void *arg)
{
	static void (*body)(void) = free_and_end;
	pthread_t thread;
	size_t i;

	(void)arg;
	pthread_barrier_init(&there_are_many, NULL, 2);
	pthread_barrier_init(&one_of_each_is_free, NULL, 2);
	must(pthread_create(&thread, NULL, run_body, &body) == 0);
	pthread_barrier_wait(&there_are_many);
	free_one_of_each_page();
	pthread_barrier_wait(&one_of_each_is_free);
	must(pthread_join(thread, NULL) == 0);
	must(default_instance.abandoned_count == MANY_PAGES + 1);
	for (i = 0; i < of_many_count; i++)
		mi_free(of_many_pages[i]);
	return ends_well();
}

/* -------- counted for threads that a fork left behind -------- */

static pthread_barrier_t there;

static void *keep_pages(void *arg)
{
	void *taken[64];
	unsigned int class;
	size_t i;

	for (class = 1; class < CLASS_COUNT; class++) {
		for (i = 0; i < ARRAY_LENGTH(taken); i++)
			taken[i] = mi_malloc(size_class_bytes(class));
		for (i = 0; i < ARRAY_LENGTH(taken); i++)
			mi_free(taken[i]);
	}
	pthread_barrier_wait(&there);
	pause();
	return arg;
}

static bool add_kept(struct page *of_heap, void *units)
{
	if (of_heap->flags & PAGE_KEPT)
		*(size_t *)units += of_heap->units;
	return true;
}

static int fork_forgets_what_others_kept(void *arg)
{
	pthread_t thread;
	size_t mine = 0;
	int status;
	pid_t pid;

	must(!pthread_barrier_init(&there, NULL, 2));
	must(!pthread_create(&thread, NULL, keep_pages, arg));
	pthread_barrier_wait(&there);
	mi_free(mi_malloc(1));
	must(default_instance.kept_units > 0);
	pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		(void)heap_visit_pages(heap_current(), add_kept, &mine);
		_exit(default_instance.kept_units == mine ? 0 : 1);
	}
	must(waitpid(pid, &status, 0) == pid && status == 0);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_CHILD(full_page_is_notified_and_returns),
		TEST_IN_CHILD(returned_page_serves_again),
		TEST_IN_CHILD(drain_is_bounded),
		TEST_IN_CHILD(swaps_of_free_end),
		TEST_IN_CHILD(pending_pages_are_left),
		TEST_IN_CHILD(fork_forgets_what_others_kept),
		TEST_IN_CHILD(emptied_by_others),
		TEST_IN_CHILD(notified_and_freed_locally),
	};

	mi_thread_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
