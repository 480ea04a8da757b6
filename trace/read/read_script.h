/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A script, read as if it were a recorded trace. It has no addresses: each slot
 * stands for one, so no block ever seems to move.
 */
#ifndef MI_TRACE_READ_SCRIPT_H
#define MI_TRACE_READ_SCRIPT_H

#include "read.h"
#include "script.h"

struct script {
	const struct mi_script_header *header;
	uint64_t at;		/* the operation that comes next */
	bool resizing;		/* whose first half, of two, has been read */
	int descriptor;
};

/* Whether a file begins as a script does */
bool script_is(const char *path);

/* NULL, or why it is not a sound one: then there is nothing to close */
const char *script_open(struct script *script, const char *path);

/* The next call, or false at the end */
bool script_next(struct script *script, struct trace_call *call);

void script_close(struct script *script);

#endif /* MI_TRACE_READ_SCRIPT_H */
