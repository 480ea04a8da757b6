/* SPDX-License-Identifier: BSD-3-Clause */
/* Threads. A part of cases.h. */
#ifndef CASES_THREADS_H
#define CASES_THREADS_H

#define THREADS		4
#define ROUNDS		20000

/* Runs body(number) in THREADS threads; false if one could not start */
static _Bool in_threads(void *(*body)(void *))
{
	static int numbers[THREADS];
	pthread_t threads[THREADS];
	_Bool good = 1;
	int i, started = 0;

	for (i = 0; i < THREADS && good; i++) {
		numbers[i] = i;
		good = !pthread_create(&threads[i], 0, body, &numbers[i]);
		started += good;
	}
	for (i = 0; i < started; i++)
		good &= !pthread_join(threads[i], 0);
	return good;
}

static struct {
	atomic_int add, sub, loop, bits, toggle, mask;
	atomic_uchar narrow;
	_Atomic(double) sum;
	_Atomic(struct pair) pair;
	_Atomic(struct seven *) pointer;
	atomic_flag lock;
	long plain;
	atomic_int ready, torn;
	int data[THREADS];
} shared;

static struct seven shared_array[THREADS * 1000 + 1];

static void *count(void *number)
{
	int i, bit = 1 << *(int *)number;

	for (i = 0; i < ROUNDS; i++) {
		atomic_fetch_add(&shared.add, 1);
		atomic_fetch_sub_explicit(&shared.sub, 2,
					  memory_order_relaxed);
		atomic_fetch_add_explicit(&shared.narrow, 1,
					  memory_order_relaxed);
		atomic_fetch_or_explicit(&shared.bits, bit,
					 memory_order_relaxed);
		atomic_fetch_xor(&shared.toggle, bit);
		atomic_fetch_and(&shared.mask, ~bit);
	}
	atomic_fetch_xor(&shared.toggle, bit);
	return 0;
}

static void counters_of_many_threads(void)
{
	atomic_init(&shared.add, 0);
	atomic_init(&shared.sub, 0);
	atomic_init(&shared.narrow, 0);
	atomic_init(&shared.bits, 0);
	atomic_init(&shared.toggle, 0);
	atomic_init(&shared.mask, -1);
	CHECK(in_threads(count));
	CHECK(atomic_load(&shared.add) == THREADS * ROUNDS);
	CHECK(atomic_load(&shared.sub) == -2 * THREADS * ROUNDS);
	CHECK(atomic_load(&shared.narrow) == THREADS * ROUNDS % 256);
	CHECK(atomic_load(&shared.bits) == (1 << THREADS) - 1);
	CHECK(atomic_load(&shared.toggle) == (1 << THREADS) - 1);
	CHECK(atomic_load(&shared.mask) == ~((1 << THREADS) - 1));
}

static void *loop(void *number)
{
	int i, old;
	double sum;

	(void)number;
	for (i = 0; i < ROUNDS; i++) {
		old = atomic_load_explicit(&shared.loop, memory_order_relaxed);
		while (!atomic_compare_exchange_weak_explicit(&shared.loop,
				&old, old + 3, memory_order_acq_rel,
				memory_order_relaxed))
			;
		sum = atomic_load(&shared.sum);
		while (!atomic_compare_exchange_strong(&shared.sum, &sum,
						       sum + 0.5))
			;
	}
	return 0;
}

static void compare_exchange_loops_of_many_threads(void)
{
	atomic_init(&shared.loop, 0);
	atomic_init(&shared.sum, 0.0);
	CHECK(in_threads(loop));
	CHECK(atomic_load(&shared.loop) == 3 * THREADS * ROUNDS);
	CHECK((long)atomic_load(&shared.sum) == THREADS * ROUNDS / 2);
}

static void *loop_on_struct(void *number)
{
	struct pair old, new;
	int i;

	(void)number;
	for (i = 0; i < ROUNDS; i++) {
		old = atomic_load(&shared.pair);
		do {
			if (old.second != -2 * old.first)
				atomic_fetch_add(&shared.torn, 1);
			new.first = old.first + 1;
			new.second = old.second - 2;
		} while (!atomic_compare_exchange_weak(&shared.pair, &old,
						       new));
	}
	return 0;
}

static void struct_loops_of_many_threads(void)
{
	atomic_init(&shared.torn, 0);
	atomic_init(&shared.pair, ((struct pair){ 0, 0 }));
	CHECK(in_threads(loop_on_struct));
	CHECK(!atomic_load(&shared.torn));
	CHECK(atomic_load(&shared.pair).first == THREADS * ROUNDS);
	CHECK(atomic_load(&shared.pair).second == -2 * THREADS * ROUNDS);
}

/* Each element is handed to one thread. */
static void *take(void *number)
{
	int i;

	(void)number;
	for (i = 0; i < 1000; i++)
		atomic_fetch_add(&shared.pointer, 1)->bytes[3]++;
	return 0;
}

static void pointers_of_many_threads(void)
{
	int i, wrong = 0;

	atomic_init(&shared.pointer, shared_array);
	for (i = 0; i < THREADS * 1000; i++)
		shared_array[i].bytes[3] = 0;
	CHECK(in_threads(take));
	CHECK(atomic_load(&shared.pointer) == shared_array + THREADS * 1000);
	for (i = 0; i < THREADS * 1000; i++)
		wrong += shared_array[i].bytes[3] != 1;
	CHECK(!wrong);
}

static void *with_lock(void *number)
{
	int i;

	for (i = 0; i < ROUNDS / 10; i++) {
		if (*(int *)number % 2) {
			while (atomic_flag_test_and_set_explicit(&shared.lock,
					memory_order_acquire))
				sched_yield();
			shared.plain++;
			atomic_flag_clear_explicit(&shared.lock,
						   memory_order_release);
		} else {
			while ((atomic_flag_test_and_set)(&shared.lock))
				sched_yield();
			shared.plain++;
			(atomic_flag_clear)(&shared.lock);
		}
	}
	return 0;
}

static void flag_is_a_spin_lock(void)
{
	shared.plain = 0;
	atomic_flag_clear(&shared.lock);
	CHECK(in_threads(with_lock));
	CHECK(shared.plain == THREADS * (ROUNDS / 10));
}

/* Thread n waits for n, reads what n threads wrote, and hands on. */
static void *hand_on(void *number)
{
	int i, n = *(int *)number;

	while (atomic_load_explicit(&shared.ready, memory_order_acquire) != n)
		sched_yield();
	for (i = 0; i < n; i++)
		if (shared.data[i] != i + 1)
			atomic_fetch_add(&shared.torn, 1);
	shared.data[n] = n + 1;
	atomic_store_explicit(&shared.ready, n + 1, memory_order_release);
	return 0;
}

static void *hand_on_by_fence(void *number)
{
	int i, n = *(int *)number;

	while (atomic_load_explicit(&shared.ready, memory_order_relaxed) != n)
		sched_yield();
	atomic_thread_fence(memory_order_acquire);
	for (i = 0; i < n; i++)
		if (shared.data[i] != i + 1)
			atomic_fetch_add(&shared.torn, 1);
	shared.data[n] = n + 1;
	atomic_thread_fence(memory_order_release);
	atomic_store_explicit(&shared.ready, n + 1, memory_order_relaxed);
	return 0;
}

static void pass_data_on(void *(*body)(void *))
{
	int i;

	for (i = 0; i < THREADS; i++)
		shared.data[i] = 0;
	atomic_init(&shared.torn, 0);
	atomic_init(&shared.ready, 0);
	CHECK(in_threads(body));
	CHECK(!atomic_load(&shared.torn));
	CHECK(atomic_load(&shared.ready) == THREADS);
}

static void release_and_acquire_pass_data_on(void)
{
	int i;

	for (i = 0; i < 20; i++)
		pass_data_on(hand_on);
}

static void fences_pass_data_on(void)
{
	int i;

	for (i = 0; i < 20; i++)
		pass_data_on(hand_on_by_fence);
}

#endif
