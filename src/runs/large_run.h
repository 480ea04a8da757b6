/* SPDX-License-Identifier: BSD-3-Clause */
/* The descriptor of a run that is one large block. */
#ifndef MI_LARGE_RUN_H
#define MI_LARGE_RUN_H

#include "runs/free_run.h"

/*
 * Invariants, of which large_is_valid() checks the first:
 *	`block` is NULL from run_enter() on until large_new() sets it; then it
 *		starts in the first unit, the only one that the map leads from
 *	*map_entry = map_value while the block is handed out, else 0
 *	it is on the list `*listed`, or on none where that is NULL
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
			uintptr_t touched_start;	/* as it was cut: */
			uintptr_t touched_end;		/* see free_run.h */
		};
	};
};
RUN_VIEW_IS_VALID(large);
_Static_assert(__builtin_offsetof(struct large, touched_start) ==
	       __builtin_offsetof(struct free_run, touched_start),
	       "what was written as the run was cut is read here");

static inline struct large *large_of_run(struct run *run)
{
	mi_assert(run->kind == RUN_LARGE);
	return (struct large *)run;
}

static inline size_t large_usable(const struct large *large)
{
	return run_end(&large->run) - (uintptr_t)large->block;
}

/*
 * Puts it on a list, or on none where that is NULL. Who calls this, or the
 * next one, holds the lock; `listed` is read without, by large_again() and
 * run_heap(). Relaxed: the former compares it with the list of the caller's own
 * heap, which only the caller's thread writes there, and before it had the heap
 * others did, under the lock. To the latter any answer is good that was true.
 */
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
 * to CACHE_UNITS_MAX, for a program that asks for the same size again. To the
 * program it is free; its run is still RUN_LARGE and on its heap's list, and
 * only its map entry is 0.
 *
 * The instance's word `large_cache` is the address of its descriptor, with its
 * units in the upper 16 bits. Who swaps it out of there owns the block. The
 * units stand in the word so that others can tell whether the size is the right
 * one: another thread may free the run, and with it the descriptor, at any time
 * before that swap.
 */
#define CACHE_UNITS_SHIFT	48
#define CACHE_LARGE_MASK	(((uintptr_t)1 << CACHE_UNITS_SHIFT) - 1)

/*
 * Puts `large` there, or nothing (NULL); gives what was there, or NULL.
 * Release: what the freeing thread did to the block, and its map entry, are
 * seen by who takes it. Acquire: the other side of that.
 */
static inline struct large *large_cache_exchange(struct instance *instance,
						 struct large *large)
{
	uintptr_t word = large ? (uintptr_t)large |
			 (uintptr_t)large->units << CACHE_UNITS_SHIFT : 0;

	word = atomic_swap(&instance->large_cache, word);
	return (struct large *)(word & CACHE_LARGE_MASK);
}

/*
 * Only to be compared: what it points to may be gone, see above. Relaxed, here
 * and below: whether it is so is known after the exchange.
 */
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
