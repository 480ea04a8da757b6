/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of the profiler's tables at a fork, and at the end. */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "samples.h"

/* Has the lock from the first time at the barrier to the second */
static void *hold_lock(void *arg)
{
	pthread_barrier_t *barrier = arg;

	sampler = (struct sampler) { .left = 0 };
	if (!sampling_lock())
		abort();
	pthread_barrier_wait(barrier);
	pthread_barrier_wait(barrier);
	sampling_unlock();
	return NULL;
}

/* What a child has of the samples before its fork, and can add */
static unsigned int samples_in_child(bool allocates_first, bool has_lock)
{
	pid_t child;
	int status;

	child = fork();
	if (!child) {
		alarm(60);		/* rather than to wait for ever */
		if (has_lock)
			sampling_unlock();
		if (allocates_first)
			note(address(2), 10);
		lock_in_child();
		note(address(3), 10);
		_exit((int)sum_up().samples);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return (unsigned int)WEXITSTATUS(status);
}

/* A child drops what a thread that is gone may have been changing */
static void test_forks(void **state)
{
	pthread_barrier_t barrier;
	pthread_t thread;

	(void)state;
	begin(1, 1);
	note(address(1), 10);
	assert_int_equal(samples_in_child(false, false), 2);
	assert_int_equal(samples_in_child(true, false), 3);
	assert_true(sampling_lock());
	assert_int_equal(samples_in_child(false, true), 2);
	sampling_unlock();
	pthread_barrier_init(&barrier, NULL, 2);
	pthread_create(&thread, NULL, hold_lock, &barrier);
	pthread_barrier_wait(&barrier);
	assert_int_equal(samples_in_child(false, false), 1);
	assert_int_equal(samples_in_child(true, false), 2);
	pthread_barrier_wait(&barrier);
	pthread_join(thread, NULL);
	assert_int_equal(sum_up().samples, 1);
	forget(address(1));
}

/* Whether a summary has a line with that in it */
static bool is_noted(const char *text)
{
	struct snapshot snapshot;
	struct out out = { .bytes = NULL };
	bool found;

	assert_int_equal(snapshot_take(&snapshot), 0);
	leaks_text(&out, &snapshot, 1, 0);
	out_bytes(&out, "", 1);
	found = strstr(out.bytes, text);
	out_free(&out);
	snapshot_free(&snapshot);
	return found;
}

/* What realloc() took before such a fork is not given back to new tables */
static void test_taken_and_dropped(void **state)
{
	struct block *block;

	(void)state;
	begin(1, 1);
	assert_false(is_noted("fork"));
	filter_add_for_ever((uintptr_t)address(0));
	note(address(7), 1000);
	note(address(8), 1000);
	block = sample_take(address(7));
	samples_drop();
	sample_settle(block, false);
	assert_int_equal(sum_up().samples, 0);
	assert_true(is_noted("before the fork"));
	assert_false(filter_has(address(7)) || filter_has(address(8)));
	assert_true(filter_has(address(0)));
	note(address(8), 10);
	assert_int_equal(sum_up().samples, 1);
	forget(address(8));
}

/* Many stacks of few addresses take no more room at the end than these do */
static void test_places_are_few(void **state)
{
	uintptr_t calls[64];
	struct snapshot snapshot;
	unsigned int i, call;

	(void)state;
	begin(1, 1);
	samples_drop();
	assert_true(sampling_lock());
	for (i = 0; i < 4096; i++) {
		for (call = 0; call < 64; call++)
			calls[call] = 1 + (i >> call % 12 & 1) + 2 * call;
		assert_non_null(stack_find(calls, 64));
	}
	sampling_unlock();
	assert_int_equal(snapshot_take(&snapshot), 0);
	assert_int_equal(snapshot.entry_count, 4096);
	assert_int_equal(snapshot.place_count, 128);
	assert_true(snapshot.place_room < 200 * sizeof(struct place));
	snapshot_free(&snapshot);
}

static void test_stacks_are_cut(void **state)
{
	uintptr_t calls[64];
	struct snapshot snapshot;
	size_t i, call;

	(void)state;
	begin(1, 1);
	samples_drop();
	assert_true(sampling_lock());
	for (i = 0; i < 4 * MOST_STACKS; i++) {
		for (call = 0; call < 64; call++)
			calls[call] = 1 + (call == 20 ? i : call);
		assert_non_null(stack_find(calls, 64));
	}
	sampling_unlock();
	assert_int_equal(snapshot_take(&snapshot), 0);
	assert_int_equal(snapshot.entry_count, MOST_STACKS + 1);
	snapshot_free(&snapshot);
	assert_true(is_noted("of others 8 calls"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forks),
		cmocka_unit_test(test_taken_and_dropped),
		cmocka_unit_test(test_places_are_few),
		cmocka_unit_test(test_stacks_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
