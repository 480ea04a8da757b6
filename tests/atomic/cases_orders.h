/* SPDX-License-Identifier: BSD-3-Clause */
/* Each order, of each function. A part of cases.h. */
#ifndef CASES_ORDERS_H
#define CASES_ORDERS_H

#define ALL_ORDERS(X) \
	X(memory_order_relaxed) X(memory_order_consume) \
	X(memory_order_acquire) X(memory_order_release) \
	X(memory_order_acq_rel) X(memory_order_seq_cst)
#define LOAD_ORDERS(X) \
	X(memory_order_relaxed) X(memory_order_consume) \
	X(memory_order_acquire) X(memory_order_seq_cst)
#define STORE_ORDERS(X) \
	X(memory_order_relaxed) X(memory_order_release) \
	X(memory_order_seq_cst)

static void orders_of_store_and_load(void)
{
	atomic_int a;
	int n = 0;

	atomic_init(&a, 0);
#define STORE(order) \
	atomic_store_explicit(&a, ++n, order); \
	CHECK(atomic_load(&a) == n);
	STORE_ORDERS(STORE)
	CHECK(n == 3);
#define LOAD(order) \
	atomic_store(&a, ++n); \
	CHECK(atomic_load_explicit(&a, order) == n);
	LOAD_ORDERS(LOAD)
	CHECK(n == 7);
}

static void orders_of_exchange(void)
{
	atomic_int a;
	int n = 0;

	atomic_init(&a, 0);
#define EXCHANGE(order) \
	n++; \
	CHECK(atomic_exchange_explicit(&a, n, order) == n - 1); \
	CHECK(atomic_load(&a) == n);
	ALL_ORDERS(EXCHANGE)
	CHECK(n == 6);
}

#define COMPARE(success, failure) do { \
	int expected = 5; \
	\
	atomic_store(&a, 1); \
	CHECK(!atomic_compare_exchange_strong_explicit(&a, &expected, 2, \
						       success, failure)); \
	CHECK(expected == 1 && atomic_load(&a) == 1); \
	CHECK(atomic_compare_exchange_strong_explicit(&a, &expected, 2, \
						      success, failure)); \
	CHECK(expected == 1 && atomic_load(&a) == 2); \
	CHECK(!atomic_compare_exchange_weak_explicit(&a, &expected, 3, \
						     success, failure)); \
	CHECK(expected == 2 && atomic_load(&a) == 2); \
	while (!atomic_compare_exchange_weak_explicit(&a, &expected, 3, \
						      success, failure)) \
		CHECK(expected == 2); \
	CHECK(expected == 2 && atomic_load(&a) == 3); \
	n++; \
} while (0);

/* Failure is no release and, in C11, not stronger than success. */
static void orders_of_compare_exchange(void)
{
	atomic_int a;
	int n = 0;

	atomic_init(&a, 0);
#define WITH_RELAXED(order)	COMPARE(order, memory_order_relaxed)
	ALL_ORDERS(WITH_RELAXED)
	COMPARE(memory_order_consume, memory_order_consume)
	COMPARE(memory_order_acquire, memory_order_consume)
	COMPARE(memory_order_acquire, memory_order_acquire)
	COMPARE(memory_order_acq_rel, memory_order_consume)
	COMPARE(memory_order_acq_rel, memory_order_acquire)
	COMPARE(memory_order_seq_cst, memory_order_consume)
	COMPARE(memory_order_seq_cst, memory_order_acquire)
	COMPARE(memory_order_seq_cst, memory_order_seq_cst)
	CHECK(n == 14);
}

static void orders_of_fetch(void)
{
	atomic_int a;
	int n = 0;

	atomic_init(&a, 0);
#define FETCH(order) \
	atomic_store(&a, 12); \
	CHECK(atomic_fetch_add_explicit(&a, 5, order) == 12); \
	CHECK(atomic_fetch_sub_explicit(&a, 7, order) == 17); \
	CHECK(atomic_fetch_or_explicit(&a, 7, order) == 10); \
	CHECK(atomic_fetch_xor_explicit(&a, 5, order) == 15); \
	CHECK(atomic_fetch_and_explicit(&a, 6, order) == 10); \
	CHECK(atomic_load(&a) == 2); \
	n++;
	ALL_ORDERS(FETCH)
#define FENCE(order) \
	atomic_thread_fence(order); \
	atomic_signal_fence(order); \
	n++;
	ALL_ORDERS(FENCE)
	CHECK(n == 12);
}

static void orders_known_only_at_run_time(void)
{
	static const memory_order all[] = {
		memory_order_relaxed, memory_order_consume,
		memory_order_acquire, memory_order_release,
		memory_order_acq_rel, memory_order_seq_cst,
	};
	volatile unsigned int i;
	atomic_int a;
	atomic_flag flag = ATOMIC_FLAG_INIT;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		memory_order order = all[i];
		int expected = 10;
		_Bool loads = order != memory_order_release &&
			      order != memory_order_acq_rel;
		_Bool stores = order == memory_order_relaxed ||
			       order == memory_order_release ||
			       order == memory_order_seq_cst;

		atomic_init(&a, 1);
		CHECK(atomic_fetch_add_explicit(&a, 8, order) == 1);
		CHECK(atomic_exchange_explicit(&a, 10, order) == 9);
		CHECK(atomic_compare_exchange_strong_explicit(&a, &expected,
			11, order, memory_order_relaxed));
		if (stores)
			atomic_store_explicit(&a, 12, order);
		if (loads)
			CHECK(atomic_load_explicit(&a, order) ==
			      (stores ? 12 : 11));
		atomic_thread_fence(order);
		atomic_signal_fence(order);
		CHECK(!atomic_flag_test_and_set_explicit(&flag, order));
		atomic_flag_clear_explicit(&flag, stores ? order :
					   memory_order_release);
	}
}

static void compare_exchange_updates_expected(void)
{
	atomic_long a = ATOMIC_VAR_INIT(7);
	long expected = 6;

	CHECK(!atomic_compare_exchange_strong(&a, &expected, 8));
	CHECK(expected == 7);
	CHECK(atomic_compare_exchange_strong(&a, &expected, 8));
	CHECK(expected == 7 && atomic_load(&a) == 8);
}

#endif
