/* SPDX-License-Identifier: BSD-3-Clause */
/* Structs, other types, initializers, macros that tell. A part of cases.h. */
#ifndef CASES_OBJECTS_H
#define CASES_OBJECTS_H

struct pair {
	int first, second;
};

static void structs_are_atomic(void)
{
	static _Atomic(struct pair) a;
	struct pair one = { 1, 2 }, two = { 3, 4 }, old;

	atomic_init(&a, one);
	CHECK(IS_TYPE(struct pair, atomic_load(&a)));
	old = atomic_load(&a);
	CHECK(old.first == 1 && old.second == 2);
	CHECK(atomic_load(&a).second == 2);
	old = atomic_exchange(&a, two);
	CHECK(old.first == 1 && old.second == 2);
	CHECK(!atomic_compare_exchange_strong(&a, &old, one));
	CHECK(old.first == 3 && old.second == 4);
	CHECK(atomic_compare_exchange_strong(&a, &old, one));
	CHECK(atomic_load_explicit(&a, memory_order_acquire).first == 1);
	atomic_store(&a, ((struct pair){ 5, 6 }));
	CHECK(atomic_exchange(&a, one).second == 6);
	CHECK(atomic_is_lock_free(&a));
}

struct one_byte {
	char c;
};

struct two_bytes {
	short s;
};

struct four_bytes {
	char c[4];
};

struct three_bytes {
	char c[3];
};

struct many_bytes {
	long n[5];
};

#define STRUCT(type, init_one, init_two) do { \
	static _Atomic(type) a; \
	const type one = init_one, two = init_two; \
	type old; \
	\
	atomic_init(&a, one); \
	old = atomic_load(&a); \
	CHECK(!__builtin_memcmp(&old, &one, sizeof(old))); \
	old = atomic_exchange(&a, two); \
	CHECK(!__builtin_memcmp(&old, &one, sizeof(old))); \
	CHECK(!atomic_compare_exchange_strong(&a, &old, one)); \
	CHECK(!__builtin_memcmp(&old, &two, sizeof(old))); \
	CHECK(atomic_compare_exchange_strong(&a, &old, one)); \
	atomic_store(&a, two); \
	old = atomic_load(&a); \
	CHECK(!__builtin_memcmp(&old, &two, sizeof(old))); \
} while (0)
#define LIST(...)	{ __VA_ARGS__ }

#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Watomic-alignment"
#endif
/* Without LARGE there is no libatomic, which other sizes than these need. */
static void structs_of_any_size(void)
{
	STRUCT(struct one_byte, LIST(1), LIST(2));
	STRUCT(struct two_bytes, LIST(1), LIST(2));
	STRUCT(struct four_bytes, LIST({ 1, 2, 3, 4 }), LIST({ 5, 6, 7, 8 }));
#ifdef LARGE
#ifndef __clang__	/* 14 compares the byte that it pads this with */
	STRUCT(struct three_bytes, LIST({ 1, 2, 3 }), LIST({ 5, 6, 7 }));
#endif
	STRUCT(struct many_bytes, LIST({ 1, 2, 3, 4, 5 }),
	       LIST({ 6, 7, 8, 9, 10 }));
	{
		static _Atomic(struct many_bytes) many;

		CHECK(!atomic_is_lock_free(&many));
	}
#endif
}
#ifdef __clang__
#pragma clang diagnostic pop
#endif

static void floating_types_and_enums(void)
{
	enum colour { RED, GREEN };
	_Atomic(float) f;
	_Atomic(double) d;
	_Atomic(enum colour) e;
	double expected = 2.5;

	atomic_init(&f, 1.5f);
	CHECK(atomic_exchange(&f, 2.5f) > 1.4f && atomic_load(&f) > 2.4f);
	atomic_init(&d, 2.5);
	CHECK(atomic_compare_exchange_strong(&d, &expected, 3.5));
	CHECK(atomic_load(&d) > 3.4 && atomic_load(&d) < 3.6);
	atomic_init(&e, RED);
	CHECK(IS_TYPE(enum colour, atomic_load(&e)));
	CHECK(atomic_exchange(&e, GREEN) == RED && atomic_load(&e) == GREEN);
}

static void initializers(void)
{
	static atomic_int zero, one = ATOMIC_VAR_INIT(1);
	static atomic_bool yes = ATOMIC_VAR_INIT(1);
	static char letter;
	static _Atomic(char *) pointer = ATOMIC_VAR_INIT(&letter);
	static atomic_flag flag = ATOMIC_FLAG_INIT;
	struct {
		atomic_long count;
		atomic_flag lock;
	} automatic = { ATOMIC_VAR_INIT(5), ATOMIC_FLAG_INIT };

	CHECK(!atomic_load(&zero) && atomic_load(&one) == 1);
	CHECK(atomic_load(&yes) && atomic_load(&pointer) == &letter);
	CHECK(!atomic_flag_test_and_set(&flag));
	CHECK(atomic_load(&automatic.count) == 5);
	CHECK(!atomic_flag_test_and_set(&automatic.lock));
	/* conversion to _Bool, not to a byte */
	atomic_init(&yes, 256);
	CHECK(atomic_load(&yes) == 1);
	atomic_store(&yes, 0);
	CHECK(!atomic_exchange(&yes, 512));
	CHECK(atomic_load(&yes) == 1);
}

#define AGREES(level, object) \
	CHECK(level == 1 || (level == 2) == atomic_is_lock_free(object))

static void lock_free_is_said_once(void)
{
	atomic_bool b;
	atomic_char c;
	atomic_char16_t c16;
	atomic_char32_t c32;
	atomic_wchar_t w;
	atomic_short s;
	atomic_int i;
	atomic_long l;
	atomic_llong ll;
	_Atomic(void *) p;

	AGREES(ATOMIC_BOOL_LOCK_FREE, &b);
	AGREES(ATOMIC_CHAR_LOCK_FREE, &c);
	AGREES(ATOMIC_CHAR16_T_LOCK_FREE, &c16);
	AGREES(ATOMIC_CHAR32_T_LOCK_FREE, &c32);
	AGREES(ATOMIC_WCHAR_T_LOCK_FREE, &w);
	AGREES(ATOMIC_SHORT_LOCK_FREE, &s);
	AGREES(ATOMIC_INT_LOCK_FREE, &i);
	AGREES(ATOMIC_LONG_LOCK_FREE, &l);
	AGREES(ATOMIC_LLONG_LOCK_FREE, &ll);
	AGREES(ATOMIC_POINTER_LOCK_FREE, &p);
}

static void dependency_is_a_value(void)
{
	_Atomic(struct pair *) p;
	struct pair pair = { 1, 2 };
	struct {
		unsigned int bits : 3;
	} field = { 5 };

	atomic_init(&p, &pair);
	CHECK(kill_dependency(atomic_load_explicit(&p,
		memory_order_consume)->second) == 2);
	CHECK(kill_dependency(pair).first == 1);
	CHECK(kill_dependency(field.bits) == 5);
	CHECK(IS_TYPE(struct pair, kill_dependency(pair)));
}

static void flag_is_set_and_cleared(void)
{
	static atomic_flag flag = ATOMIC_FLAG_INIT;

	CHECK(IS_TYPE(_Bool, atomic_flag_test_and_set(&flag)));
	CHECK(!atomic_flag_test_and_set(&flag));
	CHECK(atomic_flag_test_and_set(&flag));
	atomic_flag_clear(&flag);
#define FLAG(order) \
	CHECK(!atomic_flag_test_and_set_explicit(&flag, order)); \
	CHECK(atomic_flag_test_and_set_explicit(&flag, order)); \
	atomic_flag_clear(&flag);
	ALL_ORDERS(FLAG)
#define CLEAR(order) \
	CHECK(!atomic_flag_test_and_set(&flag)); \
	atomic_flag_clear_explicit(&flag, order);
	STORE_ORDERS(CLEAR)
	CHECK(!atomic_flag_test_and_set(&flag));
}

#endif
