/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The record of all calls on the heap, which testbed/recording.py reads where
 * QEMU has the machine's memory in a file.
 *
 *   +--------+------+------+-- - - --+
 *   | header | call | call |         |   from the start of a page on
 *   +--------+------+------+-- - - --+
 */
#ifndef TESTBED_TRACE_H
#define TESTBED_TRACE_H

#include <stddef.h>
#include <stdint.h>
#include <uk/alloc.h>

#define TRACE_MAGIC 0x646563617274696dUL	/* "mitraced" */

enum trace_kind {			/* as in trace/script.h */
	TRACE_MALLOC = 1,
	TRACE_CALLOC,
	TRACE_REALLOC,
	TRACE_ALIGNED,
	TRACE_FREE
};

struct trace_header {
	uint64_t magic;
	uint64_t address;		/* its own */
	uint64_t room;			/* calls that can be kept */
	uint64_t calls;			/* that were made */
};

struct trace_call {
	uint32_t kind;
	uint32_t thread;		/* its address / 16, or 0 */
	uint64_t align;			/* ALIGNED */
	uint64_t size;			/* of FREE 0 */
	uint64_t before, after;		/* addresses, or 0 */
};

/* Takes trace= off the end of memory, before the heap is made. */
void trace_cut_range(void);

/* From here on the calls on that allocator are recorded, if trace= is set. */
void trace_start(struct uk_alloc *a);

#endif /* TESTBED_TRACE_H */
