/* SPDX-License-Identifier: BSD-3-Clause */
/* Threads: blocks that cross them, outlive them, and come late. */
#include "check.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#define BLOCKS		2000
#define THREADS		4

/* Blocks that one thread makes and another one frees. */
struct load {
	void *block[BLOCKS];
	size_t size[BLOCKS];
	uint64_t seed;
	size_t wrong;
};

static size_t load_size(struct check_random *r)
{
	return check_log_size(r, check_below(r, 50) == 0 ? MIB : 4 * KIB);
}

static void *load_make(void *arg)
{
	struct load *load = arg;
	struct check_random r = { load->seed };

	for (size_t i = 0; i < BLOCKS; i++) {
		load->size[i] = load_size(&r);
		load->block[i] = mi_malloc(load->size[i]);
		if (load->block[i] == NULL) {
			load->wrong++;
			continue;
		}
		pattern_write(load->block[i], load->size[i], i);
	}
	return NULL;
}

static void *load_drop(void *arg)
{
	struct load *load = arg;

	for (size_t i = 0; i < BLOCKS; i++) {
		load->wrong += !pattern_holds(load->block[i], load->size[i],
					      i);
		mi_free(load->block[i]);
	}
	return NULL;
}

static void *load_make_and_drop(void *arg)
{
	for (size_t i = check_rounds(10); i > 0; i--) {
		load_make(arg);
		load_drop(arg);
	}
	return NULL;
}

static struct load loads[THREADS];

static void in_threads(void *(*body)(void *), size_t count)
{
	pthread_t threads[THREADS];

	for (size_t i = 0; i < count; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, body,
						&loads[i]), 0);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (size_t i = 0; i < count; i++)
		check(loads[i].wrong == 0, "thread %zu: %zu blocks wrong", i,
		      loads[i].wrong);
}

static void seed_loads(uint64_t seed)
{
	for (size_t i = 0; i < THREADS; i++) {
		loads[i].seed = seed + i;
		loads[i].wrong = 0;
	}
}

static void each_its_own(void **state)
{
	seed_loads(*(uint64_t *)*state);
	in_threads(load_make_and_drop, THREADS);
}

/* Blocks outlive their threads; main frees some, other threads the rest. */
static void freed_after_the_end(void **state)
{
	size_t rounds = check_rounds(30), before = 0;

	seed_loads(*(uint64_t *)*state);
	for (size_t round = 0; round < rounds; round++) {
		in_threads(load_make, THREADS);
		load_drop(&loads[THREADS - 1]);
		in_threads(load_drop, THREADS - 1);
		if (round == rounds / 3)
			before = resident_bytes();
	}
	check(CHECK_SANITIZED || resident_bytes() < before + 8 * MIB,
	      "%zu more bytes", resident_bytes() - before);
}

/* -------- a ring of threads that hand blocks on -------- */

struct handed {
	_Atomic(void *) slot[64];
};

static struct handed handed[THREADS];
static atomic_size_t lost;

struct worker {
	size_t index;
	size_t rounds;
	uint64_t seed;
};

/* A block begins with its size and holds a pattern of it behind. */
static void *block_make(size_t size)
{
	size_t *p = mi_malloc(size + sizeof(size_t));

	if (p == NULL)
		return NULL;
	*p = size;
	pattern_write(p + 1, size, size);
	return p;
}

static void block_drop(void *block)
{
	size_t *p = block;

	if (p != NULL && !pattern_holds(p + 1, *p, *p))
		atomic_fetch_add(&lost, 1);
	mi_free(p);
}

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
	size_t before = 0;

	for (size_t i = 0; i < check_rounds(300); i++) {
		work_together(seed + i * THREADS, 300);
		if (i == 100)
			before = resident_bytes();
	}
	drop_handed();
	check(CHECK_SANITIZED || resident_bytes() < before + 8 * MIB,
	      "%zu more bytes", resident_bytes() - before);
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

/* -------- the end of a thread -------- */

static pthread_key_t early_key;
static pthread_key_t late_key;
static atomic_size_t late_runs;
static _Atomic(void *) late_block;

/* Runs in each of the four passes over the keys; the value tells which. */
static void late_destructor(void *value)
{
	uintptr_t pass = (uintptr_t)value / 2;
	bool is_late = (uintptr_t)value % 2 == 1;

	for (size_t n = 1; n < 100000; n *= 3)
		block_drop(block_make(n));
	atomic_fetch_add(&late_runs, 1);
	block_drop(atomic_exchange(&late_block, block_make(pass * 1000)));
	if (pass < 4)
		pthread_setspecific(is_late ? late_key : early_key,
				    (void *)(pass * 2 + 2 + is_late));
}

static void *with_destructors(void *arg)
{
	block_drop(block_make(100));
	pthread_setspecific(early_key, (void *)(uintptr_t)2);
	pthread_setspecific(late_key, (void *)(uintptr_t)3);
	return arg;
}

static void destructors_that_allocate(void **state)
{
	size_t before = 0;

	(void)state;
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
	print_message("ThreadSanitizer itself fails on late destructors\n");
	skip();
#endif
#endif
	assert_int_equal(pthread_key_create(&late_key, late_destructor), 0);
	for (int i = 0; i < 2000; i++) {
		pthread_t thread;

		assert_int_equal(pthread_create(&thread, NULL,
						with_destructors, NULL), 0);
		assert_int_equal(pthread_join(thread, NULL), 0);
		if (i == 500)
			before = resident_bytes();
	}
	assert_int_equal(atomic_load(&late_runs), 2000 * 2 * 4);
	block_drop(atomic_exchange(&late_block, NULL));
	assert_int_equal(atomic_load(&lost), 0);
	pthread_key_delete(late_key);
	check(CHECK_SANITIZED || resident_bytes() < before + 8 * MIB,
	      "%zu more bytes: late heaps leak", resident_bytes() - before);
}

static void *done_and_on(void *arg)
{
	struct load *load = arg;
	void *kept = block_make(5000);

	for (int i = 0; i < 5; i++) {
		mi_thread_init();
		mi_thread_init();
		load_make(load);
		mi_thread_done();
		load_drop(load);
		mi_thread_done();
	}
	block_drop(kept);
	return NULL;
}

static void thread_done_and_init(void **state)
{
	seed_loads(*(uint64_t *)*state);
	mi_process_init();
	in_threads(done_and_on, THREADS);
	assert_int_equal(atomic_load(&lost), 0);
}

/* A thread that ends without ending its heaps leaves their blocks valid. */
static void *heap_left_behind(void *arg)
{
	struct load *load = arg;
	mi_heap_t *heap = mi_heap_new();

	load->wrong += heap == NULL;
	mi_heap_set_default(heap);
	load_make(load);
	return NULL;
}

static void heaps_left_behind(void **state)
{
	seed_loads(*(uint64_t *)*state);
	for (size_t i = check_rounds(10); i > 0; i--) {
		in_threads(heap_left_behind, THREADS);
		in_threads(load_drop, THREADS);
	}
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
		cmocka_unit_test(destructors_that_allocate),
		cmocka_unit_test_prestate(thread_done_and_init, &seed),
		cmocka_unit_test_prestate(heaps_left_behind, &seed),
		cmocka_unit_test(deferred_free),
	};

	/* Before the allocator can have made a key of its own in most ports. */
	if (pthread_key_create(&early_key, late_destructor) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
