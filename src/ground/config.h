/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Choices made when the engine is compiled, and limits that follow from the
 * design. Every one is range-checked here.
 */
#ifndef MI_CONFIG_H
#define MI_CONFIG_H

#ifndef __LP64__
#error "lib-mimalloc is written for 64-bit (LP64) machines"
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Not in every <stdint.h>: nolibc of Unikraft 0.17 */
#ifndef PTRDIFF_MAX
#define PTRDIFF_MAX		__PTRDIFF_MAX__
#endif
#ifndef UINTPTR_MAX
#define UINTPTR_MAX		__UINTPTR_MAX__
#endif

/* 1: a heap for each thread. 0: one heap for an instance, no TLS, no atomics */
#ifndef MI_THREADS
#define MI_THREADS		1
#endif

/*
 * 0: threads take turns, and a turn ends in no call of ours: no atomics, and
 * a free is the same whoever calls it
 */
#ifndef MI_CONCURRENT
#define MI_CONCURRENT		MI_THREADS
#endif

/* Pages and units counted for each size class */
#ifndef MI_CLASS_STATS
#define MI_CLASS_STATS		1
#endif

/* 0: none. 1: assertions. 2: structures are validated now and then */
#ifndef MI_DEBUG
#define MI_DEBUG		0
#endif

/*
 * What is done against the caller's mistakes, see harden.h. 0: what costs
 * nothing. 1: second frees and writes to a free block's tag are found. 2: all
 * writes to free blocks are
 */
#ifndef MI_HARDENING
#define MI_HARDENING		1
#endif

/* Tell valgrind about blocks; slow path for every block then */
#ifndef MI_TRACK_VALGRIND
#define MI_TRACK_VALGRIND	0
#endif

/* Poison free blocks for AddressSanitizer */
#ifndef MI_TRACK_ASAN
#define MI_TRACK_ASAN		0
#endif

#define MI_TRACK		(MI_TRACK_VALGRIND || MI_TRACK_ASAN)

#define UNIT_SHIFT		12
#define UNIT_SIZE		((size_t)1 << UNIT_SHIFT)

#define BLOCK_ALIGN		((size_t)16)
#define DIRECT_SIZE_MAX		((size_t)1024)
#define CLASSED_SIZE_MAX	((size_t)32768)

/* Multiples of 16 up to 1 KiB (0 included), then 5 octaves in eighths */
#define CLASS_DIRECT_COUNT	65
#define CLASS_COUNT		(CLASS_DIRECT_COUNT + 5 * 8)

/* A page is at most this large, but may always hold PAGE_BLOCKS_MEDIUM */
#define PAGE_BYTES_MAX		((size_t)65536)
#define PAGE_BLOCKS_MEDIUM	((size_t)16)
#define PAGE_BLOCKS_FIRST	((size_t)4)

/* Where a heap has so many pages of a class, more blocks are made at once */
#define PAGES_MANY		3

/* More heaps than this are many, and each may keep so many units: see keep.c */
#define KEPT_HEAPS_MAX		64
#define KEPT_UNITS_EACH		((size_t)16)

/* Blocks of a page that may have holes */
#define HOLES_MAX		16

/*
 * The budget, see budget.c: what was missed so many times may stay, and in an
 * epoch so many times as much is cut as the budget is.
 */
#define LEARN_PRICE		24
#define EPOCH_BREATHS		4

/* Where frames may run out, so large a part of those that are free need not */
#define IDLE_SHARE		4

/* Where threads take turns each finds its heap in one of so many lists */
#define OWNER_BUCKETS		(MI_THREADS ? (size_t)64 : (size_t)1)

/*
 * A full page of at least so many blocks comes back to its queue when blocks
 * are free that weigh as much as this part of all do: see account_patience().
 */
#define SUSPENDED_BLOCKS_MIN	64
#define SUSPENDED_PART		16

/* An empty page of so many blocks, and of some units, has them made anew */
#define ANEW_BLOCKS_MIN		64

/* A search for a kept page that is in use looks at so many classes */
#define RECHECK_CLASSES		8

/* An arena's smallest size worth its metadata */
#define ARENA_BYTES_MIN		((size_t)16384)

/* Bins for free runs: eight for each power of two up to 2^32 units */
#define BIN_COUNT		240
#define BIN_WORDS		4

/* How many runs of one bin a search may look at */
#define BIN_SCAN_MAX		64

/* A block that grows to more than this has a run of its own: see realloc.c */
#define GROWN_CLASSED_MAX	((size_t)8192)

/*
 * A small block that grows gets so large a part of itself more. The classes up
 * to DIRECT_SIZE_MAX are 16 bytes apart, so it would soon have to move again.
 */
#define GROWN_PART		8

/*
 * A block that has to move as it grows, and is a large one then, goes where so
 * many times its size is free behind it: it grows to 16 times its size
 * before it has to move again.
 */
#define ROOM_TIMES		15

/* From so many bytes on the system is asked which of them have to be zeroed */
#define ZERO_ASK_MIN		((size_t)512 << 10)

/* The largest block that the cache of large blocks takes: 1 MiB */
#define CACHE_UNITS_MAX		256

/*
 * Shelves of large runs that were freed: see shelf.c. The largest that comes to
 * one is of 4 MiB, and so many runs are on all of them at most, which one
 * request may have to move to the bins.
 */
#define SHELVES			16
#define SHELF_UNITS_MAX		1024
#define SHELVED_MAX		256

/* Descriptors that must be free before runs are split */
#define DESCRIPTOR_RESERVE	4

/* Of so many slow paths one sweeps a class, in turn */
#define SWEEP_INTERVAL		16

/* So many times a heap's pages swap their lists before a malloc does all */
#define SWAPS_MAX		64

/*
 * A class of which a few blocks are taken again and again gets so many, but
 * never by more than this part of what is free: see heap_more_hot().
 */
#define HOT_BLOCKS		32
#define HOT_PART		64

/* Of what others freed, one call moves so many pages, or blocks, at most */
#define DRAIN_PAGES		16
#define DRAIN_BLOCKS		1024

/* How many pages without a free block one call moves out of its way */
#define FULL_TRIES		16

/* How many abandoned pages a heap tries before it makes a new one */
#define RECLAIM_TRIES		8

/*
 * The window of a map without range check, see window.c: at first, and once
 * there is a further arena. For the sake of a further arena it grows up to
 * the third; for that of the first one without limit.
 */
#define MAP_WINDOW_BYTES_MIN	((size_t)1 << 30)
#define MAP_WINDOW_BYTES_MORE	((size_t)1 << 35)
#define MAP_WINDOW_BYTES_MAX	((size_t)1 << 38)

/* The number of the region for the engine's data; arenas have those below */
#define ARENA_NUMBER_META	UINT8_MAX

/*
 * An arena that grows does so by an eighth of itself, within these limits;
 * the region for the engine's data by the third.
 */
#define GROW_BYTES_MIN		((size_t)128 << 10)
#define GROW_BYTES_MAX		((size_t)64 << 20)
#define GROW_META_BYTES		((size_t)64 << 10)

/* Runs of which the mappings were moved, at the same time */
#define MOVES_MAX		256

_Static_assert(MI_THREADS == 0 || MI_THREADS == 1, "MI_THREADS is 0 or 1");
_Static_assert(MI_CONCURRENT == 0 || (MI_CONCURRENT == 1 && MI_THREADS == 1),
	       "who runs at the same time is a thread");
_Static_assert(MI_CLASS_STATS == 0 || MI_CLASS_STATS == 1, "0 or 1");
_Static_assert(MI_HARDENING >= 0 && MI_HARDENING <= 2, "0, 1 or 2");
_Static_assert(!MI_TRACK || MI_HARDENING == 1,
	       "tools that watch are told about blocks at level 1");
_Static_assert(MI_DEBUG >= 0 && MI_DEBUG <= 2, "MI_DEBUG is 0, 1 or 2");
_Static_assert((SWEEP_INTERVAL & (SWEEP_INTERVAL - 1)) == 0, "power of two");
_Static_assert(BIN_COUNT <= BIN_WORDS * 64, "a bit for each bin");
_Static_assert(PAGE_BYTES_MAX / BLOCK_ALIGN <= UINT16_MAX,
	       "block numbers fit 16 bits");
_Static_assert(CLASSED_SIZE_MAX <= UINT16_MAX, "block sizes fit 16 bits");

#endif /* MI_CONFIG_H */
