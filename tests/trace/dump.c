/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Prints the calls of a recorded trace, a line each: thread, kind, logarithm of
 * the alignment, address or -, size.
 */
#include <inttypes.h>
#include <stdio.h>

#include "read.h"

static const char *const kinds[MI_TRACE_KINDS] = {
	[MI_TRACE_MALLOC] = "malloc",
	[MI_TRACE_CALLOC] = "calloc",
	[MI_TRACE_REALLOC_NULL] = "realloc_null",
	[MI_TRACE_RESIZE] = "resize",
	[MI_TRACE_RESIZED] = "resized",
	[MI_TRACE_ALIGNED] = "aligned",
	[MI_TRACE_NEW] = "new",
	[MI_TRACE_FREE] = "free",
	[MI_TRACE_DELETE] = "delete",
};

int main(int argc, char **argv)
{
	static struct trace trace;
	struct trace_call call;
	const char *fault = argc == 2 ? trace_open(&trace, argv[1]) : "usage";
	char address[32];

	if (fault) {
		fprintf(stderr, "dump: %s\n", fault);
		return 1;
	}
	while (trace_next(&trace, &call)) {
		snprintf(address, sizeof(address), "%#" PRIx64, call.address);
		printf("%u %s %u %s %" PRIu64 "\n", call.thread,
		       kinds[call.kind], call.align_log2,
		       call.failed ? "-" : address, call.size);
	}
	trace_close(&trace);
	return trace.fault ? 3 : 0;
}
