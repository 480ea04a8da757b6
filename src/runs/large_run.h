/* SPDX-License-Identifier: BSD-3-Clause */
/* The descriptor of a run that is one large block. */
#ifndef MI_LARGE_RUN_H
#define MI_LARGE_RUN_H

#include "ground/types.h"

/*
 * Invariants, checked by large_is_valid():
 *	block = NULL while it is made; else it starts in the first unit, which
 *		is the only one in the map
 *	*map_entry = map_value while the block is handed out, and 0 then
 *	it is on the list `*listed`, if that is not NULL
 */
struct large {
	union {
		struct run run;
		struct {
			void *block;
			uint64_t reciprocal;
			uintptr_t *map_entry;	/* where it is mapped */
			uint8_t unused_24[6];
			RUN_MEMBERS
			LINK(struct large) list;
			struct large **listed;	/* that list: a heap's */
			uintptr_t map_value;	/* for *map_entry */
			uintptr_t unused_112[2];
		};
	};
};
RUN_VIEW_IS_VALID(large);

static inline struct large *large_of_run(struct run *run)
{
	mi_assert(run->kind == RUN_LARGE);
	return (struct large *)run;
}

static inline size_t large_usable(const struct large *large)
{
	return run_end(&large->run) - (uintptr_t)large->block;
}

/* On a list, or on none where that is NULL. The lock is held, as below */
static inline void large_list(struct large *large, struct large **list)
{
	atomic_write(&large->listed, list);
	if (list)
		LIST_PUSH(*list, large, list);
}

static inline void large_unlist(struct large *large)
{
	if (large->listed) {
		LIST_REMOVE(*large->listed, large, list);
		atomic_write(&large->listed, NULL);
	}
}

/*
 * The cache of large blocks holds one: that which was freed last, as it is, up
 * to CACHE_UNITS_MAX, for a program that asks for the same size again. It
 * counts as free. Who takes it out of `large_cache` owns it; its size stands
 * there, too, because before that nothing may be read of its descriptor.
 */
#define CACHE_UNITS_SHIFT	48
#define CACHE_LARGE_MASK	(((uintptr_t)1 << CACHE_UNITS_SHIFT) - 1)

static inline struct large *large_cache_exchange(struct instance *instance,
						 struct large *large)
{
	uintptr_t word = large ? (uintptr_t)large |
			 (uintptr_t)large->units << CACHE_UNITS_SHIFT : 0;

	word = atomic_swap(&instance->large_cache, word);
	return (struct large *)(word & CACHE_LARGE_MASK);
}

static inline struct large *large_cache_block(const struct instance *instance)
{
	return (struct large *)(atomic_read(&instance->large_cache) &
				CACHE_LARGE_MASK);
}

static inline size_t large_cache_units(const struct instance *instance)
{
	return atomic_read(&instance->large_cache) >> CACHE_UNITS_SHIFT;
}

#endif /* MI_LARGE_RUN_H */
