/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads: blocks freed by others, blocks that outlive their thread, a free
 * after the allocator's term callback, threads without thread local storage.
 */
#include <errno.h>
#include <stdio.h>
#include <testbed/testbed.h>
#include <uk/sched.h>

#include "check.h"

#define THREADS 8
#define BLOCKS 400

struct worker {
	struct uk_alloc *a;
	unsigned int number;
	void *blocks[BLOCKS];
	size_t sizes[BLOCKS];
	volatile bool done;
};

static struct worker workers[THREADS];
static __thread int thread_mark = 41;

/*
 * Registered at the earliest priority, so its term comes with the last ones:
 * after the allocator's own, or just before it, as the linker orders them.
 */
static void *late_block;
static unsigned int late_frees, inits;

static int late_init(struct uk_thread *child __unused,
		     struct uk_thread *parent __unused)
{
	inits++;
	return 0;
}

static void late_term(struct uk_thread *child __unused)
{
	if (!late_block)
		return;
	uk_free(uk_alloc_get_default(), late_block);
	late_block = NULL;
	late_frees++;
}

UK_THREAD_INIT_PRIO_FLAGS(late_init, late_term, 0, UK_THREAD_INITF_UKTLS);

static void __noreturn work(void *argument)
{
	struct worker *w = argument;

	CHECK(thread_mark == 41);
	thread_mark += (int)w->number;
	for (unsigned int i = 0; i < BLOCKS; i++) {
		w->sizes[i] = 8 + random_next() % 3000;
		w->blocks[i] = uk_malloc(w->a, w->sizes[i]);
		CHECK(w->blocks[i]);
		pattern_write(w->blocks[i], w->sizes[i], i + w->number);
		if (i % 50 == 0)
			uk_sched_yield();
	}
	CHECK(thread_mark == 41 + (int)w->number);
	w->done = true;
	uk_sched_thread_exit();
}

/* Frees the blocks of the worker before it, half of them while it runs. */
static void __noreturn clear(void *argument)
{
	struct worker *w = argument;
	struct worker *other = &workers[(w->number + 1) % THREADS];

	for (unsigned int i = 0; i < BLOCKS; i += 2) {
		CHECK(pattern_holds(other->blocks[i], other->sizes[i],
				    i + other->number));
		uk_free(w->a, other->blocks[i]);
		other->blocks[i] = NULL;
		if (i % 64 == 0)
			uk_sched_yield();
	}
	w->done = true;
	uk_sched_thread_exit();
}

static void start(struct uk_alloc *a, uk_thread_fn1_t function)
{
	for (unsigned int i = 0; i < THREADS; i++) {
		workers[i].a = a;
		workers[i].number = i;
		workers[i].done = false;
		CHECK(uk_sched_thread_create(uk_sched_current(), function,
					     &workers[i], "worker"));
	}
}

static void wait(void)
{
	for (unsigned int i = 0; i < THREADS; i++)
		while (!workers[i].done)
			uk_sched_thread_sleep(1000000);
	uk_sched_thread_sleep(1000000);		/* the idle thread clears up */
}

static void threads_come_and_go(struct uk_alloc *a)
{
	unsigned int inits_before = inits;

	start(a, work);
	wait();
	CHECK(inits == inits_before + THREADS);
	start(a, clear);
	wait();
	for (unsigned int i = 0; i < THREADS; i++) {
		for (unsigned int j = 1; j < BLOCKS; j += 2) {
			CHECK(pattern_holds(workers[i].blocks[j],
					    workers[i].sizes[j], i + j));
			uk_free(a, workers[i].blocks[j]);
		}
	}
}

static void blocks_outlive_threads(struct uk_alloc *a)
{
	__ssz before;

#ifdef CONFIG_HAVE_SMP
	/* an allocator may keep what it needs for so many threads */
	threads_come_and_go(a);
#endif
	before = uk_alloc_availmem(a);
	threads_come_and_go(a);
	if (!suite_lacks(LACKS_FREE, "threads leave nothing behind"))
		CHECK(suite_is_back(a, before));
}

static void __noreturn make_late_block(void *argument)
{
	struct uk_alloc *a = argument;
	void *own = uk_malloc(a, 200);

	late_block = uk_malloc(a, 100);
	CHECK(own && late_block);
	uk_free(a, own);
	uk_sched_thread_exit();
}

static void free_comes_late(struct uk_alloc *a)
{
	__ssz before = uk_alloc_availmem(a);
	unsigned int frees_before = late_frees;

	CHECK(uk_sched_thread_create(uk_sched_current(), make_late_block, a,
				     "late"));
	uk_sched_thread_sleep(1000000);
	CHECK(late_frees == frees_before + 1);
	if (!suite_lacks(LACKS_FREE, "a late free leaves nothing behind"))
		CHECK(suite_is_back(a, before));
}

/* No thread local storage: neither errno nor printf may be used. */
static struct {
	struct uk_alloc *a;
	void *from_main;
	void *kept[3];
	volatile int result;
} bare;

static void __noreturn run_bare(void)
{
	void *small = uk_malloc(bare.a, 40);
	void *large = uk_malloc(bare.a, 200000);
	bool good = small && large && !uk_malloc(bare.a, 1UL << 62);

	if (good) {
		pattern_write(large, 200000, 4);
		good = pattern_holds(large, 200000, 4);
	}
	bare.kept[0] = small;
	bare.kept[1] = uk_calloc(bare.a, 10, 10);
	bare.kept[2] = uk_memalign(bare.a, 256, 64);
	uk_free(bare.a, large);
	uk_free(bare.a, bare.from_main);
	bare.result = good && bare.kept[1] && bare.kept[2] ? 1 : 2;
	uk_sched_thread_exit();
}

static void bare_threads_allocate(struct uk_alloc *a)
{
	static char stack[16384] __align(16);
	__ssz before = uk_alloc_availmem(a);
	struct uk_thread *t;

	bare.a = a;
	bare.result = 0;
	bare.from_main = uk_malloc(a, 500);
	CHECK(bare.from_main);
	t = uk_thread_create_bare(a, (uintptr_t)run_bare,
				  (uintptr_t)stack + sizeof(stack), 0, 0,
				  false, true, "bare", NULL, NULL);
	CHECK(t && !(t->flags & UK_THREADF_UKTLS));
	uk_sched_thread_add(uk_sched_current(), t);
	uk_sched_thread_sleep(1000000);
	CHECK(bare.result == 1);
	for (int i = 0; i < 3; i++)
		uk_free(a, bare.kept[i]);
	if (!suite_lacks(LACKS_FREE, "bare threads leave nothing behind"))
		CHECK(suite_is_back(a, before));
}

static void __noreturn end_at_once(void *argument)
{
	struct uk_alloc *a = argument;

	uk_free(a, uk_malloc(a, 64));
	uk_sched_thread_exit();
}

static void many_threads_come_and_go(struct uk_alloc *a)
{
	__ssz before;

	for (int round = 0; round < 2; round++) {
		before = uk_alloc_availmem(a);
		for (int i = 0; i < 200; i++) {
			CHECK(uk_sched_thread_create(uk_sched_current(),
						     end_at_once, a, "short"));
			/* long enough for the idle thread, who clears up */
			uk_sched_thread_sleep(100000);
		}
		uk_sched_thread_sleep(1000000);
		if (suite_lacks(LACKS_FREE, "200 threads leave nothing"))
			return;
	}
	CHECK(suite_is_back(a, before));
}

void suite_threads(struct uk_alloc *a)
{
	blocks_outlive_threads(a);
	free_comes_late(a);
	bare_threads_allocate(a);
	many_threads_come_and_go(a);
}
