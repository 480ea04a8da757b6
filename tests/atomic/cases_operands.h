/* SPDX-License-Identifier: BSD-3-Clause */
/* What operands may be, pointers among them. A part of cases.h. */
#ifndef CASES_OPERANDS_H
#define CASES_OPERANDS_H

static void operands_are_evaluated_once(void)
{
	atomic_int many[40], *p = many;
	atomic_flag flags[4] = { ATOMIC_FLAG_INIT, ATOMIC_FLAG_INIT,
				 ATOMIC_FLAG_INIT, ATOMIC_FLAG_INIT };
	atomic_flag *f = flags;
	int old[4] = { 1, 1, 1, 1 }, *e = old, n = 0, orders = 0, others = 0;
	int i;

	for (i = 0; i < 40; i++)
		atomic_init(&many[i], 1);
#define ORDER	(orders++, memory_order_seq_cst)
#define OTHER	(others++, memory_order_seq_cst)
	atomic_init(p++, n++);
	atomic_store(p++, n++);
	atomic_store_explicit(p++, n++, ORDER);
	(void)atomic_load(p++);
	(void)atomic_load_explicit(p++, ORDER);
	(void)atomic_exchange(p++, n++);
	(void)atomic_exchange_explicit(p++, n++, ORDER);
	(void)atomic_compare_exchange_strong(p++, e++, n++);
	(void)atomic_compare_exchange_weak(p++, e++, n++);
	(void)atomic_compare_exchange_strong_explicit(p++, e++, n++, ORDER,
						      OTHER);
	(void)atomic_compare_exchange_weak_explicit(p++, e++, n++, ORDER,
						    OTHER);
	CHECK(p == many + 11 && n == 9 && e == old + 4);
	CHECK(orders == 5 && others == 2);
	(void)atomic_fetch_add(p++, n++);
	(void)atomic_fetch_sub(p++, n++);
	(void)atomic_fetch_or(p++, n++);
	(void)atomic_fetch_xor(p++, n++);
	(void)atomic_fetch_and(p++, n++);
	(void)atomic_fetch_add_explicit(p++, n++, ORDER);
	(void)atomic_fetch_sub_explicit(p++, n++, ORDER);
	(void)atomic_fetch_or_explicit(p++, n++, ORDER);
	(void)atomic_fetch_xor_explicit(p++, n++, ORDER);
	(void)atomic_fetch_and_explicit(p++, n++, ORDER);
	CHECK(p == many + 21 && n == 19 && orders == 10);
	(void)atomic_is_lock_free(p++);
	CHECK(p == many + 22);
	CHECK(kill_dependency(n++) == 19 && n == 20);
	CHECK(!atomic_flag_test_and_set(f++));
	CHECK(!atomic_flag_test_and_set_explicit(f++, ORDER));
	atomic_flag_clear(f++);
	atomic_flag_clear_explicit(f++, ORDER);
	atomic_thread_fence(ORDER);
	atomic_signal_fence(ORDER);
	CHECK(f == flags + 4 && orders == 14 && others == 2);
}

/* An operand may be a call of the same; arrays decay; void * converts. */
static void operands_may_nest(void)
{
	atomic_int a = ATOMIC_VAR_INIT(1), b = ATOMIC_VAR_INIT(2), c[2];
	atomic_flag flag = ATOMIC_FLAG_INIT;
	int expected = 3;
	void *any = &expected, *of_flag = &flag;

	atomic_store(&a, atomic_load(&b));
	CHECK(atomic_load(&a) == 2);
	atomic_store(&a, atomic_exchange(&b, atomic_exchange(&a, 9)));
	CHECK(atomic_load(&a) == 2 && atomic_load(&b) == 2);
	CHECK(atomic_fetch_add(&a, atomic_fetch_add(&b, 1)) == 2);
	CHECK(atomic_load(&a) == 4 && atomic_load(&b) == 3);
	CHECK(atomic_compare_exchange_strong(&b, any,
		atomic_compare_exchange_strong(&a, &(int){ 4 }, 5) ? 6 : 7));
	CHECK(atomic_load(&a) == 5 && atomic_load(&b) == 6);
	atomic_init(c, 1);
	atomic_store(c + 1, atomic_load(c));
	CHECK(atomic_load(c + 1) == 1);
	CHECK(!atomic_flag_test_and_set(of_flag));
	atomic_flag_clear(of_flag);
	if (atomic_load(&a))
		atomic_store(&a, 0);
	else
		atomic_store(&a, 1);
	CHECK((atomic_store(&b, 1), atomic_load(&b)) == 1);
}

static void const_and_volatile_objects(void)
{
	static volatile atomic_int v = ATOMIC_VAR_INIT(3);
	static const volatile atomic_int *const read_only = &v;
	static volatile atomic_flag flag = ATOMIC_FLAG_INIT;
	const int desired = 4;
	int expected = 3;

	CHECK(atomic_load(read_only) == 3);
	CHECK(IS_TYPE(int, atomic_load_explicit(read_only,
						memory_order_acquire)));
	CHECK(atomic_is_lock_free(read_only));
	CHECK(atomic_compare_exchange_strong(&v, &expected, desired));
	CHECK(atomic_fetch_add(&v, desired) == 4);
	CHECK(atomic_exchange(&v, desired) == 8);
	atomic_store(&v, desired);
	CHECK(!atomic_flag_test_and_set(&flag));
	atomic_flag_clear(&flag);
}

/* -------- pointers -------- */

struct seven {
	char bytes[7];
};

#define MOVE(type) do { \
	static type array[20]; \
	_Atomic(type *) p; \
	\
	atomic_init(&p, array); \
	CHECK(IS_TYPE(type *, atomic_fetch_add(&p, 0))); \
	CHECK(atomic_fetch_add(&p, 12) == array); \
	CHECK(atomic_load(&p) == array + 12); \
	CHECK(atomic_fetch_sub(&p, 7) == array + 12); \
	CHECK(atomic_load(&p) == array + 5); \
	CHECK(atomic_fetch_add(&p, -3) == array + 5); \
	CHECK(atomic_load(&p) == array + 2); \
	CHECK(atomic_fetch_sub(&p, -6) == array + 2); \
	CHECK(atomic_load(&p) == array + 8); \
	CHECK(atomic_fetch_add_explicit(&p, (signed char)-1, \
					memory_order_relaxed) == array + 8); \
	CHECK(atomic_fetch_sub_explicit(&p, (short)1, \
					memory_order_release) == array + 7); \
	CHECK(atomic_exchange(&p, array + 1) == array + 6); \
	CHECK(atomic_load(&p) == array + 1); \
	CHECK(atomic_is_lock_free(&p)); \
} while (0)

static void pointers_move_by_elements(void)
{
	typedef int five[5];
	const char *text = "text", *expected = 0;
	_Atomic(const char *) c;

	MOVE(char);
	MOVE(short);
	MOVE(int);
	MOVE(double);
	MOVE(struct seven);
	MOVE(void *);
	MOVE(five);
	atomic_init(&c, text);
	CHECK(*atomic_fetch_add(&c, 1) == 't' && *atomic_load(&c) == 'e');
	CHECK(!atomic_compare_exchange_strong(&c, &expected, 0));
	CHECK(expected == text + 1);
	CHECK(atomic_compare_exchange_strong(&c, &expected, 0));
	CHECK(!atomic_load(&c));
}

static void pointers_to_arrays_of_variable_length(void)
{
	volatile int length = 6;
	int n = length, calls = 0;
	int array[4][6] = { { 0 } };
	_Atomic(int (*)[n]) p = array, *at = &p;

	atomic_store((calls++, at), array + 3);
	CHECK(atomic_load((calls++, at)) == array + 3);
	CHECK(atomic_exchange((calls++, at), array) == array + 3);
	CHECK(calls == 3);
#ifndef __clang__	/* whose builtin takes such an array for empty */
	CHECK(atomic_fetch_add((calls++, at), 2) == array);
	CHECK(atomic_load(&p) == array + 2);
	CHECK(atomic_fetch_sub((calls++, at), 1) == array + 2);
	CHECK(atomic_load(&p) == array + 1);
	CHECK(calls == 5);
#endif
}

#endif
