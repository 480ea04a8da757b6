/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a PVH loader tells: the memory map and the command line.
 */
#include <uk/assert.h>
#include <uk/essentials.h>

#include "layout.h"
#include "memory.h"

#define START_INFO_MAGIC 0x336ec578
#define MEMORY_USABLE 1

struct start_info {
	uint32_t magic;
	uint32_t version;
	uint32_t flags;
	uint32_t modules;
	uint64_t module_list;
	uint64_t command_line;
	uint64_t rsdp;
	uint64_t memory_map;
	uint32_t memory_map_entries;
	uint32_t reserved;
};

struct memory_map_entry {
	uint64_t start;
	uint64_t bytes;
	uint32_t type;
	uint32_t reserved;
};

struct memory_range memory_ranges[MEMORY_RANGES_MAX];
unsigned int memory_range_count;

extern const char image_end[];

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

/* The map rises, and the image lies within one entry of it. */
const char *bootinfo_read(const struct start_info *info)
{
	const struct memory_map_entry *map;
	bool image_seen = false;

	if (info->magic != START_INFO_MAGIC || info->version < 1)
		UK_CRASH("the loader gave no PVH memory map\n");
	map = (const struct memory_map_entry *)info->memory_map;
	for (uint32_t i = 0; i < info->memory_map_entries; i++) {
		uint64_t start = map[i].start;
		uint64_t end = start + map[i].bytes;

		if (map[i].type != MEMORY_USABLE)
			continue;
		if (start <= IMAGE_START && end >= (uintptr_t)image_end) {
			image_seen = true;
			range_add(start, IMAGE_START);
			start = (uintptr_t)image_end;
		}
		range_add(start, end);
	}
	if (!image_seen || !memory_range_count)
		UK_CRASH("too little memory: the image ends at %lx\n",
			 (unsigned long)image_end);
	return info->command_line ? (const char *)info->command_line : "";
}
