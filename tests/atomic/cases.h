/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is tested, for a test program with cmocka and for one without. The
 * program defines CHECK(condition) and runs all of CASES.
 */
#ifndef CASES_H
#define CASES_H

#include <pthread.h>
#include <sched.h>

#include "names.h"
#include "types.h"

#define CASES(X) \
	X(every_name_is_present) \
	X(functions_are_real) \
	X(every_type_stores_and_exchanges) \
	X(every_type_computes) \
	X(narrow_types_wrap) \
	X(orders_of_store_and_load) \
	X(orders_of_exchange) \
	X(orders_of_compare_exchange) \
	X(orders_of_fetch) \
	X(orders_known_only_at_run_time) \
	X(compare_exchange_updates_expected) \
	X(operands_are_evaluated_once) \
	X(operands_may_nest) \
	X(const_and_volatile_objects) \
	X(pointers_move_by_elements) \
	X(pointers_to_arrays_of_variable_length) \
	X(structs_are_atomic) \
	X(structs_of_any_size) \
	X(floating_types_and_enums) \
	X(initializers) \
	X(lock_free_is_said_once) \
	X(dependency_is_a_value) \
	X(flag_is_set_and_cleared) \
	X(counters_of_many_threads) \
	X(compare_exchange_loops_of_many_threads) \
	X(struct_loops_of_many_threads) \
	X(pointers_of_many_threads) \
	X(flag_is_a_spin_lock) \
	X(release_and_acquire_pass_data_on) \
	X(fences_pass_data_on)

/* -------- compile-time -------- */

/* In gcc too, typeof(rvalue) is free of qualifiers. */
#define IS_TYPE(type, value)	__builtin_types_compatible_p(type, \
					__typeof__((void)0, (value)))

#define DIRECT_TYPE(name, direct) \
	_Static_assert(_Generic((name *)0, _Atomic(direct) *: 1, \
				default: 0), #name " is of another type"); \
	_Static_assert(sizeof(name) == sizeof(direct), #name);
TYPES(DIRECT_TYPE)

_Static_assert(_Generic((atomic_flag *)0, default: 1), "atomic_flag");
_Static_assert(memory_order_relaxed != memory_order_seq_cst &&
	       memory_order_relaxed < memory_order_acquire &&
	       memory_order_acquire < memory_order_acq_rel &&
	       memory_order_release < memory_order_acq_rel &&
	       memory_order_acq_rel < memory_order_seq_cst, "orders");
_Static_assert(ATOMIC_INT_LOCK_FREE == 2 && ATOMIC_POINTER_LOCK_FREE == 2,
	       "a 64-bit processor can do this");

#define COUNT_TYPE(name, direct)	+1
_Static_assert(0 TYPES(COUNT_TYPE) == TYPES_COUNT, "a type is missing");

/* -------- names -------- */

static void every_name_is_present(void)
{
	CHECK(atomic_load(&names_int) == 41);
	CHECK(names_orders[5] == memory_order_seq_cst);
	CHECK(names_generic() == 48);
	CHECK(names_functions() == 0);
}

/*
 * The functions under the macros: they work, and are the same for each file
 * of the program.
 */
static void functions_are_real(void)
{
	static atomic_flag flag = ATOMIC_FLAG_INIT;

	CHECK(names_real.thread_fence == atomic_thread_fence);
	CHECK(names_real.signal_fence == atomic_signal_fence);
	CHECK(names_real.test_and_set == atomic_flag_test_and_set);
	CHECK(names_real.test_and_set_explicit ==
	      atomic_flag_test_and_set_explicit);
	CHECK(names_real.clear == atomic_flag_clear);
	CHECK(names_real.clear_explicit == atomic_flag_clear_explicit);

	(atomic_thread_fence)(memory_order_seq_cst);
	(atomic_signal_fence)(memory_order_acq_rel);
	CHECK(!(atomic_flag_test_and_set)(&flag));
	CHECK((atomic_flag_test_and_set)(&flag));
	(atomic_flag_clear)(&flag);
	CHECK(!(atomic_flag_test_and_set_explicit)(&flag,
						   memory_order_acquire));
	CHECK((atomic_flag_test_and_set_explicit)(&flag,
						  memory_order_relaxed));
	(atomic_flag_clear_explicit)(&flag, memory_order_release);
	CHECK(!(atomic_flag_test_and_set)(&flag));
}

#include "cases_types.h"
#include "cases_orders.h"
#include "cases_operands.h"
#include "cases_objects.h"
#include "cases_threads.h"

#endif
