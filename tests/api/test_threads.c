/* SPDX-License-Identifier: BSD-3-Clause */
/* Threads: blocks that cross them and outlive them. */
#include "thread_load.h"

#include <sched.h>

/* Without what is free and kept for reuse, which is learned: test_idle.c */
static size_t bytes_kept(void)
{
	mi_collect(true);
	return resident_bytes();
}

static void *load_make_and_drop(void *arg)
{
	for (size_t i = check_rounds(10); i > 0; i--) {
		load_make(arg);
		load_drop(arg);
	}
	return NULL;
}

static void each_its_own(void **state)
{
	seed_loads(*(uint64_t *)*state);
	in_threads(load_make_and_drop, THREADS);
}

/* Blocks outlive their threads; main frees some, other threads the rest. */
static void freed_after_the_end(void **state)
{
	size_t rounds = check_rounds(30), before = 0, after;

	seed_loads(*(uint64_t *)*state);
	for (size_t round = 0; round < rounds; round++) {
		in_threads(load_make, THREADS);
		load_drop(&loads[THREADS - 1]);
		in_threads(load_drop, THREADS - 1);
		if (round == rounds / 3)
			before = bytes_kept();
	}
	after = bytes_kept();
	check(CHECK_SANITIZED || after < before + 8 * MIB,
	      "%zu more bytes", after - before);
}

/* -------- a ring of threads that hand blocks on -------- */

struct handed {
	_Atomic(void *) slot[64];
};

static struct handed handed[THREADS];

struct worker {
	size_t index;
	size_t rounds;
	uint64_t seed;
};

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct check_random r = { worker->seed };

	for (size_t i = 0; i < worker->rounds; i++) {
		size_t to = check_below(&r, THREADS);
		size_t slot = check_below(&r, ARRAY_LENGTH(handed[0].slot));
		void *block = block_make(load_size(&r));

		block_drop(atomic_exchange(&handed[to].slot[slot], block));
	}
	return NULL;
}

static void work_together(uint64_t seed, size_t rounds)
{
	struct worker workers[THREADS];
	pthread_t threads[THREADS];

	for (size_t i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ i, rounds, seed + i };
		assert_int_equal(pthread_create(&threads[i], NULL, work,
						&workers[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_load(&lost), 0);
}

static void drop_handed(void)
{
	for (size_t i = 0; i < THREADS; i++)
		for (size_t k = 0; k < ARRAY_LENGTH(handed[i].slot); k++)
			block_drop(atomic_exchange(&handed[i].slot[k], NULL));
	assert_int_equal(atomic_load(&lost), 0);
}

static void crossing(void **state)
{
	work_together(*(uint64_t *)*state, check_rounds(100000));
	drop_handed();
}

/* Many short threads whose blocks go on living for a while. */
static void churn(void **state)
{
	uint64_t seed = *(uint64_t *)*state;
	size_t before = 0, after, rounds = check_rounds(300);

	for (size_t i = 0; i < rounds; i++) {
		work_together(seed + i * THREADS, 300);
		if (i == rounds / 3)
			before = bytes_kept();
	}
	drop_handed();
	after = bytes_kept();
	check(CHECK_SANITIZED || after < before + 8 * MIB,
	      "%zu more bytes", after - before);
}

#define PRODUCED ((size_t)400000)

/* One thread makes, another frees, 400 MiB in all: memory comes round. */
static void *produce(void *arg)
{
	struct handed *box = arg;

	for (size_t i = 0; i < PRODUCED; i++) {
		_Atomic(void *) *slot = &box->slot[i % 64];

		while (atomic_load(slot) != NULL)
			sched_yield();
		atomic_store(slot, block_make(1000));
	}
	return NULL;
}

static void producer_and_consumer(void **state)
{
	struct handed *box = &handed[0];
	size_t before = resident_bytes();
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, produce, box), 0);
	for (size_t i = 0; i < PRODUCED; i++) {
		_Atomic(void *) *slot = &box->slot[i % 64];

		while (atomic_load(slot) == NULL)
			sched_yield();
		block_drop(atomic_exchange(slot, NULL));
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	check(CHECK_SANITIZED || resident_bytes() < before + 64 * MIB,
	      "%zu more bytes", resident_bytes() - before);
	assert_int_equal(atomic_load(&lost), 0);
}

/* -------- put-off frees -------- */

struct deferred {
	size_t calls;
	size_t forced;
	size_t backwards;
	unsigned long long heartbeat;
};

static void on_deferred(bool force, unsigned long long heartbeat, void *arg)
{
	struct deferred *deferred = arg;

	deferred->calls++;
	deferred->forced += force;
	deferred->backwards += heartbeat < deferred->heartbeat;
	deferred->heartbeat = heartbeat;
	block_drop(block_make(100));
}

static void deferred_free(void **state)
{
	struct deferred deferred = { 0, 0, 0, 0 };
	void **blocks = system_memory(200000 * sizeof(*blocks));
	size_t calls;

	(void)state;
	mi_register_deferred_free(on_deferred, &deferred);
	for (size_t i = 0; i < 200000; i++)
		blocks[i] = mi_malloc(64);
	assert_true(deferred.calls > 0);
	mi_collect(true);
	assert_true(deferred.forced > 0);
	assert_int_equal(deferred.backwards, 0);
	mi_register_deferred_free(NULL, NULL);
	calls = deferred.calls;
	for (size_t i = 0; i < 200000; i++)
		mi_free(blocks[i]);
	mi_collect(true);
	assert_int_equal(deferred.calls, calls);
	munmap(blocks, 200000 * sizeof(*blocks));
}

int main(void)
{
	uint64_t seed = check_seed("threads");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(each_its_own, &seed),
		cmocka_unit_test_prestate(freed_after_the_end, &seed),
		cmocka_unit_test_prestate(crossing, &seed),
		cmocka_unit_test_prestate(churn, &seed),
		cmocka_unit_test(producer_and_consumer),
		cmocka_unit_test(deferred_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
