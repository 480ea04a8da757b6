/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counts what a trace has of each kind, size and age.
 */
#include <inttypes.h>

#include "stat.h"

static const char *const kinds[MI_TRACE_KINDS] = {
	[MI_TRACE_MALLOC] = "malloc",
	[MI_TRACE_CALLOC] = "calloc",
	[MI_TRACE_REALLOC_NULL] = "realloc_null",
	[MI_TRACE_RESIZED] = "realloc",
	[MI_TRACE_ALIGNED] = "aligned",
	[MI_TRACE_NEW] = "new",
	[MI_TRACE_FREE] = "free",
	[MI_TRACE_DELETE] = "delete",
};

static unsigned int class_of(uint64_t value)
{
	return value ? 64 - (unsigned int)__builtin_clzl(value) : 0;
}

/* Sizes up to 1, 2, 4 and so on */
static unsigned int size_class(uint64_t size)
{
	return class_of(size - (size > 0));
}

void stat_call(struct stat_counts *counts, const struct trace_call *call)
{
	counts->calls[call->kind]++;
	/* realloc(block, 0) has freed where it says NULL */
	if (call->failed &&
	    !(call->kind == MI_TRACE_RESIZED && call->size == 0))
		counts->failed[call->kind]++;
	else if (mi_trace_has_size(call->kind) && !call->failed) {
		counts->requests[size_class(call->size)]++;
		counts->bytes[size_class(call->size)] += call->size;
	}
}

static void resized(struct stat_counts *counts, const struct block *block,
		    const struct block *old)
{
	counts->moved += block->address != old->address;
	counts->kept += block->size == old->size;
	counts->shrunk += block->size < old->size;
	if (block->size > old->size) {
		counts->grown++;
		counts->grown_from += old->size;
		counts->grown_to += block->size;
	}
}

void stat_operation(struct stat_counts *counts, const struct history *history,
		    const struct trace_call *call,
		    const struct mi_script_op *op, const struct block *block,
		    const struct block *old)
{
	switch (op->kind) {
	case MI_SCRIPT_REALLOC:
		resized(counts, block, old);
		break;
	case MI_SCRIPT_FREE:
		counts->lifetimes[class_of(history->calls - block->born)]++;
		counts->frees++;
		counts->frees_remote += block->thread != call->thread;
		break;
	default:
		if (op->kind == MI_SCRIPT_ALIGNED)
			counts->alignments[op->align_log2]++;
		break;
	}
}

static void print_kinds(const char *name, const uint64_t *counts)
{
	const char *comma = "";

	printf(",\n \"%s\": {", name);
	for (int i = 0; i < MI_TRACE_KINDS; i++) {
		if (!kinds[i])
			continue;
		printf("%s\"%s\": %" PRIu64, comma, kinds[i], counts[i]);
		comma = ", ";
	}
	printf("}");
}

/* Up to the last that is not 0 */
static void print_list(const char *name, const uint64_t *counts, int length)
{
	while (length > 0 && counts[length - 1] == 0)
		length--;
	printf(",\n \"%s\": [", name);
	for (int i = 0; i < length; i++)
		printf("%s%" PRIu64, i ? ", " : "", counts[i]);
	printf("]");
}

void stat_print(const struct stat_counts *counts)
{
	print_kinds("calls_by_kind", counts->calls);
	print_kinds("failed_by_kind", counts->failed);
	print_list("requests_by_size", counts->requests, STAT_CLASSES);
	print_list("bytes_by_size", counts->bytes, STAT_CLASSES);
	print_list("lifetimes", counts->lifetimes, STAT_CLASSES);
	print_list("alignments", counts->alignments, 64);
	printf(",\n \"frees\": {\"all\": %" PRIu64 ", \"by_another_thread\": %"
	       PRIu64 "}", counts->frees, counts->frees_remote);
	printf(",\n \"resizes\": {\"grown\": %" PRIu64 ", \"shrunk\": %" PRIu64
	       ", \"kept\": %" PRIu64 ", \"moved\": %" PRIu64
	       ", \"grown_from_bytes\": %" PRIu64 ", \"grown_to_bytes\": %"
	       PRIu64 "}", counts->grown, counts->shrunk, counts->kept,
	       counts->moved, counts->grown_from, counts->grown_to);
}
