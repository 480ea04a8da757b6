/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a PVH loader tells: the memory map and the command line.
 */
#include <uk/assert.h>

#include "arch.h"
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

const char *bootinfo_read(const void *loader)
{
	const struct start_info *info = loader;
	const struct memory_map_entry *map;

	if (info->magic != START_INFO_MAGIC || info->version < 1)
		UK_CRASH("the loader gave no PVH memory map\n");
	map = (const struct memory_map_entry *)info->memory_map;
	for (uint32_t i = 0; i < info->memory_map_entries; i++)
		if (map[i].type == MEMORY_USABLE)
			memory_range_add(map[i].start,
					 map[i].start + map[i].bytes);
	return info->command_line ? (const char *)info->command_line : "";
}
