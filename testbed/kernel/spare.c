/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory kept out of the heap, so that a test has a range of an exact size to
 * itself.
 */
#include <uk/assert.h>
#include <uk/vmem.h>

#include "layout.h"
#include "memory.h"
#include "options.h"

static void *start;

size_t spare_pages(void)
{
	return DIV_ROUND_UP(options.spare_kib << 10, (size_t)FRAME_BYTES);
}

void *spare_range(size_t *bytes)
{
	*bytes = start ? spare_pages() << FRAME_SHIFT : 0;
	return start;
}

void spare_cut_range(void)
{
	struct memory_range *last = &memory_ranges[memory_range_count - 1];
	size_t bytes = spare_pages() << FRAME_SHIFT;

	if (!bytes)
		return;
	if (last->end - last->start <= bytes)
		UK_CRASH("parameter spare: more than there is\n");
	last->end -= bytes;
	start = (void *)last->end;
	junk_fill_range(start, bytes);
}

void spare_map(void)
{
	__vaddr_t at = SPARE_START;
	size_t bytes = spare_pages() << FRAME_SHIFT;

	if (!bytes)
		return;
	start = (void *)at;
	if (options.mode == HEAP_PAGING) {
		heap_map(at, spare_pages(), true);
		junk_fill_range(start, bytes);
		return;
	}
	if (uk_vma_map_anon(uk_vas_get_active(), &at, bytes,
			    PAGE_ATTR_PROT_RW, UK_VMA_MAP_UNINITIALIZED,
			    "spare"))
		UK_CRASH("parameter spare: no memory\n");
}
