/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counts the instructions of each call, as alloc_bench does: what the counter
 * and uk_malloc() and the like take themselves is known from calls that only
 * return, and taken off.
 */
#include <testbed/testbed.h>

#include "replay.h"

typedef void *counted_call(struct uk_alloc *a, const struct mi_script_op *op,
			   void *block);

static uint64_t spent;
static uint64_t around[KINDS];		/* a call and its return */

static __noinline void *count_malloc(struct uk_alloc *a,
				     const struct mi_script_op *op,
				     void *block __unused)
{
	uint64_t begin = testbed_instructions();
	void *made = uk_malloc(a, op->size);

	spent = testbed_instructions() - begin;
	return made;
}

static __noinline void *count_calloc(struct uk_alloc *a,
				     const struct mi_script_op *op,
				     void *block __unused)
{
	uint64_t begin = testbed_instructions();
	void *made = uk_calloc(a, 1, op->size);

	spent = testbed_instructions() - begin;
	return made;
}

static __noinline void *count_realloc(struct uk_alloc *a,
				      const struct mi_script_op *op,
				      void *block)
{
	uint64_t begin = testbed_instructions();
	void *made = uk_realloc(a, block, op->size);

	spent = testbed_instructions() - begin;
	return made;
}

static __noinline void *count_aligned(struct uk_alloc *a,
				      const struct mi_script_op *op,
				      void *block __unused)
{
	size_t align = (size_t)1 << op->align_log2;
	uint64_t begin = testbed_instructions();
	void *made = uk_memalign(a, align, op->size);

	spent = testbed_instructions() - begin;
	return made;
}

static __noinline void *count_free(struct uk_alloc *a,
				   const struct mi_script_op *op __unused,
				   void *block)
{
	uint64_t begin = testbed_instructions();

	uk_free(a, block);
	spent = testbed_instructions() - begin;
	return NULL;
}

static counted_call *const calls[KINDS] = {
	[MI_SCRIPT_MALLOC] = count_malloc, [MI_SCRIPT_CALLOC] = count_calloc,
	[MI_SCRIPT_REALLOC] = count_realloc,
	[MI_SCRIPT_ALIGNED] = count_aligned, [MI_SCRIPT_FREE] = count_free,
};

/* A function of one instruction, its return */
void replay_only_return(void);
__asm__(".text\nreplay_only_return:\n\tret\n");

/* What is left of an empty call is 2: the call and the return. */
void calls_calibrate(void)
{
	const uintptr_t nothing = (uintptr_t)replay_only_return;
	struct uk_alloc empty = {
		.malloc = (uk_alloc_malloc_func_t)nothing,
		.calloc = (uk_alloc_calloc_func_t)nothing,
		.realloc = (uk_alloc_realloc_func_t)nothing,
		.memalign = (uk_alloc_memalign_func_t)nothing,
		.free = (uk_alloc_free_func_t)nothing,
	};
	struct mi_script_op op = { .size = 32 };

	for (unsigned int kind = 1; kind < KINDS; kind++) {
		calls[kind](&empty, &op, NULL);
		around[kind] = spent - 2;
	}
}

void *call_counted(const struct mi_script_op *op, void *block,
		   uint64_t *instructions)
{
	void *made = calls[op->kind](replay.a, op, block);

	*instructions = spent - around[op->kind];
	return made;
}
