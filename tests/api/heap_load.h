/* SPDX-License-Identifier: BSD-3-Clause */
/* Blocks of one heap, for the tests of heaps. */
#ifndef TESTS_API_HEAP_LOAD_H
#define TESTS_API_HEAP_LOAD_H

#include "check.h"

#define BLOCKS 500

/* A set of blocks of mixed sizes in one heap. */
struct load {
	void *block[BLOCKS];
	size_t size[BLOCKS];
};

static inline void load_fill(struct load *load, mi_heap_t *heap, size_t step)
{
	for (size_t i = 0; i < BLOCKS; i++) {
		load->size[i] = i * step % 9000 + (i % 100 == 0 ? 300000 : 0);
		load->block[i] = mi_heap_malloc(heap, load->size[i]);
		assert_non_null(load->block[i]);
		pattern_write(load->block[i], load->size[i], i);
	}
}

static inline void load_verify(const struct load *load)
{
	for (size_t i = 0; i < BLOCKS; i++)
		check(pattern_holds(load->block[i], load->size[i], i),
		      "block %zu of %zu bytes", i, load->size[i]);
}

static inline void load_free(const struct load *load)
{
	for (size_t i = 0; i < BLOCKS; i++)
		mi_free(load->block[i]);
}

#endif /* TESTS_API_HEAP_LOAD_H */
