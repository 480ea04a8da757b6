/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records the calls on the heap. The functions in the allocator's table give
 * way to some that call them, and are back while one of them runs: what it
 * calls itself is no call of the program's. What the record takes is not
 * counted, and lies in memory that the heap never had, so the run is the same
 * with and without it.
 */
#include <string.h>
#include <uk/assert.h>
#include <uk/plat/lcpu.h>
#include <uk/thread.h>

#include "arch.h"
#include "layout.h"
#include "machine.h"
#include "memory.h"
#include "options.h"
#include "trace.h"

/* The functions of a table, which stand at its start in this order */
enum function {
	MALLOC, CALLOC, REALLOC, POSIX_MEMALIGN, MEMALIGN, FREE, PALLOC, PFREE,
	FUNCTIONS
};

typedef void *any_function(struct uk_alloc *a, void *first, size_t second,
			   size_t third);

UK_CTASSERT(__builtin_offsetof(struct uk_alloc, maxalloc)
	    == FUNCTIONS * sizeof(any_function *));

static struct trace_header *header;
static struct uk_alloc own;		/* the allocator's functions */
static const struct uk_alloc traced;	/* ours */

/* Instructions: when a call began, when the allocator's function was called
 * and had returned, and what is around all that the counter sees */
static uint64_t began, called, returned, around[FUNCTIONS];

void trace_cut_range(void)
{
	struct memory_range *last = &memory_ranges[memory_range_count - 1];
	size_t bytes = ALIGN_UP(options.trace_kib << 10, (size_t)FRAME_BYTES);

	if (!bytes)
		return;
	if (ukplat_lcpu_count() > 1)
		UK_CRASH("parameter trace: for one CPU\n");
	if (last->end - last->start <= bytes)
		UK_CRASH("too little memory for the record of calls\n");
	last->end -= bytes;
	header = (struct trace_header *)last->end;
	*header = (struct trace_header){
		.magic = TRACE_MAGIC, .address = last->end,
		.room = (bytes - sizeof(*header)) / sizeof(struct trace_call),
	};
}

static void functions_set(struct uk_alloc *a, const struct uk_alloc *from)
{
	memcpy(a, from, FUNCTIONS * sizeof(any_function *));
}

static inline __alwaysinline void call_begins(struct uk_alloc *a)
{
	began = cpu_counter();
	functions_set(a, &own);
	called = cpu_counter();
}

static inline __alwaysinline void call_returned(struct uk_alloc *a)
{
	returned = cpu_counter();
	functions_set(a, &traced);
}

static void call_keep(enum function function, struct trace_call call)
{
	static const enum trace_kind kinds[FUNCTIONS] = {
		TRACE_MALLOC, TRACE_CALLOC, TRACE_REALLOC, TRACE_ALIGNED,
		TRACE_ALIGNED, TRACE_FREE, TRACE_ALIGNED, TRACE_FREE
	};
	struct trace_call *calls = (struct trace_call *)(header + 1);
	uint64_t at = header->calls++;

	call.kind = kinds[function];
	call.thread = (uint32_t)((uintptr_t)uk_thread_current() >> 4);
	if (at < header->room)
		calls[at] = call;
	machine_discount(called - began + around[function]
			 + (cpu_counter() - returned));
}

static void *traced_malloc(struct uk_alloc *a, __sz size)
{
	void *block;

	call_begins(a);
	block = own.malloc(a, size);
	call_returned(a);
	call_keep(MALLOC, (struct trace_call){
		.size = size, .after = (uintptr_t)block });
	return block;
}

static void *traced_calloc(struct uk_alloc *a, __sz count, __sz size)
{
	void *block;

	call_begins(a);
	block = own.calloc(a, count, size);
	call_returned(a);
	call_keep(CALLOC, (struct trace_call){
		.size = count * size, .after = (uintptr_t)block });
	return block;
}

static void *traced_realloc(struct uk_alloc *a, void *before, __sz size)
{
	void *block;

	call_begins(a);
	block = own.realloc(a, before, size);
	call_returned(a);
	call_keep(REALLOC, (struct trace_call){
		.size = size, .before = (uintptr_t)before,
		.after = (uintptr_t)block });
	return block;
}

static int traced_posix_memalign(struct uk_alloc *a, void **out, __sz align,
				 __sz size)
{
	int rc;

	call_begins(a);
	rc = own.posix_memalign(a, out, align, size);
	call_returned(a);
	call_keep(POSIX_MEMALIGN, (struct trace_call){
		.align = align, .size = size,
		.after = rc ? 0 : (uintptr_t)*out });
	return rc;
}

static void *traced_memalign(struct uk_alloc *a, __sz align, __sz size)
{
	void *block;

	call_begins(a);
	block = own.memalign(a, align, size);
	call_returned(a);
	call_keep(MEMALIGN, (struct trace_call){
		.align = align, .size = size, .after = (uintptr_t)block });
	return block;
}

static void traced_free(struct uk_alloc *a, void *block)
{
	call_begins(a);
	own.free(a, block);
	call_returned(a);
	call_keep(FREE, (struct trace_call){ .before = (uintptr_t)block });
}

static void *traced_palloc(struct uk_alloc *a, unsigned long pages)
{
	void *block;

	call_begins(a);
	block = own.palloc(a, pages);
	call_returned(a);
	call_keep(PALLOC, (struct trace_call){
		.align = FRAME_BYTES, .size = pages << FRAME_SHIFT,
		.after = (uintptr_t)block });
	return block;
}

static void traced_pfree(struct uk_alloc *a, void *block, unsigned long pages)
{
	call_begins(a);
	own.pfree(a, block, pages);
	call_returned(a);
	call_keep(PFREE, (struct trace_call){
		.size = pages << FRAME_SHIFT, .before = (uintptr_t)block });
}

static const struct uk_alloc traced = {
	.malloc = traced_malloc, .calloc = traced_calloc,
	.realloc = traced_realloc, .posix_memalign = traced_posix_memalign,
	.memalign = traced_memalign, .free = traced_free,
	.palloc = traced_palloc, .pfree = traced_pfree,
};

/* A function of one instruction, its return */
void trace_only_return(void);
__asm__(".text\ntrace_only_return:\n\tret\n");

static uint64_t cost_of(struct uk_alloc *a, enum function function)
{
	any_function *functions[FUNCTIONS];
	void *first = NULL;
	uint64_t begin;

	memcpy(functions, a, sizeof(functions));
	begin = machine_instructions();
	functions[function](a, &first, 1, 1);
	return machine_instructions() - begin;
}

/* With functions that only return, the difference is what is not counted yet */
static void calls_calibrate(void)
{
	any_function *functions[FUNCTIONS];
	struct uk_alloc a;
	uint64_t plain;

	for (unsigned int i = 0; i < FUNCTIONS; i++)
		functions[i] = (any_function *)(uintptr_t)trace_only_return;
	for (enum function i = 0; i < FUNCTIONS; i++) {
		memcpy(&a, functions, sizeof(functions));
		functions_set(&own, &a);
		plain = cost_of(&a, i);
		functions_set(&a, &traced);
		around[i] = cost_of(&a, i) - plain;
	}
	header->calls = 0;
}

void trace_start(struct uk_alloc *a)
{
	if (!header || !a)
		return;
	calls_calibrate();
	functions_set(&own, a);
	functions_set(a, &traced);
}
