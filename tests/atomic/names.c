/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every name that C11 puts into <stdatomic.h>, each used: without any one of
 * them this file does not compile, which removed.sh tries. Nothing else is
 * included, so that the header has to stand alone.
 */
#include <stdatomic.h>

#ifndef _MI_STDATOMIC_H
#error "this is another <stdatomic.h> than the one to be tested"
#endif

#include "names.h"

/* -------- macros, all but two for #if -------- */

#if !defined ATOMIC_BOOL_LOCK_FREE || !defined ATOMIC_CHAR_LOCK_FREE || \
	!defined ATOMIC_CHAR16_T_LOCK_FREE || \
	!defined ATOMIC_CHAR32_T_LOCK_FREE || \
	!defined ATOMIC_WCHAR_T_LOCK_FREE || \
	!defined ATOMIC_SHORT_LOCK_FREE || !defined ATOMIC_INT_LOCK_FREE || \
	!defined ATOMIC_LONG_LOCK_FREE || !defined ATOMIC_LLONG_LOCK_FREE || \
	!defined ATOMIC_POINTER_LOCK_FREE || !defined ATOMIC_FLAG_INIT || \
	!defined ATOMIC_VAR_INIT || !defined kill_dependency
#error "a macro is missing"
#endif

#define IS_LEVEL(x)	((x) == 0 || (x) == 1 || (x) == 2)
#if !IS_LEVEL(ATOMIC_BOOL_LOCK_FREE) || !IS_LEVEL(ATOMIC_CHAR_LOCK_FREE) || \
	!IS_LEVEL(ATOMIC_CHAR16_T_LOCK_FREE) || \
	!IS_LEVEL(ATOMIC_CHAR32_T_LOCK_FREE) || \
	!IS_LEVEL(ATOMIC_WCHAR_T_LOCK_FREE) || \
	!IS_LEVEL(ATOMIC_SHORT_LOCK_FREE) || \
	!IS_LEVEL(ATOMIC_INT_LOCK_FREE) || \
	!IS_LEVEL(ATOMIC_LONG_LOCK_FREE) || \
	!IS_LEVEL(ATOMIC_LLONG_LOCK_FREE) || \
	!IS_LEVEL(ATOMIC_POINTER_LOCK_FREE)
#error "a level is none of 0, 1, 2"
#endif

atomic_flag names_flag = ATOMIC_FLAG_INIT;
atomic_int names_int = ATOMIC_VAR_INIT(41);

/* -------- types -------- */

extern atomic_bool t_bool;
extern atomic_char t_char;
extern atomic_schar t_schar;
extern atomic_uchar t_uchar;
extern atomic_short t_short;
extern atomic_ushort t_ushort;
extern atomic_int t_int;
extern atomic_uint t_uint;
extern atomic_long t_long;
extern atomic_ulong t_ulong;
extern atomic_llong t_llong;
extern atomic_ullong t_ullong;
extern atomic_char16_t t_char16_t;
extern atomic_char32_t t_char32_t;
extern atomic_wchar_t t_wchar_t;
extern atomic_int_least8_t t_int_least8_t;
extern atomic_uint_least8_t t_uint_least8_t;
extern atomic_int_least16_t t_int_least16_t;
extern atomic_uint_least16_t t_uint_least16_t;
extern atomic_int_least32_t t_int_least32_t;
extern atomic_uint_least32_t t_uint_least32_t;
extern atomic_int_least64_t t_int_least64_t;
extern atomic_uint_least64_t t_uint_least64_t;
extern atomic_int_fast8_t t_int_fast8_t;
extern atomic_uint_fast8_t t_uint_fast8_t;
extern atomic_int_fast16_t t_int_fast16_t;
extern atomic_uint_fast16_t t_uint_fast16_t;
extern atomic_int_fast32_t t_int_fast32_t;
extern atomic_uint_fast32_t t_uint_fast32_t;
extern atomic_int_fast64_t t_int_fast64_t;
extern atomic_uint_fast64_t t_uint_fast64_t;
extern atomic_intptr_t t_intptr_t;
extern atomic_uintptr_t t_uintptr_t;
extern atomic_size_t t_size_t;
extern atomic_ptrdiff_t t_ptrdiff_t;
extern atomic_intmax_t t_intmax_t;
extern atomic_uintmax_t t_uintmax_t;

/* -------- orders -------- */

const memory_order names_orders[] = {
	memory_order_relaxed, memory_order_consume, memory_order_acquire,
	memory_order_release, memory_order_acq_rel, memory_order_seq_cst,
};

/* -------- generic functions -------- */

int names_generic(void)
{
	atomic_int a;
	int old = 1;

	atomic_init(&a, 1);
	if (!atomic_is_lock_free(&a))
		return -kill_dependency(old);
	atomic_store(&a, 2);
	atomic_store_explicit(&a, 2, memory_order_release);
	old = atomic_load(&a);
	old += atomic_load_explicit(&a, memory_order_acquire);
	old += atomic_exchange(&a, 3);
	old += atomic_exchange_explicit(&a, 3, memory_order_acq_rel);
	atomic_compare_exchange_strong(&a, &old, 4);
	atomic_compare_exchange_strong_explicit(&a, &old, 4,
		memory_order_acq_rel, memory_order_relaxed);
	atomic_compare_exchange_weak(&a, &old, 4);
	atomic_compare_exchange_weak_explicit(&a, &old, 4,
		memory_order_acq_rel, memory_order_relaxed);
	old += atomic_fetch_add(&a, 1);
	old += atomic_fetch_add_explicit(&a, 1, memory_order_relaxed);
	old += atomic_fetch_sub(&a, 1);
	old += atomic_fetch_sub_explicit(&a, 1, memory_order_relaxed);
	old += atomic_fetch_or(&a, 1);
	old += atomic_fetch_or_explicit(&a, 1, memory_order_relaxed);
	old += atomic_fetch_xor(&a, 1);
	old += atomic_fetch_xor_explicit(&a, 1, memory_order_relaxed);
	old += atomic_fetch_and(&a, 1);
	old += atomic_fetch_and_explicit(&a, 1, memory_order_relaxed);
	return old;
}

/* -------- functions: called as macros, then without them -------- */

int names_functions(void)
{
	atomic_thread_fence(memory_order_seq_cst);
	atomic_signal_fence(memory_order_seq_cst);
	atomic_flag_clear(&names_flag);
	if (atomic_flag_test_and_set(&names_flag))
		return 1;
	atomic_flag_clear_explicit(&names_flag, memory_order_release);
	return atomic_flag_test_and_set_explicit(&names_flag,
						 memory_order_acquire);
}

#undef atomic_thread_fence
#undef atomic_signal_fence
#undef atomic_flag_test_and_set
#undef atomic_flag_test_and_set_explicit
#undef atomic_flag_clear
#undef atomic_flag_clear_explicit

/* 7.1.4: they may be declared once more, with external linkage. */
extern void atomic_thread_fence(memory_order);
extern void atomic_signal_fence(memory_order);
extern _Bool atomic_flag_test_and_set(volatile atomic_flag *);
extern _Bool atomic_flag_test_and_set_explicit(volatile atomic_flag *,
					       memory_order);
extern void atomic_flag_clear(volatile atomic_flag *);
extern void atomic_flag_clear_explicit(volatile atomic_flag *, memory_order);

const struct real_functions names_real = {
	atomic_thread_fence,
	atomic_signal_fence,
	atomic_flag_test_and_set,
	atomic_flag_test_and_set_explicit,
	atomic_flag_clear,
	atomic_flag_clear_explicit,
};
