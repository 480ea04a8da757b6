/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory from the ground up: ranges found at boot, frames made of them, page
 * tables, the heap. layout.h has the map.
 */
#ifndef TESTBED_MEMORY_H
#define TESTBED_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uk/alloc.h>
#include <uk/plat/paging.h>

#define MEMORY_RANGES_MAX 16

struct memory_range {
	uintptr_t start;
	uintptr_t end;
};

/* Free memory by rising address, without the image; page aligned. */
extern struct memory_range memory_ranges[MEMORY_RANGES_MAX];
extern unsigned int memory_range_count;

/* ranges.c */
void memory_range_add(uint64_t start, uint64_t end);
void memory_ranges_check(void);
void memory_loaded_keep(void);		/* before ranges are used */
void *memory_loaded(size_t *bytes);	/* NULL: nothing is */

/* frames.c: 4 KiB frames. A take gives 0 when there is none. */
void frames_init(void);
uintptr_t frame_take(void);
uintptr_t frame_take_large(void);	/* 512 together, aligned to 2 MiB */
void frame_give(uintptr_t frame);
struct uk_falloc *frame_counters(void);

/* pagetable.c: 0, or -ENOMEM when a table finds no frame */
int page_map(uintptr_t address, uintptr_t frame);
int page_map_large(uintptr_t address, uintptr_t frame);
uintptr_t page_unmap(uintptr_t address);	/* its frame, or 0 */
size_t page_tables_for(size_t pages);	/* tables to map so many, at most */

/* junk.c: what freshly given memory contains */
void junk_fill_frame(uintptr_t frame);
void junk_fill_range(void *start, size_t bytes);

/* vmem.c */
int vmem_start(struct uk_alloc *a);
bool vmem_fault(uintptr_t address, bool *known);
uint64_t vmem_fault_count(void);
uintptr_t vmem_find_gap(uintptr_t from, size_t bytes);

/* heap.c */
typedef struct uk_alloc *alloc_init_function(void *base, size_t bytes);

alloc_init_function *heap_allocator(void);	/* the one alloc= names */
struct uk_alloc *heap_init(void);
uint64_t heap_init_instructions(void);
void heap_map(uintptr_t start, size_t pages, bool large);
void heap_print_figures(void);

/* spare.c: memory kept out of the heap, at SPARE_START but in mode static */
void spare_cut_range(void);		/* static: before the heap is made */
void spare_map(void);			/* paging, vmem: afterwards */
size_t spare_pages(void);
void *spare_range(size_t *bytes);

/* stacks.c: stacks come from the heap, in mode vmem from areas of their own */
struct uk_alloc *stacks_create(struct uk_alloc *a, size_t mapped_bytes);

/* The allocators that can be chosen. */
struct uk_alloc *buddy_init(void *base, size_t bytes);
struct uk_alloc *bump_init(void *base, size_t bytes);
struct uk_alloc *tlsf_init(void *base, size_t bytes);
struct uk_alloc *uk_mimalloc_init(void *base, size_t len)
	__attribute__((weak));

#endif /* TESTBED_MEMORY_H */
