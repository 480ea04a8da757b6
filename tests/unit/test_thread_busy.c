/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pages that rest: a thread that frees into one counts what the owner has freed
 * there itself, and the owner is at work meanwhile.
 *
 * LDFLAGS: -Wl,--wrap=thread_free_end_count,--wrap=port_purge
 */
#include "in_purge.h"
#include "thread.h"

/* Called once, by who has counted and has not said so */
static void (*in_count)(void);

uintptr_t __real_thread_free_end_count(struct page *of, size_t own,
				       bool purge);
uintptr_t __wrap_thread_free_end_count(struct page *of, size_t own,
				       bool purge);

uintptr_t __wrap_thread_free_end_count(struct page *of, size_t own, bool purge)
{
	void (*call)(void) = in_count;

	if (call) {
		in_count = NULL;
		call();
	}
	return __real_thread_free_end_count(of, own, purge);
}

static bool is_counting(void)
{
	return thread_free_read(page) & PAGE_COUNTING;
}

static void (*owner_step)(void);
static pthread_barrier_t begin, done;
static pthread_t owner;
static struct heap *of_owner;

static void *owner_body(void *unused)
{
	make_full();
	of_owner = page->heap;
	pthread_barrier_wait(&done);
	for (;;) {
		pthread_barrier_wait(&begin);
		if (!owner_step)
			return unused;
		owner_step();
		pthread_barrier_wait(&done);
	}
}

static void owner_does(void (*step)(void))
{
	owner_step = step;
	pthread_barrier_wait(&begin);
	if (step)
		pthread_barrier_wait(&done);
	else
		must(pthread_join(owner, NULL) == 0);
}

/* One block of four is free, by the owner; that the page is counted is next */
static void only_owner_begins(void (*end_of_count)(void))
{
	purge_at_once();
	pthread_barrier_init(&begin, NULL, 2);
	pthread_barrier_init(&done, NULL, 2);
	must(pthread_create(&owner, NULL, owner_body, NULL) == 0);
	pthread_barrier_wait(&done);
	owner_does(free_first);
	in_count = end_of_count;
}

/* The same, where the thread that counts has a heap, too */
static void owner_begins(void (*end_of_count)(void))
{
	must(mi_malloc(1) != NULL);
	only_owner_begins(end_of_count);
}

static void owner_ends_now(void)
{
	must(is_counting());
	owner_does(NULL);
	must(page_state(page) == PAGE_ABANDONED && is_counting());
	must(!is_abandoned(page));
}

static int owner_ends_amid_a_count(void *arg)
{
	(void)arg;
	owner_begins(owner_ends_now);
	free_second_and_third();
	must(!in_count && is_abandoned(page));
	free_fourth();
	mi_free(blocks[4]);
	must(default_instance.abandoned_count == 0);
	must(default_instance.waiting_units == 0);
	return 0;
}

/* The last block comes meanwhile, too, from a third thread */
static void owner_ends_and_last_comes(void)
{
	owner_ends_now();
	in_thread(free_fourth);
	must(page_state(page) == PAGE_ABANDONED && is_counting());
}

static int last_block_amid_a_count(void *arg)
{
	unsigned int pages;

	(void)arg;
	owner_begins(owner_ends_and_last_comes);
	pages = runs_of_kind(&default_instance, RUN_PAGE);
	free_second_and_third();
	must(!in_count && default_instance.abandoned_count == 1);
	must(runs_of_kind(&default_instance, RUN_PAGE) == pages - 1);
	must(default_instance.waiting_units == 0);
	mi_free(blocks[4]);
	must(default_instance.abandoned_count == 0);
	return 0;
}

/* It finds nothing in the page, and puts it away as a full one */
static void *taken[9];

static void owner_takes(void)
{
	for (size_t i = 0; i < ARRAY_LENGTH(taken); i++) {
		taken[i] = mi_malloc(SIZE);
		must(page_around_block(taken[i]) != page);
		must(heap_is_valid(of_owner));
	}
}

static void owner_takes_now(void)
{
	must(is_counting());
	owner_does(owner_takes);
	must(is_full(page) && page_state(page) == PAGE_FULL);
	owner_does(owner_takes);
}

static void owner_drains(void)
{
	heap_drain(of_owner);
	must(is_queued(page));
	must(heap_is_valid(of_owner));
}

static int malloc_amid_a_count(void *arg)
{
	(void)arg;
	owner_begins(owner_takes_now);
	free_second_and_third();
	must(!in_count && page_state(page) == PAGE_NOTIFIED);
	must((void *)of_owner->notified == page);
	owner_does(owner_drains);
	must(!word_has_come(thread_free_read(page)));
	owner_does(NULL);
	return 0;
}

static void owner_collects(void)
{
	mi_collect(true);
	must(heap_is_valid(of_owner));
}

static void owner_collects_now(void)
{
	must(is_counting());
	owner_does(owner_collects);
	must(is_counting() && count_back() == 2 && page->owner);
}

static int collection_amid_a_count(void *arg)
{
	(void)arg;
	owner_begins(owner_collects_now);
	free_second_and_third();
	must(!in_count && count_back() == 3);
	owner_does(owner_collects);
	must(!word_has_come(thread_free_read(page)));
	free_fourth();
	owner_does(owner_collects);
	owner_does(NULL);
	return 0;
}

static mi_heap_t *second;

static void owner_fills_second(void)
{
	second = mi_heap_new();
	mi_heap_set_default(second);
	make_full();
	of_owner = heap_current();
	mi_heap_set_default(mi_heap_get_backing());
	free_first();
}

static void owner_destroys(void)
{
	mi_heap_destroy(second);
	must(is_valid());
}

static void owner_destroys_now(void)
{
	must(is_counting());
	owner_does(owner_destroys);
	must(is_counting() && is_purged());
	must(page->heap != of_owner && page->kind == RUN_PAGE);
	must(default_instance.remote_purged_units == page->units);
}

static int heap_destroyed_amid_a_count(void *arg)
{
	(void)arg;
	owner_begins(NULL);
	owner_does(owner_fills_second);
	in_count = owner_destroys_now;
	free_second_and_third();
	must(!in_count && !is_counting() && is_purged());
	owner_does(owner_collects);
	must(default_instance.remote_purged_units == 0);
	owner_does(NULL);
	return 0;
}

static int child_of_fork(void *arg)
{
	(void)arg;
	must(!is_counting() && page->owner == port_thread_id());
	free_fourth();
	mi_collect(true);
	must(is_valid());
	must(heap_current()->page_count[CLASS] == 1);
	must(!heap_current()->full);
	return 0;
}

static void owner_forks(void)
{
	must(check_child(child_of_fork, NULL) == 0);
}

static void owner_forks_now(void)
{
	must(is_counting());
	owner_does(owner_forks);
}

/* In the child nobody is left who would end it */
static int fork_amid_a_count(void *arg)
{
	(void)arg;
	owner_begins(owner_forks_now);
	free_second_and_third();
	must(!in_count && count_back() == 3);
	owner_does(NULL);
	return 0;
}

static int fork_with_one_heap(void *arg)
{
	(void)arg;
	mi_thread_done();
	only_owner_begins(owner_forks_now);
	must(default_instance.heap_count == 1);
	free_second_and_third();
	must(!in_count && count_back() == 3);
	must(default_instance.counting == 0);
	owner_does(NULL);
	return 0;
}

static int child_of_fork_in_a_purge(void *arg)
{
	(void)arg;
	must(is_purged() && default_instance.remote_purged_units > 0);
	mi_collect(true);
	must(is_valid());
	must(heap_current()->page_count[CLASS] == 1);
	must(default_instance.remote_purged_units == 0);
	return 0;
}

static void owner_forks_in_a_purge(void)
{
	must(check_child(child_of_fork_in_a_purge, NULL) == 0);
}

static void owner_forks_in_a_purge_now(void)
{
	owner_does(owner_forks_in_a_purge);
}

static int fork_amid_a_purge(void *arg)
{
	(void)arg;
	owner_begins(NULL);
	in_purge = owner_forks_in_a_purge_now;
	free_second_and_third();
	free_fourth();
	must(!in_purge && is_purged());
	owner_does(NULL);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_CHILD(owner_ends_amid_a_count),
		TEST_IN_CHILD(last_block_amid_a_count),
		TEST_IN_CHILD(malloc_amid_a_count),
		TEST_IN_CHILD(collection_amid_a_count),
		TEST_IN_CHILD(heap_destroyed_amid_a_count),
		TEST_IN_CHILD(fork_amid_a_count),
		TEST_IN_CHILD(fork_with_one_heap),
		TEST_IN_CHILD(fork_amid_a_purge),
	};

	mi_thread_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
