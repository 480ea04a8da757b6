/* SPDX-License-Identifier: BSD-3-Clause */
/* Blocks that threads make, check and free, for the tests of threads. */
#ifndef TESTS_API_THREAD_LOAD_H
#define TESTS_API_THREAD_LOAD_H

#include "run_threads.h"

#include <stdatomic.h>

#define BLOCKS		2000

/* Blocks that one thread makes and another one frees. */
struct load {
	void *block[BLOCKS];
	size_t size[BLOCKS];
	uint64_t seed;
	size_t wrong;
};

static inline size_t load_size(struct check_random *r)
{
	return check_log_size(r, check_below(r, 50) == 0 ? MIB : 4 * KIB);
}

static inline void *load_make(void *arg)
{
	struct load *load = arg;
	struct check_random r = { load->seed };

	for (size_t i = 0; i < BLOCKS; i++) {
		load->size[i] = load_size(&r);
		load->block[i] = mi_malloc(load->size[i]);
		if (load->block[i] == NULL) {
			load->wrong++;
			continue;
		}
		pattern_write(load->block[i], load->size[i], i);
	}
	return NULL;
}

static inline void *load_drop(void *arg)
{
	struct load *load = arg;

	for (size_t i = 0; i < BLOCKS; i++) {
		load->wrong += !pattern_holds(load->block[i], load->size[i],
					      i);
		mi_free(load->block[i]);
	}
	return NULL;
}

static struct load loads[THREADS];
static atomic_size_t lost;	/* blocks that block_drop() found wrong */

static inline void in_threads(void *(*body)(void *), size_t count)
{
	run_threads(body, loads, sizeof(loads[0]), count);
	for (size_t i = 0; i < count; i++)
		check(loads[i].wrong == 0, "thread %zu: %zu blocks wrong", i,
		      loads[i].wrong);
}

static inline void seed_loads(uint64_t seed)
{
	for (size_t i = 0; i < THREADS; i++) {
		loads[i].seed = seed + i;
		loads[i].wrong = 0;
	}
}

/* A block begins with its size and holds a pattern of it behind. */
static inline void *block_make(size_t size)
{
	size_t *p = mi_malloc(size + sizeof(size_t));

	if (p == NULL)
		return NULL;
	*p = size;
	pattern_write(p + 1, size, size);
	return p;
}

static inline void block_drop(void *block)
{
	size_t *p = block;

	if (p != NULL && !pattern_holds(p + 1, *p, *p))
		atomic_fetch_add(&lost, 1);
	mi_free(p);
}

#endif /* TESTS_API_THREAD_LOAD_H */
