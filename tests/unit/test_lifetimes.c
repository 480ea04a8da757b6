/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What must not happen to blocks when heaps, threads and mappings come to
 * their ends in an awkward order. Each test is a mistake that was once made.
 *
 * LDFLAGS: -Wl,--wrap=mremap
 */
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/mman.h>

static char *left_behind;

static void *leave_one(void *arg)
{
	left_behind = mi_malloc(64);
	memcpy(left_behind, "live", sizeof("live"));
	return arg;
}

static void run_thread(void *(*body)(void *), void *arg)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, body, arg), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

/* A heap that may be destroyed must not take over what others left */
static void destroyed_heap_owns_its_own(void **state)
{
	mi_heap_t *heap;
	void *other[200];
	size_t i;

	(void)state;
	run_thread(leave_one, NULL);
	heap = mi_heap_new();
	assert_non_null(mi_heap_malloc(heap, 64));
	assert_false(mi_heap_contains(heap, left_behind));
	mi_heap_destroy(heap);
	for (i = 0; i < 200; i++) {
		other[i] = mi_malloc(64);
		assert_ptr_not_equal(other[i], left_behind);
	}
	assert_string_equal(left_behind, "live");
	mi_free(left_behind);
	for (i = 0; i < 200; i++)
		mi_free(other[i]);
	assert_true(instance_is_valid(&default_instance));
}

static void *free_four(void *arg)
{
	void **blocks = arg;
	size_t i;

	for (i = 0; i < 4; i++)
		mi_free(blocks[i]);
	return NULL;
}

/* What waits for owners is counted back when a heap is destroyed */
static void destroyed_heap_waits_for_nothing(void **state)
{
	size_t waiting = default_instance.waiting_units;
	size_t emptied = default_instance.remote_purged_units;
	void *blocks[4];
	int round, i;

	(void)state;
	for (round = 0; round < 100; round++) {
		mi_heap_t *heap = mi_heap_new();

		for (i = 0; i < 4; i++)
			blocks[i] = mi_heap_malloc(heap, 16000);
		run_thread(free_four, blocks);
		mi_heap_destroy(heap);
	}
	mi_collect(true);
	assert_int_equal(default_instance.waiting_units, waiting);
	assert_int_equal(default_instance.remote_purged_units, emptied);
}

static void *keep_errno(void *arg)
{
	int *wrong = arg, i;
	void *p;

	for (i = 0; i < 100000 && !*wrong; i++) {
		errno = 0;
		p = mi_malloc(40000 + (size_t)(i % 7) * 9000);
		mi_free(p);
		*wrong = errno;
	}
	return NULL;
}

/* A lock that somebody waits for is no error */
static void success_leaves_errno(void **state)
{
	pthread_t threads[4];
	int wrong[4] = { 0 }, i;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, keep_errno,
						&wrong[i]), 0);
	for (i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(wrong[i], 0);
	}
}

/* -------- moves that fail as they do before Linux 6.17 -------- */

static unsigned int refused_moves;

void *__wrap_mremap(void *from, size_t bytes, size_t to_bytes, int flags, ...);

void *__wrap_mremap(void *from, size_t bytes, size_t to_bytes, int flags, ...)
{
	va_list arguments;
	void *to;

	(void)from;
	(void)bytes;
	(void)flags;
	va_start(arguments, flags);
	to = va_arg(arguments, void *);
	va_end(arguments);
	refused_moves++;
	munmap(to, to_bytes);	/* the target goes first */
	errno = EFAULT;
	return MAP_FAILED;
}

static void refused_move_is_a_copy(void **state)
{
	char *blocks[4] = { NULL };
	size_t sizes[4] = { 0 }, i, k, n;

	(void)state;
	/* each in the way of the other */
	for (i = 0; i < 64 / check_step(2); i++) {
		k = i % 4;
		n = sizes[k] + MIB;
		blocks[k] = mi_realloc(blocks[k], n);
		assert_non_null(blocks[k]);
		if (sizes[k])
			assert_true(pattern_holds(blocks[k], sizes[k], k));
		pattern_write(blocks[k], n, k);
		sizes[k] = n;
	}
	assert_true(refused_moves > 0);
	for (k = 0; k < 4; k++)
		mi_free(blocks[k]);
	assert_true(instance_is_valid(&default_instance));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(destroyed_heap_owns_its_own),
		cmocka_unit_test(destroyed_heap_waits_for_nothing),
		cmocka_unit_test(success_leaves_errno),
		cmocka_unit_test(refused_move_is_a_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
