/* SPDX-License-Identifier: BSD-3-Clause */
/* First-class heaps: what a visit to their areas and blocks meets. */
#include "heap_load.h"

#include <pthread.h>

/* What a walk over a heap meets. */
struct census {
	size_t areas;
	size_t blocks;
	size_t used;
	size_t stop_after;	/* calls until the visitor says stop */
	size_t wrong;
	const struct load *load;
	size_t met[BLOCKS];
	const mi_heap_t *heap;
};

static bool census_visit(const mi_heap_t *heap, const mi_heap_area_t *area,
			 void *block, size_t block_size, void *arg)
{
	struct census *census = arg;

	census->wrong += heap != census->heap;
	if (block == NULL) {
		census->areas++;
		census->used += area->used;
		census->wrong += block_size != 0 || area->blocks == NULL;
		census->wrong += area->committed > area->reserved;
		census->wrong += area->block_size > area->full_block_size;
	} else {
		size_t i;

		census->blocks++;
		census->wrong += block_size != area->block_size;
		for (i = 0; census->load && i < BLOCKS; i++) {
			if (census->load->block[i] != block)
				continue;
			census->met[i]++;
			census->wrong += block_size < census->load->size[i];
		}
	}
	return census->areas + census->blocks != census->stop_after;
}

static void visit_every_block(void **state)
{
	static struct load load;
	static struct census census;
	mi_heap_t *heap = mi_heap_new();
	size_t live = BLOCKS;

	(void)state;
	load_fill(&load, heap, 37);
	census = (struct census){ .load = &load, .heap = heap };
	assert_true(mi_heap_visit_blocks(heap, true, census_visit, &census));
	assert_int_equal(census.wrong, 0);
	assert_int_equal(census.blocks, BLOCKS);
	assert_int_equal(census.used, BLOCKS);
	assert_in_range(census.areas, 1, BLOCKS);
	for (size_t i = 0; i < BLOCKS; i++)
		assert_int_equal(census.met[i], 1);
	for (size_t i = 0; i < BLOCKS; i += 2, live--) {
		mi_free(load.block[i]);
		load.block[i] = NULL;
	}
	census = (struct census){ .load = &load, .heap = heap };
	assert_true(mi_heap_visit_blocks(heap, true, census_visit, &census));
	assert_int_equal(census.wrong, 0);
	assert_int_equal(census.blocks, live);
	for (size_t i = 1; i < BLOCKS; i += 2)
		assert_int_equal(census.met[i], 1);
	load_free(&load);
	mi_heap_delete(heap);
}

static void visit_areas_only(void **state)
{
	static struct load load;
	static struct census census;
	mi_heap_t *heap = mi_heap_new();

	(void)state;
	census = (struct census){ .heap = heap };
	assert_true(mi_heap_visit_blocks(heap, true, census_visit, &census));
	assert_int_equal(census.blocks, 0);
	assert_int_equal(census.used, 0);
	load_fill(&load, heap, 41);
	census = (struct census){ .heap = heap };
	assert_true(mi_heap_visit_blocks(heap, false, census_visit, &census));
	assert_int_equal(census.blocks, 0);
	assert_int_equal(census.used, BLOCKS);
	assert_int_equal(census.wrong, 0);
	/* The visitor's false stops the walk at once. */
	for (size_t stop = 1; stop < 20; stop++) {
		census = (struct census){ .heap = heap, .stop_after = stop };
		assert_false(mi_heap_visit_blocks(heap, true, census_visit,
						  &census));
		assert_int_equal(census.areas + census.blocks, stop);
	}
	mi_heap_destroy(heap);
}

static void *free_even_blocks(void *arg)
{
	struct load *load = arg;

	for (size_t i = 0; i < BLOCKS; i += 2)
		mi_free(load->block[i]);
	return NULL;
}

/* Blocks that another thread freed are no longer met. */
static void visit_after_remote_frees(void **state)
{
	static struct load load;
	static struct census census;
	mi_heap_t *heap = mi_heap_new();
	pthread_t thread;

	(void)state;
	load_fill(&load, heap, 43);
	assert_int_equal(pthread_create(&thread, NULL, free_even_blocks,
					&load), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	mi_heap_collect(heap, false);
	census = (struct census){ .load = &load, .heap = heap };
	assert_true(mi_heap_visit_blocks(heap, true, census_visit, &census));
	assert_int_equal(census.blocks, BLOCKS / 2);
	for (size_t i = 0; i < BLOCKS; i++)
		assert_int_equal(census.met[i], i % 2);
	mi_heap_collect(heap, true);
	for (size_t i = 1; i < BLOCKS; i += 2)
		check(pattern_holds(load.block[i], load.size[i], i),
		      "block %zu", i);
	mi_heap_destroy(heap);
}

/* -------- large blocks that others free while they are visited -------- */

#define LARGE_BLOCKS	8

static void *large_blocks[LARGE_BLOCKS];
static size_t large_visited;

/* All but the one at which the visitor is; the memory is used again at once */
static void *free_other_large_blocks(void *at)
{
	for (size_t i = 0; i < LARGE_BLOCKS; i++) {
		if (large_blocks[i] == at)
			continue;
		mi_free(large_blocks[i]);
		large_blocks[i] = NULL;
	}
	mi_free(memset(mi_malloc(LARGE_BLOCKS * 2 * MIB), 1, MIB));
	return NULL;
}

static bool free_others_at_first(const mi_heap_t *heap,
				 const mi_heap_area_t *area, void *block,
				 size_t size, void *arg)
{
	pthread_t thread;

	(void)heap;
	(void)size;
	(void)arg;
	if (block || area->block_size <= 32768)
		return true;
	large_visited++;
	return pthread_create(&thread, NULL, free_other_large_blocks,
			      area->blocks) == 0 &&
	       pthread_join(thread, NULL) == 0;
}

/* A block that is no more is not visited, and the visit comes to its end */
static void large_blocks_freed_under_a_visit(void **state)
{
	mi_heap_t *heap = mi_heap_new();

	(void)state;
	for (size_t i = 0; i < LARGE_BLOCKS; i++)
		large_blocks[i] = mi_heap_malloc(heap, 2 * MIB);
	large_visited = 0;
	assert_true(mi_heap_visit_blocks(heap, false, free_others_at_first,
					 NULL));
	assert_int_equal(large_visited, 1);
	mi_heap_destroy(heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(visit_every_block),
		cmocka_unit_test(visit_areas_only),
		cmocka_unit_test(visit_after_remote_frees),
		cmocka_unit_test(large_blocks_freed_under_a_visit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
