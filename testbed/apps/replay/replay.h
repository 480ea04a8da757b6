/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts of replay share. */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <script.h>
#include <uk/alloc.h>

#define KINDS 6				/* 0 is none */
#define THREADS_MAX 64

/* Of the table of slots; without a block all are zero. */
struct slot {
	void *block;
	uint64_t size;			/* as it was asked for */
};

/* Calls of one kind */
struct kind {
	uint64_t calls, instructions, worst, worst_operation;
};

struct replay {
	struct uk_alloc *a;
	const struct mi_script_header *script;
	struct slot *slots;
	uint64_t points;		/* of the timeline that are wanted */
	bool threads;			/* one for each of the script's */

	uint64_t next;			/* operation */
	bool ended;
	bool refused;			/* "next" found no memory */
	uint64_t live, peak, peak_operation;
	long heap_at_peak;		/* bytes in use */
	long heap_at_start;		/* free bytes */
	long heap_peak;
	uint64_t heap_peak_operation;
	size_t frames_at_start;
	struct kind kinds[KINDS];
};

extern struct replay replay;

/* calls.c: one call, and what it took, which is the call through the table,
 * what it leads to, and the return */
void calls_calibrate(void);
void *call_counted(const struct mi_script_op *op, void *block,
		   uint64_t *instructions);

/* play.c: all operations, or those until memory is out */
void play(void);
long heap_in_use(void);

/* print.c: one JSON object between two lines that tell where it is */
void print_begin(void);
void print_point(const char *before);
void print_end(void);

#endif /* REPLAY_REPLAY_H */
