/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Notifications that arrive when the heap has ended or has begun anew,
 * and threads that end, or fork, in the middle of something. A thread's steps
 * that others may come between are done by hand, in the order that is meant.
 * Each test has a process of its own.
 *
 * LDFLAGS: -Wl,--wrap=port_lock,--wrap=port_purge
 */
#include "in_purge.h"
#include "thread.h"

/* Called once, when a thread without a heap wants the lock */
static void (*before_lock_without_heap)(void);

void __real_port_lock(struct port_lock *lock);
void __wrap_port_lock(struct port_lock *lock);

void __wrap_port_lock(struct port_lock *lock)
{
	void (*call)(void) = before_lock_without_heap;

	if (call && heap_current() == &empty_heap) {
		before_lock_without_heap = NULL;
		call();
	}
	__real_port_lock(lock);
}

/* -------- notifications that come late -------- */

static struct heap *noted;

/* page_free_remote() of the first block, up to where it knows the heap */
static void notify_begin(void)
{
	struct block *block = blocks[0];
	uintptr_t word = thread_free_read(page);

	must(word_state(word) == PAGE_FULL);
	block->tag = (uintptr_t)page;
	while (!thread_free_try_push(page, &word, block, 0))
		must(word_state(word) == PAGE_FULL);
	noted = page->heap;
}

/* and the rest of it */
static void notify_end(void)
{
	heap_notify(noted, page);
}

static void make_full_and_notify(void)
{
	make_full();
	notify_begin();
}

static void free_the_rest(void)
{
	free_second();
	free_third_and_fourth();
	mi_free(blocks[4]);
}

/* Meanwhile its own thread frees the other blocks, and may not let it go */
static int notification_of_a_living_thread(void *arg)
{
	(void)arg;
	make_full_and_notify();
	free_second();
	free_third_and_fourth();
	must(page->kind == RUN_PAGE && page->owner == port_thread_id());
	must(page_state(page) == PAGE_NOTIFIED);
	must(is_queued(page));
	must(is_valid());
	notify_end();
	heap_drain(heap_current());
	must(was_noticed(heap_current(), CLASS, 2, page));
	mi_free(blocks[4]);
	return ends_well();
}

/* Meanwhile malloc takes from the page, whose link is another's */
static int notification_of_a_page_in_use(void *arg)
{
	struct page *link = (struct page *)blocks;
	void *taken[8];
	size_t i;

	(void)arg;
	make_full_and_notify();
	page->notified_next = link;
	free_second();
	free_third_and_fourth();
	for (i = 0; i < 8; i++)	/* seven of the other page, then of this */
		taken[i] = mi_malloc(SIZE);
	must(page_around_block(taken[7]) == page);
	must(page_state(page) == PAGE_NOTIFIED);
	must(page->notified_next == link && !(page->flags & PAGE_KEPT));
	notify_end();
	heap_drain(heap_current());
	must(is_valid());
	for (i = 0; i < 8; i++)
		mi_free(taken[i]);
	mi_free(blocks[4]);
	return ends_well();
}

static int notification_of_an_ended_thread(void *arg)
{
	(void)arg;
	in_thread(make_full_and_notify);
	/* in no list, and not given back */
	must(page->owner == 0);
	must(page_state(page) == PAGE_NOTIFIED);
	must(page->heap == noted);
	must(default_instance.parked == noted);
	must(noted->notified == HEAP_PARKED);
	notify_end();
	must(is_abandoned(page));
	must(noted->notified == HEAP_PARKED);
	free_the_rest();
	return ends_well();
}

static void adopt_with_late_page(void)
{
	void *p = mi_malloc(1);

	must(heap_current() == noted);
	must(noted->notified == 0);
	notify_end();
	must(page->owner == 0);
	heap_drain(heap_current());
	must(page->owner == port_thread_id());
	must(page_state(page) == PAGE_ACTIVE);
	must(is_queued(page));
	must(is_valid());
	mi_free(p);
	free_the_rest();
}

static int notification_of_an_adopted_heap(void *arg)
{
	(void)arg;
	in_thread(make_full_and_notify);
	in_thread(adopt_with_late_page);
	return ends_well();
}

/* All its blocks were freed: it goes back as soon as it is found */
static int notification_of_an_empty_page(void *arg)
{
	(void)arg;
	in_thread(make_full_and_notify);
	free_second();
	free_third_and_fourth();
	must(page_state(page) == PAGE_NOTIFIED);
	notify_end();
	must(runs_of_kind(&default_instance, RUN_PAGE) == 1);
	mi_free(blocks[4]);
	return ends_well();
}

/* mi_heap_delete() has moved the page to the thread's first heap meanwhile */
static int notification_of_a_deleted_heap(void *arg)
{
	mi_heap_t *heap = mi_heap_new();

	(void)arg;
	mi_heap_set_default(heap);
	make_full();
	mi_heap_set_default(mi_heap_get_backing());
	notify_begin();
	mi_heap_delete(heap);
	must(page->heap == heap_current());
	must(is_full(page));
	must(noted->notified == HEAP_PARKED);
	notify_end();
	/* its owner lives, so it is for the owner to look at */
	must(noted->notified == HEAP_PARKED);
	must((void *)heap_current()->notified == page);
	must(page->owner == port_thread_id());
	must(page_state(page) == PAGE_NOTIFIED);
	must(is_full(page));
	heap_drain(heap_current());
	must(page_state(page) == PAGE_ACTIVE);
	must(is_queued(page));
	must(is_valid());
	free_the_rest();
	return ends_well();
}

/* -------- a heap begins anew while another thread looks at it -------- */

static pthread_barrier_t adopted, looked_at;

static void adopt_and_be_notified(void)
{
	block_size = 2 * SIZE;	/* of which nobody has left any */
	make_full();
	pthread_barrier_wait(&adopted);
	pthread_barrier_wait(&looked_at);
	heap_drain(heap_current());
	must(page->owner == port_thread_id() && is_queued(page));
	must(is_valid());
	free_the_rest();
}

static pthread_t adopter;
static struct page *late_page;

/* What may happen between a look at a parked heap and what follows from it */
static void adopt_now(void)
{
	static void (*body)(void) = adopt_and_be_notified;

	late_page = page;
	must(pthread_create(&adopter, NULL, run_body, &body) == 0);
	pthread_barrier_wait(&adopted);
	must(page->heap == noted && noted->notified == 0);
	page_free_remote(&default_instance, page, blocks[0]);
	must(page_state(page) == PAGE_NOTIFIED);
	must((void *)noted->notified == page);
}

static int heap_begun_anew_under_a_look(void *arg)
{
	void *before[5];

	(void)arg;
	pthread_barrier_init(&adopted, NULL, 2);
	pthread_barrier_init(&looked_at, NULL, 2);
	in_thread(make_full_and_notify);
	memcpy(before, blocks, sizeof(before));
	before_lock_without_heap = adopt_now;
	in_thread(notify_end);
	must(!before_lock_without_heap);
	/* what the ended thread left, and nothing of the one that lives */
	must(is_abandoned(late_page));
	must(page->owner && page_state(page) == PAGE_NOTIFIED);
	pthread_barrier_wait(&looked_at);
	must(pthread_join(adopter, NULL) == 0);
	memcpy(blocks, before, sizeof(before));
	free_the_rest();
	return ends_well();
}

/* -------- the last block comes back while its owner ends -------- */

static void free_first_remotely(void)
{
	page_free_remote(&default_instance, page, blocks[0]);
}

static void end_with_one_block(void)
{
	blocks[0] = mi_malloc(SIZE);
	page = page_around_block(blocks[0]);
	before_lock_without_heap = free_first_remotely;
}

static int last_free_as_the_owner_ends(void *arg)
{
	(void)arg;
	in_thread(end_with_one_block);
	must(!before_lock_without_heap);
	must(default_instance.abandoned_count == 0);
	must(runs_of_kind(&default_instance, RUN_PAGE) == 0);
	return ends_well();
}

static pthread_barrier_t begun, may_end;
static pthread_t other;

static void make_full_and_wait(void)
{
	make_full();
	pthread_barrier_wait(&begun);
	pthread_barrier_wait(&may_end);
}

static void let_other_end(void)
{
	pthread_barrier_wait(&may_end);
	must(pthread_join(other, NULL) == 0);
	/* it is left to who purges, and nobody else finds it */
	must(page_state(page) == PAGE_ABANDONED && !page->owner);
	must(!is_abandoned(page));
}

static void start_other(void (*body)(void))
{
	static void (*kept)(void);

	kept = body;
	pthread_barrier_init(&begun, NULL, 2);
	pthread_barrier_init(&may_end, NULL, 2);
	must(pthread_create(&other, NULL, run_body, &kept) == 0);
	pthread_barrier_wait(&begun);
}

/* The freeing thread gives the page's memory back meanwhile */
static int owner_ends_in_a_purge(void *arg)
{
	(void)arg;
	start_other(make_full_and_wait);
	default_instance.config.budget_bytes = 0;
	in_purge = let_other_end;
	free_first();
	free_second();
	free_third_and_fourth();
	must(!in_purge);
	must(default_instance.remote_purged_units == 0);
	must(default_instance.waiting_units == 0);
	mi_free(blocks[4]);
	must(default_instance.abandoned_count == 0);
	return ends_well();
}

/* -------- fork while another thread gives memory back -------- */

static void stay_for_a_while(void)
{
	must(runs_of_kind(&default_instance, RUN_PURGING) == 1);
	pthread_barrier_wait(&begun);
	pthread_barrier_wait(&may_end);
}

static void give_back_slowly(void)
{
	mi_free(memset(mi_malloc(MIB), 1, MIB));
	in_purge = stay_for_a_while;
	mi_collect(true);
}

static int child_of_fork(void *arg)
{
	(void)arg;
	must(runs_of_kind(&default_instance, RUN_PURGING) == 0);
	return ends_well();
}

static int fork_in_a_purge(void *arg)
{
	int status;

	(void)arg;
	start_other(give_back_slowly);
	status = check_child(child_of_fork, NULL);
	pthread_barrier_wait(&may_end);
	must(pthread_join(other, NULL) == 0);
	must(status == 0);
	return ends_well();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_CHILD(notification_of_a_living_thread),
		TEST_IN_CHILD(notification_of_a_page_in_use),
		TEST_IN_CHILD(notification_of_an_ended_thread),
		TEST_IN_CHILD(notification_of_an_adopted_heap),
		TEST_IN_CHILD(notification_of_an_empty_page),
		TEST_IN_CHILD(notification_of_a_deleted_heap),
		TEST_IN_CHILD(heap_begun_anew_under_a_look),
		TEST_IN_CHILD(last_free_as_the_owner_ends),
		TEST_IN_CHILD(owner_ends_in_a_purge),
		TEST_IN_CHILD(fork_in_a_purge),
	};

	mi_thread_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
