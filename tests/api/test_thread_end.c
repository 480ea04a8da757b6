/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The end of a thread: frees that come late, heaps that stay, and where it may
 * not end.
 */
#include "thread_load.h"

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

/* -------- a thread that is to be cancelled -------- */

static atomic_bool allocated;

static void *cancelled(void *arg)
{
	unsigned char *p = mi_malloc(2 * MIB);

	memset(launder(p), 0xff, 2 * MIB);
	mi_free(p);
	pthread_cancel(pthread_self());
	/* what is dirty has to be cleared, and the system is asked where */
	p = mi_calloc(1, 2 * MIB);
	p = p ? mi_realloc(p, 64 * MIB) : p;
	mi_free(p);
	atomic_store(&allocated, p != NULL);
	pthread_testcancel();
	return arg;
}

static void no_call_is_a_cancellation_point(void **state)
{
	pthread_t thread;
	void *result;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, cancelled, NULL), 0);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_true(atomic_load(&allocated));
	assert_ptr_equal(result, PTHREAD_CANCELED);
}

int main(void)
{
	uint64_t seed = check_seed("threads");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(destructors_that_allocate),
		cmocka_unit_test_prestate(thread_done_and_init, &seed),
		cmocka_unit_test_prestate(heaps_left_behind, &seed),
		cmocka_unit_test(no_call_is_a_cancellation_point),
	};

	/* Before the allocator can have made a key of its own in most ports. */
	if (pthread_key_create(&early_key, late_destructor) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
