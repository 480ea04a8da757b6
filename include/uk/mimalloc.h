/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A memory allocator for Unikraft: ukboot calls uk_mimalloc_init() where the
 * configuration says "Mimalloc", and everything else goes through uk/alloc.h.
 */
#ifndef __UK_MIMALLOC_H__
#define __UK_MIMALLOC_H__

#include <uk/alloc.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Makes an allocator that serves from a range of memory, and registers it.
 *
 * The allocator's own data lies at the start of the range. Takes the same time
 * whatever the range's size, and touches only its beginning. May be called
 * several times, each time for another allocator; needs neither thread local
 * storage nor a scheduler.
 *
 * With a heap for each thread (CONFIG_LIBMIMALLOC_THREAD_HEAPS), that is what
 * the first allocator has; all later ones have one heap each, which all
 * threads use. All threads run on one CPU and take turns (ukschedcoop).
 *
 * @param base
 *   Start of the range; any alignment
 * @param len
 *   Bytes; at least 16 KiB, or 20 KiB where neither end is page aligned
 * @return
 *   The allocator, or NULL when the range is too small
 */
struct uk_alloc *uk_mimalloc_init(void *base, __sz len);

/**
 * Prints what an allocator made by uk_mimalloc_init() holds: memory in use,
 * its peak, what is free, what was given back, and the heaps. O(arenas). With
 * CONFIG_LIBMIMALLOC_CLASS_STATS also the blocks of each size, O(runs + free
 * blocks), and where the parameter mimalloc.stats_json is 1, all as JSON.
 *
 * @param a
 *   The allocator. NULL, or one that is not ours, means the first that was
 *   made: with statistics for each library the default allocator is a wrapper
 */
void uk_mimalloc_show(struct uk_alloc *a);

/**
 * Prints the same as JSON, whatever the parameters say: docs/statistics.md has
 * the schema. O(runs + free blocks). In an image that does not call this
 * nothing of it is linked, where the image is linked so (OPTIMIZE_DEADELIM).
 *
 * @param a
 *   As of uk_mimalloc_show()
 */
void uk_mimalloc_show_json(struct uk_alloc *a);

#ifdef __cplusplus
}
#endif

#endif /* __UK_MIMALLOC_H__ */
