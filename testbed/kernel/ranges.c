/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The memory that is there, less the image.
 */
#include <uk/assert.h>
#include <uk/essentials.h>

#include "layout.h"
#include "memory.h"
#include "options.h"

struct memory_range memory_ranges[MEMORY_RANGES_MAX];
unsigned int memory_range_count;

static bool image_seen;
static void *loaded;

extern const char image_start[], image_end[];

static void range_add(uint64_t start, uint64_t end)
{
	start = ALIGN_UP(start, (uint64_t)FRAME_BYTES);
	end = ALIGN_DOWN(end, (uint64_t)FRAME_BYTES);
	if (start < LOW_MEMORY_START)
		start = LOW_MEMORY_START;
	if (end > IDENTITY_END)
		end = IDENTITY_END;
	if (start >= end)
		return;
	if (memory_range_count == MEMORY_RANGES_MAX)
		UK_CRASH("memory map: more than %d ranges\n",
			 MEMORY_RANGES_MAX);
	memory_ranges[memory_range_count].start = start;
	memory_ranges[memory_range_count].end = end;
	memory_range_count++;
}

/* They rise, and the image lies within one of them. */
void memory_range_add(uint64_t start, uint64_t end)
{
	if (start <= (uintptr_t)image_start && end >= (uintptr_t)image_end) {
		image_seen = true;
		range_add(start, (uintptr_t)image_start);
		start = (uintptr_t)image_end;
	}
	range_add(start, end);
}

void memory_ranges_check(void)
{
	if (!image_seen || !memory_range_count)
		UK_CRASH("too little memory: the image ends at %lx\n",
			 (unsigned long)image_end);
}

static size_t loaded_bytes(void)
{
	return ALIGN_UP(options.loaded_kib << 10, (size_t)FRAME_BYTES);
}

/* The range that begins behind the image begins behind that. */
void memory_loaded_keep(void)
{
	for (unsigned int i = 0; i < memory_range_count; i++) {
		struct memory_range *range = &memory_ranges[i];

		if (!options.loaded_kib
		    || range->start != (uintptr_t)image_end)
			continue;
		if (range->end - range->start <= loaded_bytes())
			UK_CRASH("too little memory for what is loaded\n");
		loaded = (void *)range->start;
		range->start += loaded_bytes();
	}
}

void *memory_loaded(size_t *bytes)
{
	*bytes = loaded ? loaded_bytes() : 0;
	return loaded;
}
