/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The events of a chunk, from its bytes.
 */
#include "events.h"

void events_begin(struct trace_events *events,
		  const struct mi_trace_chunk *chunk,
		  const unsigned char *plain)
{
	events->at = plain;
	events->end = plain + chunk->plain_bytes;
	events->left = chunk->events;
	events->order = chunk->first_order - 1;
	events->address = 0;
}

/* Whether there is a number; of ten bytes the last one is 1 at most */
static bool number(struct trace_events *events, uint64_t *value)
{
	unsigned int shift = 0;
	unsigned char byte;

	*value = 0;
	do {
		if (events->at == events->end)
			return false;
		byte = *events->at++;
		if (shift == 63 && byte > 1)
			return false;
		*value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return true;
}

static bool order(struct trace_events *events, unsigned int tag)
{
	uint64_t folded = 0;

	if (!(tag & MI_TRACE_NEXT) && !number(events, &folded))
		return false;
	events->order += 1 + mi_trace_unfold(folded);
	return true;
}

static bool alignment(struct trace_events *events, unsigned int tag,
		      struct trace_call *call)
{
	call->align_log2 = 0;
	if (!(tag & MI_TRACE_ALIGN))
		return true;
	if (events->at == events->end)
		return false;
	call->align_log2 = *events->at++;
	return call->align_log2 < 64;
}

static bool address(struct trace_events *events, unsigned int tag,
		    struct trace_call *call)
{
	uint64_t folded, difference;

	call->address = 0;
	call->failed = tag & MI_TRACE_FAILED;
	if (call->failed)
		return mi_trace_has_size(call->kind);
	if (!number(events, &folded))
		return false;
	difference = mi_trace_unfold(folded);
	events->address += tag & MI_TRACE_BY_16 ? difference * 16 : difference;
	call->address = events->address;
	return call->address != 0;
}

const char *events_next(struct trace_events *events, struct trace_call *call)
{
	unsigned int tag;

	if (events->at == events->end)
		return "a chunk has fewer events than it says";
	tag = *events->at++;
	call->kind = tag & MI_TRACE_KIND;
	call->size = 0;
	if (call->kind < MI_TRACE_MALLOC || call->kind >= MI_TRACE_KINDS)
		return "an event of no known kind";
	if (!order(events, tag) || !alignment(events, tag, call) ||
	    !address(events, tag, call))
		return "an event that cannot be";
	if (mi_trace_has_size(call->kind) && !number(events, &call->size))
		return "an event without its size";
	call->order = events->order;
	if (--events->left == 0 && events->at != events->end)
		return "a chunk has more events than it says";
	return NULL;
}
