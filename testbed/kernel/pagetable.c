/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Page tables of four levels. Physical memory is mapped one to one, so a table
 * is reached at its frame's address.
 */
#include <errno.h>
#include <uk/essentials.h>

#include "arch.h"
#include "layout.h"
#include "memory.h"
#include "options.h"

#define ENTRIES 512UL

static struct uk_pagetable pagetable;

struct uk_pagetable *ukplat_pt_get_active(void)
{
	if (options.mode == HEAP_STATIC)
		return NULL;
	pagetable.pt_vbase = (uintptr_t)boot_page_table;
	pagetable.pt_pbase = (uintptr_t)boot_page_table;
	pagetable.fa = frame_counters();
	return &pagetable;
}

static size_t entry_index(uintptr_t address, unsigned int level)
{
	return address >> (FRAME_SHIFT + 9 * level) & (ENTRIES - 1);
}

static uint64_t *table_make(void)
{
	uint64_t *table = (uint64_t *)frame_take();

	if (table)
		cpu_fill(table, 0, ENTRIES);
	return table;
}

/* The entry for an address at a level (0: 4 KiB); NULL: no table, or frame. */
static uint64_t *entry_find(uintptr_t address, unsigned int level, bool make)
{
	uint64_t *table = boot_page_table;

	for (unsigned int at = 3; at > level; at--) {
		uint64_t *entry = &table[entry_index(address, at)];

		if (!entry_is_present(*entry)) {
			table = make ? table_make() : NULL;
			if (!table)
				return NULL;
			*entry = entry_of_table((uintptr_t)table);
		}
		if (entry_is_large(*entry))
			return NULL;
		table = (uint64_t *)entry_frame(*entry);
	}
	return &table[entry_index(address, level)];
}

int page_map(uintptr_t address, uintptr_t frame)
{
	uint64_t *entry = entry_find(address, 0, true);

	if (!entry)
		return -ENOMEM;
	*entry = entry_of_page(frame);
	cpu_entries_written();
	return 0;
}

int page_map_large(uintptr_t address, uintptr_t frame)
{
	uint64_t *entry = entry_find(address, 1, true);

	if (!entry)
		return -ENOMEM;
	*entry = entry_of_large_page(frame);
	cpu_entries_written();
	return 0;
}

uintptr_t page_unmap(uintptr_t address)
{
	uint64_t *entry = entry_find(address, 0, false);
	uintptr_t frame;

	if (!entry || !entry_is_present(*entry))
		return 0;
	frame = entry_frame(*entry);
	*entry = 0;
	cpu_forget_page(address);
	return frame;
}

size_t page_tables_for(size_t pages)
{
	size_t sum = 0;

	for (unsigned int level = 0; level < 4; level++) {
		pages = DIV_ROUND_UP(pages, ENTRIES);
		sum += pages;
	}
	return sum;
}
