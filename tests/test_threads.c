/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads that allocate and end, and frees by others and after the end. On a
 * pool, and on the default allocator, which may have a heap for each thread.
 */
#include "test_pool.h"

#if CONFIG_LIBUKSCHED

#include <uk/sched.h>
#include <uk/thread.h>

/* With several CPUs each thread has a heap in each allocator */
#define POOL_BYTES	((MI_CONCURRENT ? 4096 : 768) * KIB)
#define THREADS		6
#define BLOCKS		64
#define LARGE		15

struct worker {
	struct uk_alloc *a;
	unsigned int number;
	unsigned int wrong;
	void *blocks[BLOCKS];
};

static char memory[POOL_BYTES] __align(4096);
static struct uk_alloc *pool;
static struct worker workers[THREADS];
static unsigned int started;
static unsigned int released;		/* threads of which nothing is left */
static struct uk_thread *waiter;	/* until all started are released */

static int threads_init(struct uk_testsuite *suite __unused)
{
	pool = uk_mimalloc_init(memory, sizeof(memory));
	return pool ? 0 : -ENOMEM;
}

static bool no_scheduler(void)
{
	if (uk_sched_current())
		return false;
	uk_test_printf("skipped: the scheduler does not run\n");
	return true;
}

/* Of many sizes, and one that is a run of its own */
static size_t block_size(const struct worker *w, unsigned int i)
{
	return i == LARGE ? 40000 : 8 + (w->number * 57 + i * 41) % 1500;
}

static void block_take(struct worker *w, unsigned int i)
{
	w->blocks[i] = uk_malloc(w->a, block_size(w, i));
	if (w->blocks[i])
		content_write(w->blocks[i], block_size(w, i), w->number + i);
	else
		w->wrong++;
}

static void block_free(struct worker *w, unsigned int i)
{
	if (w->blocks[i] && !content_holds(w->blocks[i], block_size(w, i),
					   w->number + i))
		w->wrong++;
	uk_free(w->a, w->blocks[i]);
	w->blocks[i] = NULL;
}

/* By the idle thread, which frees the thread itself right afterwards */
static void thread_released(struct uk_thread *t __unused)
{
	released++;
	if (waiter && released == started)
		uk_thread_wake(waiter);
}

static bool thread_start(uk_thread_fn1_t function, void *argument,
			 uk_thread_dtor_t dtor)
{
	struct uk_thread *t;

	t = uk_sched_thread_create_fn1(uk_sched_current(), function, argument,
				       0, 0, false, false, "mimalloc test",
				       NULL, dtor);
	started += t != NULL;
	return t != NULL;
}

static unsigned int threads_start(struct uk_alloc *a, uk_thread_fn1_t function)
{
	unsigned int i, wrong = 0;

	started = released = 0;
	for (i = 0; i < THREADS; i++) {
		workers[i].a = a;
		workers[i].number = i;
		workers[i].wrong = 0;
		wrong += !thread_start(function, &workers[i], thread_released);
	}
	return wrong;
}

/*
 * Until all that were started are gone; what they found wrong. The idle thread
 * runs only while nobody else can, so yielding alone does not let it free them,
 * and a clock that an emulator stops while all wait would not end a sleep.
 */
static unsigned int threads_wait(void)
{
	unsigned int i, wrong = 0;

	waiter = uk_thread_current();
	while (released < started) {
		uk_thread_block(waiter);
		uk_sched_yield();
	}
	waiter = NULL;
	for (i = 0; i < THREADS; i++)
		wrong += workers[i].wrong;
	return wrong;
}

static void __noreturn take_all(void *argument)
{
	struct worker *w = argument;
	unsigned int i;

	for (i = 0; i < BLOCKS; i++) {
		block_take(w, i);
		if (i % 8 == 0)
			uk_sched_yield();
	}
	uk_sched_thread_exit();
}

/* Half of the blocks of another thread, which has ended */
static void __noreturn free_half(void *argument)
{
	struct worker *w = argument;
	struct worker *other = &workers[(w->number + 1) % THREADS];
	unsigned int i;

	for (i = 0; i < BLOCKS; i += 2) {
		block_free(other, i);
		if (i % 8 == 0)
			uk_sched_yield();
	}
	uk_sched_thread_exit();
}

static unsigned int wrong_outliving(struct uk_alloc *a)
{
	unsigned int i, j, wrong;

	wrong = threads_start(a, take_all) + threads_wait();
	wrong += threads_start(a, free_half) + threads_wait();
	for (i = 0; i < THREADS; i++)
		for (j = 1; j < BLOCKS; j += 2)
			block_free(&workers[i], j);
	for (i = 0; i < THREADS; i++)
		wrong += workers[i].wrong;
	return wrong;
}

/*
 * Heaps are made when they are needed and stay for threads to come, so the
 * first round tells what the later ones must come back to.
 */
UK_TESTCASE(mimalloc_threads, test_blocks_outlive_threads)
{
	struct uk_alloc *other = default_or(pool);
	__ssz before, other_before;

	if (no_scheduler())
		return;
	if (MI_CONCURRENT)
		UK_TEST_EXPECT_ZERO(wrong_outliving(pool));
	before = uk_alloc_availmem(pool);
	UK_TEST_EXPECT_ZERO(wrong_outliving(pool));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
	UK_TEST_EXPECT_ZERO(wrong_outliving(other));
	other_before = uk_alloc_availmem(other);
	UK_TEST_EXPECT_ZERO(wrong_outliving(other));
	UK_TEST_EXPECT_ZERO(wrong_outliving(other));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(other), other_before);
}

#define HEIR_SIZE	760

static void __noreturn take_and_leave(void *argument)
{
	struct worker *w = argument;
	unsigned int i;

	for (i = 0; i < BLOCKS; i++) {
		w->blocks[i] = uk_malloc(w->a, HEIR_SIZE);
		w->wrong += !w->blocks[i];
	}
	uk_sched_thread_exit();
}

/* What is freed among blocks that a thread left behind is used by others */
static unsigned int wrong_heir(struct uk_alloc *a)
{
	struct worker *w = &workers[0];
	unsigned int i, wrong = 0;
	__ssz before;

	w->a = a;
	w->wrong = 0;
	started = released = 0;
	wrong += !thread_start(take_and_leave, w, thread_released);
	wrong += threads_wait();
	for (i = 0; i < BLOCKS; i += 2)
		uk_free(a, w->blocks[i]);
	(void)uk_alloc_maxalloc(a);	/* pages of ours that are empty go */
	before = uk_alloc_availmem(a);
	for (i = 0; i < BLOCKS; i += 2) {
		w->blocks[i] = uk_malloc(a, HEIR_SIZE);
		wrong += !w->blocks[i];
	}
	wrong += uk_alloc_availmem(a) != before;
	for (i = 0; i < BLOCKS; i++) {
		uk_free(a, w->blocks[i]);
		w->blocks[i] = NULL;
	}
	return wrong;
}

UK_TESTCASE(mimalloc_threads, test_blocks_of_the_ended_are_reused)
{
	struct uk_alloc *other = default_or(pool);
	__ssz before, other_before;

	if (no_scheduler())
		return;
	if (MI_CONCURRENT)
		UK_TEST_EXPECT_ZERO(wrong_heir(pool));
	before = uk_alloc_availmem(pool);
	UK_TEST_EXPECT_ZERO(wrong_heir(pool));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
	UK_TEST_EXPECT_ZERO(wrong_heir(other));
	other_before = uk_alloc_availmem(other);
	UK_TEST_EXPECT_ZERO(wrong_heir(other));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(other), other_before);
}

/* Each frees what the one before it took, while both go on */
static void __noreturn pass_on(void *argument)
{
	struct worker *w = argument;
	struct worker *other = &workers[(w->number + 1) % THREADS];
	unsigned int round, i;

	for (round = 0; round < 10; round++) {
		for (i = round % 2; i < BLOCKS; i += 2)
			if (!w->blocks[i])
				block_take(w, i);
		uk_sched_yield();
		for (i = round % 2; i < BLOCKS; i += 2)
			if (other->blocks[i])
				block_free(other, i);
		if (round % 3 == 0)
			uk_sched_yield();
	}
	uk_sched_thread_exit();
}

static unsigned int wrong_passing(struct uk_alloc *a)
{
	unsigned int i, j, wrong;

	wrong = threads_start(a, pass_on) + threads_wait();
	for (i = 0; i < THREADS; i++)
		for (j = 0; j < BLOCKS; j++)
			block_free(&workers[i], j);
	return wrong;
}

UK_TESTCASE(mimalloc_threads, test_others_free)
{
	struct uk_alloc *other = default_or(pool);
	__ssz before, other_before;

	if (no_scheduler())
		return;
	if (MI_CONCURRENT)
		UK_TEST_EXPECT_ZERO(wrong_passing(pool));
	before = uk_alloc_availmem(pool);
	UK_TEST_EXPECT_ZERO(wrong_passing(pool));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
	UK_TEST_EXPECT_ZERO(wrong_passing(other));
	other_before = uk_alloc_availmem(other);
	UK_TEST_EXPECT_ZERO(wrong_passing(other));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(other), other_before);
}

/* Both are freed after the thread's end */
static void __noreturn take_two(void *argument)
{
	struct worker *w = argument;

	block_take(w, 0);
	block_take(w, LARGE);
	uk_sched_thread_exit();
}

/* The thread has no heap any more, and the idle thread never had one */
static void free_after_end(struct uk_thread *t)
{
	block_free(&workers[released % THREADS], 0);
	block_free(&workers[released % THREADS], LARGE);
	thread_released(t);
}

static unsigned int wrong_come_and_go(struct uk_alloc *a)
{
	unsigned int i, wrong = 0;

	started = released = 0;
	for (i = 0; i < 10 * THREADS; i++) {
		workers[i % THREADS].a = a;
		workers[i % THREADS].number = i % THREADS;
		workers[i % THREADS].wrong = 0;
		wrong += !thread_start(take_two, &workers[i % THREADS],
				       free_after_end);
		wrong += threads_wait();
	}
	return wrong;
}

UK_TESTCASE(mimalloc_threads, test_frees_after_the_end)
{
	struct uk_alloc *other = default_or(pool);
	__ssz before, other_before;

	if (no_scheduler())
		return;
	if (MI_CONCURRENT)
		UK_TEST_EXPECT_ZERO(wrong_come_and_go(pool));
	before = uk_alloc_availmem(pool);
	UK_TEST_EXPECT_ZERO(wrong_come_and_go(pool));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(pool), before);
	UK_TEST_EXPECT_ZERO(wrong_come_and_go(other));
	other_before = uk_alloc_availmem(other);
	UK_TEST_EXPECT_ZERO(wrong_come_and_go(other));
	UK_TEST_EXPECT_SNUM_EQ(uk_alloc_availmem(other), other_before);
}

/* errno is a thread's own */
static void __noreturn fail_to_take(void *argument)
{
	struct worker *w = argument;

	w->wrong += !IS_REFUSED(uk_malloc(w->a, (size_t)1 << 62));
	w->wrong += !IS_REFUSED(uk_realloc(w->a, NULL, SIZE_MAX));
	uk_sched_yield();
	w->wrong += errno != ENOMEM;
	uk_sched_thread_exit();
}

UK_TESTCASE(mimalloc_threads, test_refusals_are_private)
{
	int seen;

	if (no_scheduler())
		return;
	errno = 0;
	UK_TEST_EXPECT_ZERO(threads_start(default_or(pool), fail_to_take));
	UK_TEST_EXPECT_ZERO(threads_wait());
	seen = errno;
	UK_TEST_EXPECT_ZERO(seen);
}

uk_testsuite_prio(mimalloc_threads, threads_init, SUITE_PRIO);

#else

UK_TESTCASE(mimalloc_threads, test_threads)
{
	uk_test_printf("skipped: CONFIG_LIBUKSCHED is off\n");
}

uk_testsuite_prio(mimalloc_threads, NULL, SUITE_PRIO);

#endif /* CONFIG_LIBUKSCHED */
