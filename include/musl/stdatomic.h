/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * <stdatomic.h> of C11 and C17 (7.17), which musl lacks. On the builtins of
 * gcc and clang; docs/stdatomic.md says what it leaves to the compiler.
 */
#ifndef _MI_STDATOMIC_H
#define _MI_STDATOMIC_H

/*
 * Only the C library knows which types it calls fast: a compiler made for
 * glibc predefines others than musl has.
 */
#include <stdint.h>

/* -------- 7.17.1, 7.17.2: macros, initialization -------- */

#define ATOMIC_BOOL_LOCK_FREE		__GCC_ATOMIC_BOOL_LOCK_FREE
#define ATOMIC_CHAR_LOCK_FREE		__GCC_ATOMIC_CHAR_LOCK_FREE
#define ATOMIC_CHAR16_T_LOCK_FREE	__GCC_ATOMIC_CHAR16_T_LOCK_FREE
#define ATOMIC_CHAR32_T_LOCK_FREE	__GCC_ATOMIC_CHAR32_T_LOCK_FREE
#define ATOMIC_WCHAR_T_LOCK_FREE	__GCC_ATOMIC_WCHAR_T_LOCK_FREE
#define ATOMIC_SHORT_LOCK_FREE		__GCC_ATOMIC_SHORT_LOCK_FREE
#define ATOMIC_INT_LOCK_FREE		__GCC_ATOMIC_INT_LOCK_FREE
#define ATOMIC_LONG_LOCK_FREE		__GCC_ATOMIC_LONG_LOCK_FREE
#define ATOMIC_LLONG_LOCK_FREE		__GCC_ATOMIC_LLONG_LOCK_FREE
#define ATOMIC_POINTER_LOCK_FREE	__GCC_ATOMIC_POINTER_LOCK_FREE

#define ATOMIC_VAR_INIT(value)	(value)
#define ATOMIC_FLAG_INIT	{ 0 }

/* -------- 7.17.3: order -------- */

typedef enum {
	memory_order_relaxed = __ATOMIC_RELAXED,
	memory_order_consume = __ATOMIC_CONSUME,
	memory_order_acquire = __ATOMIC_ACQUIRE,
	memory_order_release = __ATOMIC_RELEASE,
	memory_order_acq_rel = __ATOMIC_ACQ_REL,
	memory_order_seq_cst = __ATOMIC_SEQ_CST
} memory_order;

/* The value of an lvalue: its type has no qualifiers and is not atomic. */
#define __mi_value(lvalue)	((void)0, (lvalue))

/* Compilers take consume for acquire: there is no dependency to end. */
#define kill_dependency(y)	__mi_value(y)

/* -------- 7.17.6: types -------- */

typedef _Atomic(_Bool)			atomic_bool;
typedef _Atomic(char)			atomic_char;
typedef _Atomic(signed char)		atomic_schar;
typedef _Atomic(unsigned char)		atomic_uchar;
typedef _Atomic(short)			atomic_short;
typedef _Atomic(unsigned short)		atomic_ushort;
typedef _Atomic(int)			atomic_int;
typedef _Atomic(unsigned int)		atomic_uint;
typedef _Atomic(long)			atomic_long;
typedef _Atomic(unsigned long)		atomic_ulong;
typedef _Atomic(long long)		atomic_llong;
typedef _Atomic(unsigned long long)	atomic_ullong;
typedef _Atomic(__CHAR16_TYPE__)	atomic_char16_t;
typedef _Atomic(__CHAR32_TYPE__)	atomic_char32_t;
typedef _Atomic(__WCHAR_TYPE__)		atomic_wchar_t;
typedef _Atomic(int_least8_t)		atomic_int_least8_t;
typedef _Atomic(uint_least8_t)		atomic_uint_least8_t;
typedef _Atomic(int_least16_t)		atomic_int_least16_t;
typedef _Atomic(uint_least16_t)		atomic_uint_least16_t;
typedef _Atomic(int_least32_t)		atomic_int_least32_t;
typedef _Atomic(uint_least32_t)		atomic_uint_least32_t;
typedef _Atomic(int_least64_t)		atomic_int_least64_t;
typedef _Atomic(uint_least64_t)		atomic_uint_least64_t;
typedef _Atomic(int_fast8_t)		atomic_int_fast8_t;
typedef _Atomic(uint_fast8_t)		atomic_uint_fast8_t;
typedef _Atomic(int_fast16_t)		atomic_int_fast16_t;
typedef _Atomic(uint_fast16_t)		atomic_uint_fast16_t;
typedef _Atomic(int_fast32_t)		atomic_int_fast32_t;
typedef _Atomic(uint_fast32_t)		atomic_uint_fast32_t;
typedef _Atomic(int_fast64_t)		atomic_int_fast64_t;
typedef _Atomic(uint_fast64_t)		atomic_uint_fast64_t;
typedef _Atomic(intptr_t)		atomic_intptr_t;
typedef _Atomic(uintptr_t)		atomic_uintptr_t;
typedef _Atomic(__SIZE_TYPE__)		atomic_size_t;
typedef _Atomic(__PTRDIFF_TYPE__)	atomic_ptrdiff_t;
typedef _Atomic(intmax_t)		atomic_intmax_t;
typedef _Atomic(uintmax_t)		atomic_uintmax_t;

/* One byte, which is always lock-free */
typedef struct {
	unsigned char __set;
} atomic_flag;

/* -------- 7.17.5: lock-free -------- */

/* Compilers fold the builtin, and with it what its operand would do. */
#ifdef __clang__
#define atomic_is_lock_free(object) \
	((void)(object), __c11_atomic_is_lock_free(sizeof(*(object))))
#else
#define atomic_is_lock_free(object) __extension__ ({ \
	__auto_type __at = (object); \
	__atomic_is_lock_free(sizeof(*__at), __at); \
})
#endif

/* -------- 7.17.7: operations on atomic types, with an order -------- */

#ifdef __clang__

/*
 * These know about _Atomic, evaluate once and scale by what is pointed to.
 * Without ({ }), clang 14 cannot select a member of the result.
 */
#define atomic_init(object, value) \
	__c11_atomic_init((object), (value))
#define atomic_store_explicit(object, desired, order) \
	__c11_atomic_store((object), (desired), (int)(order))
#define atomic_load_explicit(object, order) \
	__extension__ ({ __c11_atomic_load((object), (int)(order)); })
#define atomic_exchange_explicit(object, desired, order) __extension__ ({ \
	__c11_atomic_exchange((object), (desired), (int)(order)); \
})
#define atomic_compare_exchange_strong_explicit(object, expected, desired, \
						success, failure) \
	__c11_atomic_compare_exchange_strong((object), (expected), (desired), \
					     (int)(success), (int)(failure))
#define atomic_compare_exchange_weak_explicit(object, expected, desired, \
					      success, failure) \
	__c11_atomic_compare_exchange_weak((object), (expected), (desired), \
					   (int)(success), (int)(failure))
#define atomic_fetch_add_explicit(object, operand, order) \
	__c11_atomic_fetch_add((object), (operand), (int)(order))
#define atomic_fetch_sub_explicit(object, operand, order) \
	__c11_atomic_fetch_sub((object), (operand), (int)(order))
#define atomic_fetch_or_explicit(object, operand, order) \
	__c11_atomic_fetch_or((object), (operand), (int)(order))
#define atomic_fetch_xor_explicit(object, operand, order) \
	__c11_atomic_fetch_xor((object), (operand), (int)(order))
#define atomic_fetch_and_explicit(object, operand, order) \
	__c11_atomic_fetch_and((object), (operand), (int)(order))

#else

/*
 * gcc: each operand is first converted to the type of the parameter, in the
 * way of a function call, and so evaluated once.
 */
#define __mi_type(lvalue)	__typeof__(__mi_value(lvalue))

#define atomic_init(object, value) \
	atomic_store_explicit((object), (value), memory_order_relaxed)

#define atomic_store_explicit(object, desired, order) __extension__ ({ \
	__auto_type __to = (object); \
	__mi_type(*__to) __in = (desired); \
	__atomic_store(__to, &__in, (int)(order)); \
})

#define atomic_load_explicit(object, order) __extension__ ({ \
	__auto_type __from = (object); \
	__mi_type(*__from) __out; \
	__atomic_load(__from, &__out, (int)(order)); \
	__out; \
})

#define atomic_exchange_explicit(object, desired, order) __extension__ ({ \
	__auto_type __at = (object); \
	__mi_type(*__at) __in = (desired), __out; \
	__atomic_exchange(__at, &__in, &__out, (int)(order)); \
	__out; \
})

#define __mi_compare_exchange(object, expected, desired, weak, success, \
			      failure) __extension__ ({ \
	__auto_type __at = (object); \
	__mi_type(*__at) *__old = (expected), __in = (desired); \
	__atomic_compare_exchange(__at, __old, &__in, (weak), \
				  (int)(success), (int)(failure)); \
})
#define atomic_compare_exchange_strong_explicit(object, expected, desired, \
						success, failure) \
	__mi_compare_exchange(object, expected, desired, 0, success, failure)
#define atomic_compare_exchange_weak_explicit(object, expected, desired, \
					      success, failure) \
	__mi_compare_exchange(object, expected, desired, 1, success, failure)

/* 5 is the class of pointers. Their builtins count bytes: scale. */
#define __mi_if_pointer(x, then, otherwise) \
	__builtin_choose_expr(__builtin_classify_type(x) == 5, then, otherwise)
#define __mi_fetch_offset(builtin, object, operand, order) __extension__ ({ \
	__auto_type __at = (object); \
	__mi_type(*__at) __any = 0; \
	__typeof__(__mi_if_pointer(__any, (__PTRDIFF_TYPE__)0, __any)) \
		__in = (operand); \
	builtin(__at, __mi_if_pointer(__any, (__SIZE_TYPE__)__in * \
		sizeof(*__mi_if_pointer(__any, __any, (char *)0)), __in), \
		(int)(order)); \
})
#define __mi_fetch_bits(builtin, object, operand, order) __extension__ ({ \
	__auto_type __at = (object); \
	__mi_type(*__at) __in = (operand); \
	builtin(__at, __in, (int)(order)); \
})

#define atomic_fetch_add_explicit(object, operand, order) \
	__mi_fetch_offset(__atomic_fetch_add, object, operand, order)
#define atomic_fetch_sub_explicit(object, operand, order) \
	__mi_fetch_offset(__atomic_fetch_sub, object, operand, order)
#define atomic_fetch_or_explicit(object, operand, order) \
	__mi_fetch_bits(__atomic_fetch_or, object, operand, order)
#define atomic_fetch_xor_explicit(object, operand, order) \
	__mi_fetch_bits(__atomic_fetch_xor, object, operand, order)
#define atomic_fetch_and_explicit(object, operand, order) \
	__mi_fetch_bits(__atomic_fetch_and, object, operand, order)

#endif

/* -------- 7.17.7: the same, sequentially consistent -------- */

#define atomic_store(object, desired) \
	atomic_store_explicit(object, desired, memory_order_seq_cst)
#define atomic_load(object) \
	atomic_load_explicit(object, memory_order_seq_cst)
#define atomic_exchange(object, desired) \
	atomic_exchange_explicit(object, desired, memory_order_seq_cst)
#define atomic_compare_exchange_strong(object, expected, desired) \
	atomic_compare_exchange_strong_explicit(object, expected, desired, \
		memory_order_seq_cst, memory_order_seq_cst)
#define atomic_compare_exchange_weak(object, expected, desired) \
	atomic_compare_exchange_weak_explicit(object, expected, desired, \
		memory_order_seq_cst, memory_order_seq_cst)
#define atomic_fetch_add(object, operand) \
	atomic_fetch_add_explicit(object, operand, memory_order_seq_cst)
#define atomic_fetch_sub(object, operand) \
	atomic_fetch_sub_explicit(object, operand, memory_order_seq_cst)
#define atomic_fetch_or(object, operand) \
	atomic_fetch_or_explicit(object, operand, memory_order_seq_cst)
#define atomic_fetch_xor(object, operand) \
	atomic_fetch_xor_explicit(object, operand, memory_order_seq_cst)
#define atomic_fetch_and(object, operand) \
	atomic_fetch_and_explicit(object, operand, memory_order_seq_cst)

/* -------- 7.17.4, 7.17.8: fences, atomic_flag -------- */

/*
 * Functions with external linkage, as 7.1.2 demands of all but the generic
 * ones. There is no library to hold them: each object brings weak ones, and
 * the section lets the linker collect those that nobody asks for.
 */
#define __mi_function(name) \
	__attribute__((__weak__, __section__(".text." #name)))

void atomic_thread_fence(memory_order __order);
void atomic_signal_fence(memory_order __order);
_Bool atomic_flag_test_and_set(volatile atomic_flag *__object);
_Bool atomic_flag_test_and_set_explicit(volatile atomic_flag *__object,
					memory_order __order);
void atomic_flag_clear(volatile atomic_flag *__object);
void atomic_flag_clear_explicit(volatile atomic_flag *__object,
				memory_order __order);

/* The literal converts what is passed as a call of the function would. */
#define atomic_thread_fence(order)	__atomic_thread_fence((int)(order))
#define atomic_signal_fence(order)	__atomic_signal_fence((int)(order))
#define atomic_flag_test_and_set_explicit(object, order) \
	__atomic_test_and_set(&((volatile atomic_flag *){ (object) })->__set, \
			      (int)(order))
#define atomic_flag_test_and_set(object) \
	atomic_flag_test_and_set_explicit(object, memory_order_seq_cst)
#define atomic_flag_clear_explicit(object, order) \
	__atomic_clear(&((volatile atomic_flag *){ (object) })->__set, \
		       (int)(order))
#define atomic_flag_clear(object) \
	atomic_flag_clear_explicit(object, memory_order_seq_cst)

__mi_function(atomic_thread_fence)
void (atomic_thread_fence)(memory_order __order)
{
	atomic_thread_fence(__order);
}

__mi_function(atomic_signal_fence)
void (atomic_signal_fence)(memory_order __order)
{
	atomic_signal_fence(__order);
}

__mi_function(atomic_flag_test_and_set)
_Bool (atomic_flag_test_and_set)(volatile atomic_flag *__object)
{
	return atomic_flag_test_and_set(__object);
}

__mi_function(atomic_flag_test_and_set_explicit)
_Bool (atomic_flag_test_and_set_explicit)(volatile atomic_flag *__object,
					  memory_order __order)
{
	return atomic_flag_test_and_set_explicit(__object, __order);
}

__mi_function(atomic_flag_clear)
void (atomic_flag_clear)(volatile atomic_flag *__object)
{
	atomic_flag_clear(__object);
}

__mi_function(atomic_flag_clear_explicit)
void (atomic_flag_clear_explicit)(volatile atomic_flag *__object,
				  memory_order __order)
{
	atomic_flag_clear_explicit(__object, __order);
}

#undef __mi_function

#endif
