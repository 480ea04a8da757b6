/* SPDX-License-Identifier: BSD-3-Clause */
/* Where pages stand, and what threads do to them: for the tests of states. */
#ifndef TESTS_UNIT_THREAD_H
#define TESTS_UNIT_THREAD_H

#include "unit.h"

#include <pthread.h>

#define SIZE	((size_t)1024)		/* four blocks in a first page */
#define CLASS	64u

static inline void *run_body(void *body)
{
	(*(void (**)(void))body)();
	return NULL;
}

/* Runs the function in a thread and waits for its end */
static inline void in_thread(void (*body)(void))
{
	pthread_t thread;

	must(pthread_create(&thread, NULL, run_body, &body) == 0);
	must(pthread_join(thread, NULL) == 0);
}

static inline struct page *page_around_block(const void *p)
{
	return (struct page *)block_run_quiet(&default_instance, p);
}

static inline bool is_abandoned(const struct page *page)
{
	const struct page *p = default_instance.abandoned[page->class];

	while (p && p != page)
		p = p->list.next;
	return p && page_state(page) == PAGE_ABANDONED && !page->owner;
}

static inline bool is_full(const struct page *page)
{
	const struct page *p = page->heap->full;

	while (p && p != page)
		p = p->list.next;
	return p && page->flags & PAGE_IN_FULL;
}

static inline bool is_queued(const struct page *page)
{
	const struct page *p = page->heap->queues[page->class].first;

	while (p && p != page)
		p = p->list.next;
	return p && !(page->flags & PAGE_IN_FULL);
}

static inline bool is_valid(void)
{
	return heap_is_valid(heap_current()) &&
	       all_is_valid(&default_instance);
}

/* What threads get and give; five blocks fill the first page and want more */
static size_t block_size = SIZE;
static void *blocks[5];
static struct page *page;

static inline void make_full(void)
{
	size_t i;

	for (i = 0; i < 5; i++)
		blocks[i] = mi_malloc(block_size);
	page = page_around_block(blocks[0]);
	for (i = 0; i < 4; i++)
		must(page_around_block(blocks[i]) == page);
	must(page_around_block(blocks[4]) != page);
	must(is_full(page));
	must(page_state(page) == PAGE_FULL);
}

static inline void free_first(void)
{
	mi_free(blocks[0]);
}

static inline void free_second(void)
{
	mi_free(blocks[1]);
}

static inline void free_third(void)
{
	mi_free(blocks[2]);
}

static inline void free_fourth(void)
{
	mi_free(blocks[3]);
}

static inline void free_second_and_third(void)
{
	free_second();
	free_third();
}

static inline void free_third_and_fourth(void)
{
	mi_free(blocks[2]);
	mi_free(blocks[3]);
}

/* What the page's word says, and when its memory goes */
static inline bool is_purged(void)
{
	return word_is_purged(thread_free_read(page));
}

static inline size_t count_back(void)
{
	return word_back(thread_free_read(page));
}

static inline void purge_at_once(void)
{
	default_instance.config.budget_bytes = 0;
	default_instance.config.learn_bytes = 0;
}

/* All goes back at the end, whatever has come between */
static inline int ends_well(void)
{
	must(is_valid());
	mi_collect(true);
	must(is_valid());
	must(heap_current()->page_count[CLASS] == 0);
	must(!heap_current()->full);
	must(default_instance.abandoned_count == 0);
	must(runs_of_kind(&default_instance, RUN_PAGE) == 0);
	return 0;
}

/* A process of its own, so that a failure is of one test */
static inline void in_child(void **state)
{
	assert_int_equal(check_child((int (*)(void *))*state, NULL), 0);
}

#define TEST_IN_CHILD(body) \
	{ #body, in_child, NULL, NULL, (void *)(body) }

#endif /* TESTS_UNIT_THREAD_H */
