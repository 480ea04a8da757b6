/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The heap, made in Unikraft's three ways.
 */
#include <string.h>
#include <uk/assert.h>
#include <uk/vmem.h>

#include "layout.h"
#include "machine.h"
#include "memory.h"
#include "options.h"

alloc_init_function *heap_allocator(void)
{
	static const struct {
		const char *name;
		alloc_init_function *init;
	} marks[] = {
		{ "buddy", buddy_init }, { "bump", bump_init },
		{ "tlsf", tlsf_init },
	};

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (!strcmp(options.alloc, marks[i].name))
			return marks[i].init;
	if (strcmp(options.alloc, "mimalloc"))
		UK_CRASH("parameter alloc=%s: unknown value\n", options.alloc);
	if (!uk_mimalloc_init)
		UK_CRASH("alloc=mimalloc: this image was linked without it\n");
	return uk_mimalloc_init;
}

static uint64_t init_instructions;

uint64_t heap_init_instructions(void)
{
	return init_instructions;
}

static struct uk_alloc *heap_start(void *base, size_t bytes)
{
	alloc_init_function *init = heap_allocator();
	uint64_t begin = machine_instructions();
	struct uk_alloc *a = init(base, bytes);

	init_instructions = machine_instructions() - begin;
	return a;
}

/* first= cuts the first range short; ranges= divides the last, with gaps. */
static unsigned int static_ranges(struct memory_range *out)
{
	unsigned int count = memory_range_count - 1;
	struct memory_range last = memory_ranges[count];
	uintptr_t part = (last.end - last.start) / options.ranges;

	for (unsigned int i = 0; i < count; i++)
		out[i] = memory_ranges[i];
	for (unsigned long i = 0; i < options.ranges; i++) {
		uintptr_t start = last.start + i * part;

		out[count].start = ALIGN_UP(start, (uintptr_t)FRAME_BYTES);
		out[count].end = ALIGN_DOWN(start + part - (i + 1
					     < options.ranges),
					    (uintptr_t)FRAME_BYTES);
		count++;
	}
	if (options.first_kib
	    && options.first_kib << 10 < out[0].end - out[0].start)
		out[0].end = out[0].start + ALIGN_UP(options.first_kib << 10,
						     (uintptr_t)FRAME_BYTES);
	return count;
}

static struct uk_alloc *heap_init_static(void)
{
	struct memory_range ranges[MEMORY_RANGES_MAX + 8];
	unsigned int count = static_ranges(ranges);
	struct uk_alloc *a = NULL;

	for (unsigned int i = 0; i < count; i++) {
		void *base = (void *)ranges[i].start;
		size_t bytes = ranges[i].end - ranges[i].start;
		int rc = 0;

		junk_fill_range(base, bytes);
		if (!a)
			a = heap_start(base, bytes);
		else
			rc = uk_alloc_addmem(a, base, bytes);
		uk_pr_info("heap range %p, %lu KiB: %s\n", base, bytes >> 10,
			   a && !rc ? "taken" : "not taken");
	}
	return a;
}

void heap_map(uintptr_t start, size_t pages, bool large)
{
	uintptr_t at = start, end = start + (pages << FRAME_SHIFT);

	while (at < end) {
		uintptr_t frame = 0;

		if (large && at % LARGE_FRAME_BYTES == 0
		    && end - at >= LARGE_FRAME_BYTES)
			frame = frame_take_large();
		if (frame) {
			if (page_map_large(at, frame))
				UK_CRASH("heap: no frame for a table\n");
			at += LARGE_FRAME_BYTES;
			continue;
		}
		frame = frame_take();
		if (!frame || page_map(at, frame))
			UK_CRASH("heap: out of frames\n");
		at += FRAME_BYTES;
	}
}

/* All frames, but those for tables and those kept out. */
static size_t heap_pages(void)
{
	size_t pages = frame_counters()->free_memory >> FRAME_SHIFT;
	size_t lost = page_tables_for(pages) + spare_pages();

	if (pages <= lost)
		UK_CRASH("too little memory for a heap\n");
	return pages - lost;
}

static struct uk_alloc *heap_init_paging(void)
{
	size_t pages = heap_pages();

	heap_map(HEAP_START, pages, true);
	junk_fill_range((void *)HEAP_START, pages << FRAME_SHIFT);
	return heap_start((void *)HEAP_START, pages << FRAME_SHIFT);
}

static struct uk_alloc *heap_init_vmem(void)
{
	const size_t first_pages = HEAP_FIRST_BYTES >> FRAME_SHIFT;
	__vaddr_t address = HEAP_START;
	struct uk_alloc *a;
	size_t pages;

	heap_map(HEAP_START, first_pages, false);
	junk_fill_range((void *)HEAP_START, HEAP_FIRST_BYTES);
	a = heap_start((void *)HEAP_START, HEAP_FIRST_BYTES);
	if (!a || vmem_start(a))
		return NULL;
	pages = heap_pages();
	if (uk_vma_map_anon(uk_vas_get_active(), &address,
			    (pages + first_pages) << FRAME_SHIFT,
			    PAGE_ATTR_PROT_RW, UK_VMA_MAP_UNINITIALIZED,
			    "heap"))
		return NULL;
	if (uk_alloc_addmem(a, (void *)(HEAP_START + HEAP_FIRST_BYTES),
			    (pages - first_pages) << FRAME_SHIFT))
		return NULL;
	return a;
}

struct uk_alloc *heap_init(void)
{
	struct uk_alloc *a;

	if (options.mode == HEAP_STATIC) {
		spare_cut_range();
		return heap_init_static();
	}
	frames_init();
	a = options.mode == HEAP_PAGING ? heap_init_paging()
		: heap_init_vmem();
	if (a)
		spare_map();
	return a;
}

void heap_print_figures(void)
{
	struct uk_alloc *a = uk_alloc_get_default();

	console_print("heap: availmem %ld, maxalloc %ld\n",
		      uk_alloc_availmem(a), uk_alloc_maxalloc(a));
	if (options.mode != HEAP_STATIC)
		console_print("frames: %lu of %lu bytes free, %lu faults\n",
			      frame_counters()->free_memory,
			      frame_counters()->total_memory,
			      vmem_fault_count());
#if CONFIG_LIBUKALLOC_IFSTATS
	{
		struct uk_alloc_stats s;

		uk_alloc_stats_get(a, &s);
		console_print("stats: %lu allocs, %lu frees, %ld live, "
			      "%ld bytes, at most %ld bytes, %lu refused\n",
			      s.tot_nb_allocs, s.tot_nb_frees,
			      s.cur_nb_allocs, s.cur_mem_use, s.max_mem_use,
			      s.nb_enomem);
	}
#endif
}
