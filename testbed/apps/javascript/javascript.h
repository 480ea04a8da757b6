/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the workload and the prompt of QuickJS share: the engine with print()
 * and console.log(), and what it says of errors.
 */
#ifndef JAVASCRIPT_H
#define JAVASCRIPT_H

#include <quickjs.h>

/* NULL where memory is short. */
JSContext *javascript_create(void);
void javascript_destroy(JSContext *js);

void javascript_function(JSContext *js, const char *name, JSCFunction *function,
			 int parameters);

/* Prints the exception that is pending, and takes it; no context: no memory. */
void javascript_print_error(JSContext *js);

#endif /* JAVASCRIPT_H */
