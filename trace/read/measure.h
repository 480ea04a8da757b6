/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What mi-trace-measure counts; measure.c reads the script, measure_count.c
 * goes through it.
 *
 * A bucket i of sizes and of lifetimes stands for what is at most 1 << i and
 * above the bucket before.
 */
#ifndef MI_TRACE_MEASURE_H
#define MI_TRACE_MEASURE_H

#include "script.h"

/* Ends the process with a message on standard error. */
_Noreturn void fail(const char *about, const char *what);

/* Prints what a sound script asks for, with so many points of time at most. */
void measure(const struct mi_script_header *script, uint64_t points);

#endif /* MI_TRACE_MEASURE_H */
