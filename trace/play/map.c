/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The heap's areas at the peak: where each begins, how long it is, and how many
 * blocks of which size are in use there. An allocator with the interface of
 * mimalloc tells that of the heap of the thread which asks; with --threads 1
 * that is all there is.
 */
#include "play.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mimalloc.h"

#define AREAS_MAX	65536
/* From there on an area tells the number of blocks in use */
#define VERSION_LEAST	210

struct area {
	uintptr_t address;
	uint64_t bytes, committed, used, block_bytes;
};

static struct area *areas;
static unsigned int area_count;
static uint64_t areas_left_out;
static const char *no_map;

static bool area_add(const mi_heap_t *heap, const mi_heap_area_t *area,
		     void *block, size_t block_bytes, void *unused)
{
	(void)heap;
	(void)block;
	(void)block_bytes;
	(void)unused;
	if (area_count == AREAS_MAX) {
		areas_left_out++;
		return true;
	}
	areas[area_count].address = (uintptr_t)area->blocks;
	areas[area_count].bytes = area->reserved;
	areas[area_count].committed = area->committed;
	areas[area_count].used = area->used;
	areas[area_count].block_bytes = area->block_size;
	area_count++;
	return true;
}

typedef int version_fun(void);
typedef mi_heap_t *heap_fun(void);
typedef bool visit_fun(const mi_heap_t *, bool, mi_block_visit_fun *, void *);

static version_fun *version;
static heap_fun *heap_default;
static visit_fun *visit;

/* A function of the object that malloc is in, or NULL */
static void *function(const char *name)
{
	void *found = dlsym(RTLD_DEFAULT, name);
	void *(*allocate)(size_t) = malloc;
	void *address;

	memcpy(&address, &allocate, sizeof(address));
	if (!found ||
	    strcmp(allocator_path(found), allocator_path(address)) != 0)
		return NULL;
	return found;
}

/* C has no conversion from a pointer to a pointer to a function */
#define FIND(pointer, name) do {					\
	void *found_ = function(name);					\
	memcpy(&(pointer), &found_, sizeof(found_));			\
} while (0)

void map_prepare(void)
{
	FIND(version, "mi_version");
	FIND(heap_default, "mi_heap_get_default");
	FIND(visit, "mi_heap_visit_blocks");
	if (!version || !heap_default || !visit || version() < VERSION_LEAST)
		no_map = "the allocator does not tell it";
	areas = map_bytes(AREAS_MAX * sizeof(*areas));
}

void map_take(void)
{
	if (!no_map)
		(void)visit(heap_default(), false, area_add, NULL);
}

void map_print(void)
{
	if (no_map) {
		printf(",\n\"map\": null,\n\"map_reason\": ");
		print_string(no_map);
		return;
	}
	printf(",\n\"map_left_out\": %llu,\n\"map\": [",
	       (unsigned long long)areas_left_out);
	for (unsigned int i = 0; i < area_count; i++)
		printf("%s\n{\"address\": %llu, \"bytes\": %llu, "
		       "\"committed\": %llu, \"block_bytes\": %llu, "
		       "\"used\": %llu}", i ? "," : "",
		       (unsigned long long)areas[i].address,
		       (unsigned long long)areas[i].bytes,
		       (unsigned long long)areas[i].committed,
		       (unsigned long long)areas[i].block_bytes,
		       (unsigned long long)areas[i].used);
	printf("]");
}
