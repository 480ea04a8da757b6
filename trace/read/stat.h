/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Figures of a trace, for `mi-trace stat`. Classes are powers of two:
 * class n has sizes up to 2^n, and lifetimes below.
 */
#ifndef MI_TRACE_STAT_H
#define MI_TRACE_STAT_H

#include <stdio.h>

#include "history.h"

#define STAT_CLASSES	65

struct stat_counts {
	uint64_t calls[MI_TRACE_KINDS];	/* the failed ones as well */
	uint64_t failed[MI_TRACE_KINDS];
	uint64_t requests[STAT_CLASSES], bytes[STAT_CLASSES];	/* by size */
	uint64_t lifetimes[STAT_CLASSES]; /* in calls */
	uint64_t alignments[64];	/* of what was made, by the logarithm */
	uint64_t frees, frees_remote;	/* of known blocks */
	uint64_t grown, shrunk, kept, moved;
	uint64_t grown_from, grown_to;	/* bytes */
};

void stat_call(struct stat_counts *counts, const struct trace_call *call);
void stat_operation(struct stat_counts *counts, const struct history *history,
		    const struct trace_call *call,
		    const struct mi_script_op *op, const struct block *block,
		    const struct block *old);

/* Members of a JSON object, with a comma before each */
void stat_print(const struct stat_counts *counts);

#endif /* MI_TRACE_STAT_H */
