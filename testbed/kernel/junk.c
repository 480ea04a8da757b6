/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory handed to an allocator is never zero by promise, and on a fresh
 * machine it nearly always is: so it gets filled with a pattern. The
 * instructions that takes are not counted.
 */
#include "arch.h"
#include "layout.h"
#include "machine.h"
#include "memory.h"
#include "options.h"

#define JUNK 0xa5a5a5a5a5a5a5a5UL
#define FIRST_BYTES (1UL << 20)

static void junk_fill(void *start, size_t bytes)
{
	uint64_t begin = cpu_counter();

	cpu_fill(start, JUNK, bytes / 8);
	machine_discount(cpu_counter() - begin);
}

void junk_fill_frame(uintptr_t frame)
{
	if (options.junk != JUNK_NONE)
		junk_fill((void *)frame, FRAME_BYTES);
}

void junk_fill_range(void *start, size_t bytes)
{
	if (options.junk == JUNK_FIRST && bytes > FIRST_BYTES)
		bytes = FIRST_BYTES;
	if (options.junk != JUNK_NONE)
		junk_fill(start, bytes);
}
