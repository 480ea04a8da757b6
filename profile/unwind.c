/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stacks by the tables that compilers write for exceptions, as programs keep no
 * frame pointers. The unwinder is that of libgcc, linked into this library.
 */
#include <unwind.h>

#include "profile.h"

/* This library, from its first byte to its last: the linker's names */
extern HIDDEN const char __ehdr_start[], _end[];

/* Addresses that are no part of a stack, as they are those of this library */
static uintptr_t own_start, own_bytes;

struct walk {
	uintptr_t *calls;
	unsigned int depth, most;
};

static _Unwind_Reason_Code step(struct _Unwind_Context *context, void *arg)
{
	struct walk *walk = arg;
	int before_instruction = 0;
	uintptr_t pc = _Unwind_GetIPInfo(context, &before_instruction);

	if (!pc || walk->depth == walk->most)
		return _URC_END_OF_STACK;
	/* A return address is behind the call, which may end its function */
	pc -= !before_instruction;
	if (pc - own_start >= own_bytes)
		walk->calls[walk->depth++] = pc;
	return _URC_NO_REASON;
}

/* What the unwinder does once is done now */
void unwind_start(void)
{
	uintptr_t calls[STACK_DEPTH];

	own_start = (uintptr_t)__ehdr_start;
	own_bytes = (uintptr_t)_end - own_start;
	unwind(calls, STACK_DEPTH);
}

unsigned int unwind(uintptr_t *calls, unsigned int depth)
{
	struct walk walk = { .calls = calls, .most = depth };

	_Unwind_Backtrace(step, &walk);
	return walk.depth;
}
