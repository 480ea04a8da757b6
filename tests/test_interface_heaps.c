/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Heaps of the mi_* functions: what becomes of their blocks, and whose default
 * they are when threads take turns.
 */
#include "test_pool.h"

#if CONFIG_LIBMIMALLOC_API

#include <mimalloc.h>

#define BLOCKS	200

static __ssz available(void)
{
	mi_collect(true);
#if CONFIG_LIBUKBOOT_INITMIMALLOC
	return uk_alloc_availmem(uk_alloc_get_default());
#else
	return 0;
#endif
}

static size_t size_of(unsigned int i)
{
	return 1 + i * 97 % 3000;
}

/* Blocks from a heap, and nobody else's */
static unsigned int wrong_take(mi_heap_t *heap, void **blocks)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < BLOCKS; i++) {
		blocks[i] = mi_heap_malloc(heap, size_of(i));
		if (!mi_heap_contains_block(heap, blocks[i]))
			return wrong + 1;
		content_write(blocks[i], size_of(i), i);
	}
	return wrong;
}

static unsigned int wrong_give(void **blocks)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < BLOCKS; i++) {
		wrong += !content_holds(blocks[i], size_of(i), i);
		mi_free(blocks[i]);
	}
	return wrong;
}

UK_TESTCASE(mimalloc_interface_heaps, test_delete)
{
	static void *blocks[BLOCKS];
	__ssz before = available();
	mi_heap_t *heap = mi_heap_new();

	UK_TEST_EXPECT_NOT_NULL(heap);
	UK_TEST_EXPECT_ZERO(wrong_take(heap, blocks));
	mi_heap_delete(heap);
	UK_TEST_EXPECT(mi_heap_of(blocks[0]) == mi_heap_get_backing());
	UK_TEST_EXPECT_ZERO(wrong_give(blocks));
	UK_TEST_EXPECT_SNUM_EQ(available(), before);
}

UK_TESTCASE(mimalloc_interface_heaps, test_destroy)
{
	static void *blocks[BLOCKS];
	__ssz before = available();
	mi_heap_t *heap = mi_heap_new();

	UK_TEST_EXPECT_NOT_NULL(heap);
	UK_TEST_EXPECT_ZERO(wrong_take(heap, blocks));
	UK_TEST_EXPECT_NOT_NULL(mi_heap_zalloc(heap, 100000));
	mi_heap_destroy(heap);
	UK_TEST_EXPECT_SNUM_EQ(available(), before);
}

struct seen {
	unsigned int areas, blocks;
};

static bool see(const mi_heap_t *heap __unused,
		const mi_heap_area_t *area __unused, void *block,
		size_t block_size __unused, void *arg)
{
	struct seen *seen = arg;

	seen->areas += !block;
	seen->blocks += block != NULL;
	return true;
}

UK_TESTCASE(mimalloc_interface_heaps, test_visit)
{
	static void *blocks[BLOCKS];
	struct seen seen = { 0, 0 };
	mi_heap_t *heap = mi_heap_new();

	UK_TEST_EXPECT_ZERO(wrong_take(heap, blocks));
	UK_TEST_EXPECT(mi_heap_visit_blocks(heap, true, see, &seen));
	UK_TEST_EXPECT_SNUM_EQ(seen.blocks, BLOCKS);
	UK_TEST_EXPECT_NOT_ZERO(seen.areas);
	mi_heap_destroy(heap);
}

/*
 * A heap that is the default serves mi_malloc(), and not what the kernel asks
 * for in the thread's name: that must stay when the heap is destroyed.
 */
UK_TESTCASE(mimalloc_interface_heaps, test_default)
{
	mi_heap_t *first = mi_heap_get_default(), *heap = mi_heap_new();
	void *p;

	UK_TEST_EXPECT(first == mi_heap_get_backing());
	UK_TEST_EXPECT(mi_heap_set_default(heap) == first);
	UK_TEST_EXPECT(mi_heap_get_default() == heap);
	p = mi_malloc(100);
	UK_TEST_EXPECT(mi_heap_contains_block(heap, p));
	p = mi_calloc(10, 5000);
	UK_TEST_EXPECT(mi_heap_contains_block(heap, p));
	p = uk_malloc(uk_alloc_get_default(), 100);
	UK_TEST_EXPECT(!mi_heap_contains_block(heap, p));
	uk_free(uk_alloc_get_default(), p);
	/* with its end the first one is it again */
	mi_heap_destroy(heap);
	UK_TEST_EXPECT(mi_heap_get_default() == first);
	p = mi_malloc(100);
	UK_TEST_EXPECT(mi_heap_contains_block(first, p));
	mi_free(p);
	heap = mi_heap_new();
	mi_heap_set_default(heap);
	UK_TEST_EXPECT(mi_heap_set_default(first) == heap);
	UK_TEST_EXPECT(mi_heap_get_default() == first);
	mi_heap_delete(heap);
}

#if CONFIG_LIBUKSCHED

#include <uk/sched.h>
#include <uk/thread.h>

#define THREADS	5
#define ROUNDS	20

struct worker {
	unsigned int number, wrong;
	bool chooses;
	mi_heap_t *other;	/* not its own */
	void *left;		/* behind */
};

static struct worker workers[THREADS];
static unsigned int started, released;
static struct uk_thread *waiter;

static void thread_released(struct uk_thread *t __unused)
{
	released++;
	if (waiter && released == started)
		uk_thread_wake(waiter);
}

static bool thread_start(uk_thread_fn1_t function, struct worker *w)
{
	struct uk_thread *t;

	t = uk_sched_thread_create_fn1(uk_sched_current(), function, w, 0, 0,
				       false, false, "mimalloc test", NULL,
				       thread_released);
	started += t != NULL;
	return t != NULL;
}

/* The idle thread frees them, which runs while nobody else can */
static void threads_wait(void)
{
	waiter = uk_thread_current();
	while (released < started) {
		uk_thread_block(waiter);
		uk_sched_yield();
	}
	waiter = NULL;
	started = released = 0;
}

static unsigned int wrong_turn(mi_heap_t *heap)
{
	void *p = mi_malloc(40), *q = mi_malloc(40000);
	unsigned int wrong = 0;

	wrong += !mi_heap_contains_block(heap, p);
	wrong += !mi_heap_contains_block(heap, q);
	wrong += mi_heap_get_default() != heap;
	uk_sched_yield();
	wrong += mi_heap_get_default() != heap;
	mi_free(p);
	mi_free(q);
	return wrong;
}

/* Each second one chooses a heap of its own; the choice is nobody else's */
static void __noreturn take_turns(void *argument)
{
	struct worker *w = argument;
	mi_heap_t *first, *heap;
	unsigned int round;

	first = heap = mi_heap_get_default();
	w->wrong += !heap || heap != mi_heap_get_backing();
	uk_sched_yield();
	if (w->chooses) {
		heap = mi_heap_new();
		w->wrong += mi_heap_set_default(heap) != first;
	}
	/* what another thread has made is no default of this one */
	if (w->other)
		mi_heap_set_default(w->other);
	for (round = 0; round < ROUNDS; round++)
		w->wrong += wrong_turn(heap);
	if (w->chooses)
		w->left = mi_heap_malloc(heap, 100 + w->number * 1000);
	uk_sched_thread_exit();
}

static unsigned int wrong_turns(mi_heap_t *other)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < THREADS; i++) {
		workers[i] = (struct worker) {
			.number = i, .chooses = i % 2, .other = other,
		};
		wrong += !thread_start(take_turns, &workers[i]);
	}
	threads_wait();
	for (i = 0; i < THREADS; i++) {
		wrong += workers[i].wrong;
		wrong += workers[i].chooses != (workers[i].left != NULL);
		/* the heap has gone with its thread, and this block has not */
		if (workers[i].left)
			content_write(workers[i].left, 100 + i * 1000, i);
		mi_free(workers[i].left);
	}
	return wrong;
}

static bool no_scheduler(void)
{
	if (uk_sched_current())
		return false;
	uk_test_printf("skipped: the scheduler does not run\n");
	return true;
}

UK_TESTCASE(mimalloc_interface_heaps, test_choices_hold)
{
	mi_heap_t *first = mi_heap_get_default(), *heap = mi_heap_new();
	__ssz before;

	if (no_scheduler())
		return;
	mi_heap_set_default(heap);
	UK_TEST_EXPECT_ZERO(wrong_turns(heap));
	UK_TEST_EXPECT(mi_heap_get_default() == heap);
	mi_heap_delete(heap);
	UK_TEST_EXPECT(mi_heap_get_default() == first);
	/* the first round tells what the others must come back to */
	before = available();
	UK_TEST_EXPECT_ZERO(wrong_turns(NULL));
	UK_TEST_EXPECT_ZERO(wrong_turns(NULL));
	UK_TEST_EXPECT_SNUM_EQ(available(), before);
}

/* A thread at the address of one that ended has nothing of it */
static void __noreturn choose_and_leave(void *argument)
{
	struct worker *w = argument;

	w->wrong += mi_heap_get_default() != mi_heap_get_backing();
	mi_free(mi_malloc(100));
	if (w->number % 3 == 0)	/* of this one there is a first heap alone */
		uk_sched_thread_exit();
	if (w->number % 3 == 1) {	/* begins anew */
		mi_heap_set_default(mi_heap_new());
		mi_thread_done();
		w->wrong += mi_heap_get_default() != mi_heap_get_backing();
	}
	mi_heap_set_default(mi_heap_new());
	w->wrong += mi_heap_get_default() == mi_heap_get_backing();
	uk_sched_thread_exit();
}

static unsigned int wrong_in_turn(void)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < 4 * THREADS; i++) {
		workers[0] = (struct worker) { .number = i };
		wrong += !thread_start(choose_and_leave, &workers[0]);
		threads_wait();
		wrong += workers[0].wrong;
	}
	return wrong;
}

UK_TESTCASE(mimalloc_interface_heaps, test_ends)
{
	__ssz before;

	if (no_scheduler())
		return;
	UK_TEST_EXPECT_ZERO(wrong_in_turn());
	before = available();
	UK_TEST_EXPECT_ZERO(wrong_in_turn());
	UK_TEST_EXPECT_SNUM_EQ(available(), before);
}

#endif /* CONFIG_LIBUKSCHED */

uk_testsuite_prio(mimalloc_interface_heaps, NULL, SUITE_PRIO);

#else

UK_TESTCASE(mimalloc_interface_heaps, test_heaps)
{
	uk_test_printf("skipped: CONFIG_LIBMIMALLOC_API is off\n");
}

uk_testsuite_prio(mimalloc_interface_heaps, NULL, SUITE_PRIO);

#endif /* CONFIG_LIBMIMALLOC_API */
