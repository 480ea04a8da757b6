/* SPDX-License-Identifier: BSD-3-Clause */
/* A process that forks while its threads allocate works on in the child. */
#include "check.h"

#include <pthread.h>
#include <stdatomic.h>

#define THREADS 3

static atomic_bool stop;
static _Atomic(void *) crossing;

static void *churn(void *arg)
{
	struct check_random r = { (uint64_t)(uintptr_t)arg };
	void *blocks[200] = { NULL };

	while (!atomic_load(&stop)) {
		size_t i = check_below(&r, ARRAY_LENGTH(blocks));
		size_t n = check_log_size(&r, 64 * KIB);

		mi_free(blocks[i]);
		blocks[i] = mi_malloc(n);
		if (check_below(&r, 8) == 0)
			mi_free(atomic_exchange(&crossing, mi_malloc(n)));
		if (check_below(&r, 1000) == 0)
			mi_collect(true);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(blocks); i++)
		mi_free(blocks[i]);
	return NULL;
}

struct inherited {
	void *block[500];
	uint64_t seed;
};

static void *child_thread(void *arg)
{
	mi_free(mi_malloc(1000));
	return arg;
}

/*
 * AddressSanitizer's own allocator, which pthread_create() calls, may be locked
 * for ever in the child of a process with threads (gcc 12)
 */
#ifdef __SANITIZE_ADDRESS__
#define MAY_MAKE_THREADS	false
#else
#define MAY_MAKE_THREADS	true
#endif

/* All that a process may want: the parent's blocks, its own, a thread. */
static int child(void *arg)
{
	struct inherited *inherited = arg;
	struct check_random r = { inherited->seed };
	void *blocks[1000];
	pthread_t thread;

	alarm(60);
	for (size_t i = 0; i < ARRAY_LENGTH(inherited->block); i++) {
		need(pattern_holds(inherited->block[i], i * 10, i));
		if (i % 2 == 0)
			mi_free(inherited->block[i]);
	}
	for (size_t round = check_rounds(5); round > 0; round--) {
		for (size_t i = 0; i < ARRAY_LENGTH(blocks); i++) {
			size_t n = check_log_size(&r, 256 * KIB);

			blocks[i] = mi_malloc(n + sizeof(n));
			need(blocks[i] != NULL);
			memcpy(blocks[i], &n, sizeof(n));
			pattern_write((char *)blocks[i] + sizeof(n), n, i);
		}
		for (size_t i = 0; i < ARRAY_LENGTH(blocks); i++) {
			size_t n;

			memcpy(&n, blocks[i], sizeof(n));
			need(pattern_holds((char *)blocks[i] + sizeof(n), n,
					   i));
			mi_free(blocks[i]);
		}
	}
	mi_collect(true);
	if (MAY_MAKE_THREADS) {
		need(pthread_create(&thread, NULL, child_thread, NULL) == 0);
		need(pthread_join(thread, NULL) == 0);
	}
	for (size_t i = 1; i < ARRAY_LENGTH(inherited->block); i += 2) {
		need(pattern_holds(inherited->block[i], i * 10, i));
		mi_free(inherited->block[i]);
	}
	return 0;
}

static void fork_under_load(void **state)
{
	struct check_random r = { *(uint64_t *)*state };
	pthread_t threads[THREADS];
	struct inherited inherited;
	int status = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(inherited.block); i++) {
		inherited.block[i] = mi_malloc(i * 10);
		pattern_write(inherited.block[i], i * 10, i);
	}
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, churn,
				 (void *)(uintptr_t)check_next(&r)), 0);
	for (size_t i = 0; i < check_rounds(40) && status == 0; i++) {
		inherited.seed = check_next(&r);
		status = check_child(child, &inherited);
		usleep((useconds_t)check_below(&r, 3000));
	}
	atomic_store(&stop, true);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	mi_free(atomic_exchange(&crossing, NULL));
	check(status == 0, "a child ended with wait status %d", status);
	for (size_t i = 0; i < ARRAY_LENGTH(inherited.block); i++) {
		assert_true(pattern_holds(inherited.block[i], i * 10, i));
		mi_free(inherited.block[i]);
	}
}

/* A child of a child, five deep. */
static int generation(void *arg)
{
	int depth = *(int *)arg - 1;
	char *p = mi_malloc(10000);

	need(p != NULL);
	pattern_write(p, 10000, 1);
	if (depth > 0)
		need(check_child(generation, &depth) == 0);
	need(pattern_holds(p, 10000, 1));
	mi_free(p);
	return 0;
}

static void generations(void **state)
{
	int depth = 5;

	(void)state;
	assert_int_equal(check_child(generation, &depth), 0);
}

int main(void)
{
	uint64_t seed = check_seed("fork");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(fork_under_load, &seed),
		cmocka_unit_test(generations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
