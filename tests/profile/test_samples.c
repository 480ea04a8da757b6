/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What samples are taken and what they add up to, on addresses that nobody
 * allocated: the tables of the profiler alone, without its names. The seed is
 * MI_TEST_SEED, or 1.
 */
#include <errno.h>
#include <math.h>
#include <pthread.h>

#include "samples.h"

#define RATE	4096

static uint64_t seed = 1;

/* Within five sigmas of the truth, for each size; and the sigma is right */
static void test_estimates_are_unbiased(void **state)
{
	static const struct {
		size_t size, count;
	} cases[] = {
		{ 1, 4000000 }, { 8, 2000000 }, { 16, 1000000 },
		{ 100, 1000000 }, { 4096, 100000 }, { 50000, 20000 },
	};
	unsigned int c;
	size_t i;

	(void)state;
	begin(RATE, seed);
	for (c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		struct sum before = sum_up(), sum;
		double n = (double)cases[c].count;
		double chance = -expm1(-(double)cases[c].size / RATE);
		double sigma = sqrt(n * (1 - chance) / chance);

		for (i = 0; i < cases[c].count; i++)
			note(address(i), cases[c].size);
		sum = sum_up();
		print_message("size %zu: %.0f of %.0f blocks, sigma %.1f\n",
			      cases[c].size, sum.live - before.live, n, sigma);
		assert_true(fabs(sum.live - before.live - n) < 5 * sigma + 1);
		assert_true(fabs(sum.live_bytes - before.live_bytes -
				 n * (double)cases[c].size) <
			    (5 * sigma + 1) * (double)cases[c].size);
		sigma *= (double)cases[c].size;
		assert_true(fabs(sqrt(sum.variance) - sigma) <
			    0.2 * sigma + (double)cases[c].size);
		for (i = 0; i < cases[c].count; i++)
			forget(address(i));
		assert_int_equal(sum_up().samples, 0);
	}
	assert_true(sum_up().live == 0);
}

/* Sizes that come by turns do not hide behind each other */
static void test_sizes_by_turns(void **state)
{
	double n = 400000, chance, sigma, small, large;
	size_t i;

	(void)state;
	begin(RATE, seed);
	for (i = 0; i < (size_t)n; i++) {
		note(address(2 * i), 24);
		note(address(2 * i + 1), 8000);
	}
	for (i = 0; i < (size_t)n; i++)
		forget(address(2 * i + 1));
	small = sum_up().live;
	for (i = 0; i < (size_t)n; i++)
		forget(address(2 * i));
	large = sum_up().live;
	chance = -expm1(-24.0 / RATE);
	sigma = sqrt(n * (1 - chance) / chance);
	assert_true(fabs(small - n) < 5 * sigma);
	assert_true(large == 0);
}

static void test_rate_of_one_is_exact(void **state)
{
	struct sum sum;
	size_t i, bytes = 0;

	(void)state;
	begin(1, seed);
	for (i = 0; i < 100000; i++) {
		note(address(i), i % 1000);
		bytes += i % 1000;
	}
	sum = sum_up();
	assert_true(sum.live == 100000 && sum.samples == 100000);
	assert_true(sum.live_bytes == (double)bytes);
	for (i = 0; i < 100000; i++)
		forget(address(i));
	sum = sum_up();
	assert_true(sum.live == 0 && sum.live_bytes == 0 && !sum.samples);
	for (i = 0; i < 100000; i++)
		assert_false(filter_has(address(i)));
}

/* Random calls against a model: what was live at the first highest moment */
static void test_peak(void **state)
{
	static size_t sizes[1000];
	size_t i, at, live = 0, most;
	struct sum sum;

	(void)state;
	begin(1, seed);
	srandom((unsigned int)seed);
	most = (size_t)sum_up().peak_bytes;
	for (i = 0; i < 50000; i++) {
		at = (size_t)random() % 1000;
		if (sizes[at]) {
			forget(address(at));
			live -= sizes[at];
			sizes[at] = 0;
		} else {
			sizes[at] = 1 + (size_t)random() % 1000000;
			note(address(at), sizes[at]);
			live += sizes[at];
		}
		if (live > most)
			most = live;
		if (i % 5000 == 0)
			assert_true(sum_up().peak_bytes == (double)most);
	}
	sum = sum_up();
	assert_true(sum.live_bytes == (double)live);
	assert_true(sum.peak_bytes == (double)most);
	for (i = 0; i < 1000; i++)
		forget(address(i));
}

/* An allocation that failed is none, and hides none */
static void test_failures(void **state)
{
	size_t i;

	(void)state;
	begin(1, seed);
	note(NULL, 100);
	assert_int_equal(sum_up().samples, 0);
	begin(RATE, seed);
	for (i = 0; i < 100000; i++) {
		errno = 77;
		note(NULL, 1000);
		note(address(0), 1);
		forget(address(0));
		assert_int_equal(errno, 77);
	}
	assert_int_equal(sum_up().samples, 0);
}

/* realloc() that fails gives back what it took; one that moved does not */
static void test_taken_and_settled(void **state)
{
	struct block *block;
	struct sum sum, before;

	(void)state;
	begin(1, seed);
	before = sum_up();
	note(address(5), 1000);
	block = sample_take(address(5));
	assert_non_null(block);
	assert_int_equal(sum_up().samples, 0);
	sample_settle(block, false);
	sum = sum_up();
	assert_true(sum.samples == 1 && sum.live_bytes == 1000);
	assert_true(sum.total == before.total + 1);
	sample_settle(sample_take(address(5)), true);
	assert_int_equal(sum_up().samples, 0);
	assert_null(sample_take(address(5)));
}

/* An address that comes again was freed by a way that nobody saw */
static void test_same_address_again(void **state)
{
	struct sum sum;

	(void)state;
	begin(1, seed);
	note(address(9), 10);
	note(address(9), 20);
	sum = sum_up();
	assert_true(sum.samples == 1 && sum.live == 1 && sum.live_bytes == 20);
	forget(address(9));
	assert_false(filter_has(address(9)));
	assert_int_equal(sum_up().samples, 0);
}

/* A signal handler that interrupts a function of ours is not sampled */
static void test_busy(void **state)
{
	struct snapshot snapshot;

	(void)state;
	begin(1, seed);
	assert_true(sampling_lock());
	assert_false(sampling_lock());
	note(address(3), 10);
	assert_null(sample_take(address(3)));
	assert_int_equal(snapshot_take(&snapshot), EAGAIN);
	sampling_unlock();
	assert_int_equal(sum_up().samples, 0);
}

#define THREADS	4
#define ROUNDS	200

static void *work(void *arg)
{
	size_t first = (size_t)(uintptr_t)arg * 1000, i;
	unsigned int round;

	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < 1000; i++)
			note(address(first + i), 100);
		if (round % 50 == 0)
			sum_up();
		for (i = 0; round < ROUNDS - 1 && i < 1000; i++)
			forget(address(first + i));
	}
	return NULL;
}

/* Blocks of threads that ended; others free them */
static void threads(size_t rate)
{
	pthread_t thread[THREADS];
	struct sum sum;
	size_t i;

	begin(rate, seed);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, work,
						(void *)(uintptr_t)i), 0);
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	sum = sum_up();
	assert_true(rate != 1 || (sum.live == 1000 * THREADS &&
				  sum.live_bytes == 100 * 1000 * THREADS));
	for (i = 0; i < 1000 * THREADS; i++)
		forget(address(i));
	assert_int_equal(sum_up().samples, 0);
}

static void test_threads(void **state)
{
	(void)state;
	threads(1);
	threads(RATE);
}

/* As deep as the test wants; NOLINTNEXTLINE(misc-no-recursion) */
static __attribute__((noinline)) unsigned int depth_below(unsigned int n,
							  uintptr_t *calls)
{
	unsigned int depth = n ? depth_below(n - 1, calls) :
			     unwind(calls, STACK_DEPTH);

	__asm__ volatile("" : : : "memory");
	return depth;
}

/* An address inside of the call: behind it another function may begin */
static __attribute__((noinline)) void check_caller(void)
{
	uintptr_t calls[STACK_DEPTH], caller;
	unsigned int depth = unwind(calls, STACK_DEPTH), i;

	caller = (uintptr_t)__builtin_return_address(0);
	for (i = 0; i < depth && calls[i] != caller - 1; i++)
		;
	assert_true(i < depth);
}

static void test_callers(void **state)
{
	(void)state;
	check_caller();
}

static void test_deep_stacks(void **state)
{
	uintptr_t calls[STACK_DEPTH];

	(void)state;
	assert_true(depth_below(5, calls) + 7 == depth_below(12, calls));
	assert_int_equal(depth_below(1000, calls), STACK_DEPTH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_estimates_are_unbiased),
		cmocka_unit_test(test_sizes_by_turns),
		cmocka_unit_test(test_rate_of_one_is_exact),
		cmocka_unit_test(test_peak),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_taken_and_settled),
		cmocka_unit_test(test_same_address_again),
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_callers),
		cmocka_unit_test(test_deep_stacks),
	};
	const char *given = getenv("MI_TEST_SEED");

	if (given)
		seed = strtoull(given, NULL, 10);
	print_message("seed %llu\n", (unsigned long long)seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
