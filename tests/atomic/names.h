/* SPDX-License-Identifier: BSD-3-Clause */
/* What names.c offers to the test programs */
#ifndef NAMES_H
#define NAMES_H

#include <stdatomic.h>

/* The functions of 7.17 that are not generic, in their order */
struct real_functions {
	void (*thread_fence)(memory_order);
	void (*signal_fence)(memory_order);
	_Bool (*test_and_set)(volatile atomic_flag *);
	_Bool (*test_and_set_explicit)(volatile atomic_flag *, memory_order);
	void (*clear)(volatile atomic_flag *);
	void (*clear_explicit)(volatile atomic_flag *, memory_order);
};

extern const struct real_functions names_real;
extern atomic_flag names_flag;
extern atomic_int names_int;

extern const memory_order names_orders[6];

int names_generic(void);	/* the sum of all values that were returned */
int names_functions(void);	/* 0 */

#endif
