/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads a recorded trace: all that is sound up to the first fault, as calls in
 * the order of the whole process. Memory is taken for a chunk of each thread
 * that is at work at a time, and 48 bytes for each chunk of the file.
 */
#ifndef MI_TRACE_READ_H
#define MI_TRACE_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format.h"

struct trace_call {
	unsigned int kind;	/* enum mi_trace_kind */
	unsigned int align_log2;
	uint32_t thread;	/* as recorded */
	bool failed;
	uint64_t order;
	uint64_t address;	/* not 0, unless it has failed */
	uint64_t size;
};

struct trace_chunk;
struct trace_stream;

struct trace {
	struct mi_trace_header header;
	char program[UINT16_MAX + 1];
	char machine[UINT16_MAX + 1];
	uint64_t calls;		/* events that are sound */
	const char *fault;	/* what ended that, or NULL */
	uint64_t fault_at;	/* its place in the file */
	/* of the reader itself */
	int descriptor;
	struct trace_chunk *chunks;
	size_t chunk_count, chunk_room;
	struct trace_stream *streams;	/* a heap by order, soonest first */
	size_t stream_count;
	unsigned char *stored;
	void *context;
};

/* NULL, or why the file is none of ours: then there is nothing to close. A
 * fault further behind is told in the trace. */
const char *trace_open(struct trace *trace, const char *path);

/* The next call, or false at the end */
bool trace_next(struct trace *trace, struct trace_call *call);

void trace_close(struct trace *trace);

#endif /* MI_TRACE_READ_H */
