/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MI_TRACE_READ_EVENTS_H
#define MI_TRACE_READ_EVENTS_H

#include "read.h"

/* Where in the events of a chunk a reader is */
struct trace_events {
	const unsigned char *at, *end;
	uint32_t left;		/* events that follow */
	uint64_t order;		/* of the one before */
	uint64_t address;
};

void events_begin(struct trace_events *events,
		  const struct mi_trace_chunk *chunk,
		  const unsigned char *plain);

/* The next event: NULL, or what is wrong with it. There has to be one. */
const char *events_next(struct trace_events *events, struct trace_call *call);

#endif /* MI_TRACE_READ_EVENTS_H */
