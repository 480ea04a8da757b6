/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Answers to applications.
 */
#include <testbed/testbed.h>

#include "layout.h"
#include "machine.h"
#include "memory.h"
#include "options.h"

const size_t testbed_stack_bytes __weak = THREAD_STACK_BYTES;

uint64_t testbed_instructions(void)
{
	return machine_instructions();
}

size_t testbed_free_frame_bytes(void)
{
	return options.mode == HEAP_STATIC ? 0
		: frame_counters()->free_memory;
}

uint64_t testbed_fault_count(void)
{
	return vmem_fault_count();
}

uint64_t testbed_init_instructions(void)
{
	return heap_init_instructions();
}

void *testbed_spare(size_t *bytes)
{
	return spare_range(bytes);
}

void *testbed_loaded(size_t *bytes)
{
	return memory_loaded(bytes);
}

const char *testbed_mode_name(void)
{
	static const char *const names[] = { "static", "paging", "vmem" };

	return names[options.mode];
}

const char *testbed_alloc_name(void)
{
	return options.alloc;
}

struct uk_alloc *testbed_alloc_init(void *base, size_t bytes)
{
	return heap_allocator()(base, bytes);
}
