/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What became of each block: calls with addresses go in, operations on slots
 * come out. It makes up for what was not recorded, and counts that.
 */
#ifndef MI_TRACE_READ_HISTORY_H
#define MI_TRACE_READ_HISTORY_H

#include "read.h"
#include "blocks.h"
#include "script.h"

/* At the same time */
#define RESIZING	4096

/* A realloc that has begun, and the one that it is within */
struct resizing {
	uint32_t thread;
	bool known;
	struct block block;
};

struct history_counts {
	uint64_t failed;	/* calls that were answered with NULL */
	uint64_t unknown_frees;	/* of blocks that no call has made */
	uint64_t unknown_resizes; /* the same, which became a malloc */
	uint64_t missed_frees;	/* a block is made where one was */
	uint64_t unmatched;	/* ends of a realloc without its beginning */
};

struct history {
	/* Called for each operation; `block` is what it made or resized, or
	 * what it has freed. Whether it could be done. */
	bool (*operation)(struct history *history,
			  const struct trace_call *call,
			  const struct mi_script_op *op,
			  const struct block *block, const struct block *old);
	void *owner;
	uint64_t calls;		/* so far */
	uint64_t operations;
	uint64_t live_bytes, live_blocks;
	uint64_t peak_bytes, peak_blocks; /* the blocks at that moment */
	uint64_t peak_operation, peak_call;
	uint32_t slots, threads;
	struct history_counts counts;
	/* its own */
	struct blocks blocks;
	uint32_t *empty;	/* slots, the one freed last at the end */
	size_t empty_count, empty_room;
	struct resizing resizing[RESIZING];
	size_t resizing_count;
	struct blocks numbers;	/* of threads, by recorded number + 1 */
	uint32_t thread;	/* the last one, + 1 */
	uint16_t number;	/* and what it is in the script */
};

/* NULL, or why the call cannot be added */
const char *history_add(struct history *history, const struct trace_call *call);

void history_end(struct history *history);

#endif /* MI_TRACE_READ_HISTORY_H */
