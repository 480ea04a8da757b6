/* SPDX-License-Identifier: BSD-3-Clause */
/* Heaps that change hands, and those that come after the last destructor. */
#include "thread.h"

#include <limits.h>
#include <sys/wait.h>
#include <unistd.h>

static bool watched;

static void *watch_instance(void *heap)
{
	struct heap *parked = heap;

	while (__atomic_load_n(&watched, __ATOMIC_RELAXED))
		must(__atomic_load_n(&parked->instance, __ATOMIC_RELAXED) ==
		     &default_instance);
	return NULL;
}

/* Whoever comes late to a heap finds its instance, also while it begins */
static int instance_of_a_heap_is_constant(void *arg)
{
	size_t round = check_rounds(200000);
	pthread_t thread;

	(void)arg;
	must(mi_malloc(1) != NULL);
	watched = true;
	must(pthread_create(&thread, NULL, watch_instance, heap_current()) ==
	     0);
	while (round--) {
		mi_thread_done();
		mi_thread_init();
	}
	__atomic_store_n(&watched, false, __ATOMIC_RELAXED);
	must(pthread_join(thread, NULL) == 0);
	return 0;
}

static pthread_barrier_t all_have_heaps;

static void *have_heap(void *arg)
{
	(void)arg;
	must(mi_malloc(1) != NULL);
	(void)pthread_barrier_wait(&all_have_heaps);
	(void)pause();
	return NULL;
}

/* What each heap may keep depends on how many there are */
static int heaps_of_a_child_are_counted_anew(void *arg)
{
	pthread_t thread;
	int status;
	pid_t child;
	size_t i;

	(void)arg;
	must(pthread_barrier_init(&all_have_heaps, NULL, 6) == 0);
	must(mi_malloc(1) != NULL);
	for (i = 0; i < 5; i++)
		must(pthread_create(&thread, NULL, have_heap, NULL) == 0);
	(void)pthread_barrier_wait(&all_have_heaps);
	must(default_instance.heap_count == 6);
	child = fork();
	must(child >= 0);
	if (child == 0)
		_exit(default_instance.heap_count == 1 && is_valid() ? 0 : 1);
	must(waitpid(child, &status, 0) == child);
	must(status == 0);
	return 0;
}

static struct heap *seen;

static void see_heap(void)
{
	mi_free(mi_malloc(1));
	seen = heap_current();
}

static int heaps_are_adopted(void *arg)
{
	struct heap *first;
	size_t units, i;

	(void)arg;
	in_thread(see_heap);
	first = seen;
	units = default_instance.units_used;
	for (i = 0; i < 100; i++) {
		in_thread(see_heap);
		must(seen == first);
		must(default_instance.parked == first);
	}
	must(default_instance.units_used == units);
	must(default_instance.heap_count == 1);
	return ends_well();
}

static void end_twice(void)
{
	mi_free(mi_malloc(1));
	mi_thread_done();
	mi_thread_done();
	must(heap_current() == &empty_heap);
	mi_free(mi_malloc(1));
	must(heap_current() != &empty_heap);
}

static int thread_done_may_be_called(void *arg)
{
	(void)arg;
	in_thread(end_twice);
	must(default_instance.heap_count == 1);
	return ends_well();
}

/* -------- heaps that are made after their thread's last destructor -------- */

static pthread_key_t last_key;
static void *last_blocks[PTHREAD_DESTRUCTOR_ITERATIONS];
static size_t last_count;

/* The C library calls it as often as it calls any, behind that of the port */
static void allocate_last(void *unused)
{
	(void)unused;
	must(last_count < ARRAY_LENGTH(last_blocks));
	last_blocks[last_count] = mi_malloc(SIZE);
	must(last_blocks[last_count++] != NULL);
	must(pthread_setspecific(last_key, &last_key) == 0);
}

static void end_with_an_allocation(void)
{
	mi_free(mi_malloc(1));
	must(pthread_setspecific(last_key, &last_key) == 0);
}

static void take_late_heap(void)
{
	struct heap *late = default_instance.late;

	late->owner = port_thread_id();	/* as if that was used again */
	mi_free(mi_malloc(1));
	must(heap_current() == late);
	must(!default_instance.late);
}

static int late_heap_is_taken_over(void *arg)
{
	(void)arg;
	must(pthread_key_create(&last_key, allocate_last) == 0);
	mi_free(mi_malloc(1));
	must(default_instance.heap_count == 1 && !default_instance.late);
	in_thread(end_with_an_allocation);
	must(default_instance.heap_count == 2);
	must(default_instance.late && !default_instance.late->list.next);
	in_thread(take_late_heap);
	must(default_instance.heap_count == 1 && !default_instance.late);
	while (last_count)
		mi_free(last_blocks[--last_count]);
	return ends_well();
}

#if MI_TSAN
static void late_heap_is_skipped(void **state)
{
	(void)state;
	(void)late_heap_is_taken_over;
	puts("ThreadSanitizer has ended its own part of the thread by then");
	skip();
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_CHILD(instance_of_a_heap_is_constant),
		TEST_IN_CHILD(heaps_of_a_child_are_counted_anew),
		TEST_IN_CHILD(heaps_are_adopted),
		TEST_IN_CHILD(thread_done_may_be_called),
#if MI_TSAN
		cmocka_unit_test(late_heap_is_skipped),
#else
		TEST_IN_CHILD(late_heap_is_taken_over),
#endif
	};

	mi_thread_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
