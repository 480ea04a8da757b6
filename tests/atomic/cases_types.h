/* SPDX-License-Identifier: BSD-3-Clause */
/* Each type that the standard names. A part of cases.h. */
#ifndef CASES_TYPES_H
#define CASES_TYPES_H

#define STORE_AND_EXCHANGE(name, direct) do { \
	direct one = (direct)1, zero = (direct)0, expected = zero; \
	name a; \
	\
	CHECK(IS_TYPE(direct, atomic_load(&a))); \
	CHECK(IS_TYPE(direct, atomic_exchange(&a, one))); \
	CHECK(IS_TYPE(_Bool, atomic_compare_exchange_strong(&a, &expected, \
							    one))); \
	atomic_init(&a, one); \
	CHECK(atomic_load(&a) == one); \
	atomic_store(&a, zero); \
	CHECK(atomic_load(&a) == zero); \
	CHECK(atomic_exchange(&a, one) == zero); \
	CHECK(atomic_load(&a) == one); \
	CHECK(!atomic_compare_exchange_strong(&a, &expected, zero)); \
	CHECK(expected == one && atomic_load(&a) == one); \
	CHECK(atomic_compare_exchange_strong(&a, &expected, zero)); \
	CHECK(expected == one && atomic_load(&a) == zero); \
	CHECK(!atomic_compare_exchange_weak(&a, &expected, one)); \
	CHECK(expected == zero && atomic_load(&a) == zero); \
	while (!atomic_compare_exchange_weak(&a, &expected, one)) \
		CHECK(expected == zero); \
	CHECK(atomic_load(&a) == one); \
	CHECK(atomic_is_lock_free(&a)); \
} while (0);

static void every_type_stores_and_exchanges(void)
{
	TYPES(STORE_AND_EXCHANGE)
}

#define COMPUTE(name, direct) do { \
	name a; \
	\
	atomic_init(&a, (direct)40); \
	CHECK(IS_TYPE(direct, atomic_fetch_add(&a, (direct)1))); \
	CHECK(IS_TYPE(direct, atomic_fetch_or(&a, (direct)1))); \
	CHECK(atomic_load(&a) == 40); \
	CHECK(atomic_fetch_add(&a, (direct)2) == 40); \
	CHECK(atomic_load(&a) == 42); \
	CHECK(atomic_fetch_sub(&a, (direct)12) == 42); \
	CHECK(atomic_load(&a) == 30); \
	CHECK(atomic_fetch_or(&a, (direct)97) == 30); \
	CHECK(atomic_load(&a) == 127); \
	CHECK(atomic_fetch_xor(&a, (direct)85) == 127); \
	CHECK(atomic_load(&a) == 42); \
	CHECK(atomic_fetch_and(&a, (direct)15) == 42); \
	CHECK(atomic_load(&a) == 10); \
	CHECK(atomic_fetch_sub(&a, (direct)11) == 10); \
	CHECK(atomic_load(&a) == (direct)-1); \
	CHECK(atomic_fetch_add(&a, (direct)-1) == (direct)-1); \
	CHECK(atomic_load(&a) == (direct)-2); \
} while (0);

static void every_type_computes(void)
{
	TYPES_BUT_BOOL(COMPUTE)
}

/* 7.17.7.5: signed types too wrap, without undefined results. */
static void narrow_types_wrap(void)
{
	atomic_schar c = ATOMIC_VAR_INIT(127);
	atomic_uchar u = ATOMIC_VAR_INIT(0);
	atomic_int i = ATOMIC_VAR_INIT(__INT_MAX__);
	atomic_llong l = ATOMIC_VAR_INIT(__LONG_LONG_MAX__);

	CHECK(atomic_fetch_add(&c, 1) == 127);
	CHECK(atomic_load(&c) == -128);
	CHECK(atomic_fetch_sub(&u, 1) == 0);
	CHECK(atomic_load(&u) == 255);
	CHECK(atomic_fetch_add(&i, 1) == __INT_MAX__);
	CHECK(atomic_load(&i) == -__INT_MAX__ - 1);
	CHECK(atomic_fetch_sub(&i, 1) == -__INT_MAX__ - 1);
	CHECK(atomic_load(&i) == __INT_MAX__);
	CHECK(atomic_fetch_add(&l, __LONG_LONG_MAX__) == __LONG_LONG_MAX__);
	CHECK(atomic_load(&l) == -2);
}

#endif
