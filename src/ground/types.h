/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Glossary
 *
 *   unit		4 KiB of an arena
 *   run		consecutive units with one descriptor
 *   page		a run cut into blocks of one size
 *   block		what malloc gives to the program
 *   large block	a run that is one block
 *   arena		a contiguous range that runs are cut from
 *   heap		the pages of one thread (or of one mi_heap_new)
 *   instance		arenas, heaps and their lock; no two share anything
 *   handed out		given by malloc and not freed
 *   away		handed out, or freed by another thread and not collected
 *   account		tells when no block of a page is away, see account.h
 *   hole		a free block whose memory was given back, see holes.c
 *   kept		of a page: may be empty and nobody is told, see keep.c
 *   full		of a page: `free` was empty, and out of its queue since
 *   notified		full, and on its way to its owner: another thread freed
 *   holder		who made a page notified, or took it off that list
 *   collect		move what others freed to where malloc finds it
 *   sweep		collect, and put the page where it belongs then
 *   abandon, claim	lose an owner; become it, by one swap
 *   reclaim		claim a page because malloc needs one
 *   orphan		a notified page whose owner has ended
 *   park		of a heap: its thread has ended, another one may begin
 *   late		of a heap: made after its thread's end
 *   purge		give memory back to the system
 *   shelved		of a large run: free, and kept as it is, see shelf.c
 *   dirty		of a free run: what may have been touched since then
 *   chunk		a unit of descriptors
 *
 * See docs/design.md for pictures and reasons.
 */
#ifndef MI_TYPES_H
#define MI_TYPES_H

#include "ground/atomic.h"
#include "ground/bits.h"
#include "ground/list.h"
#include "ground/port.h"
#include "ground/run.h"
#include "ground/size_class.h"

/* A free block. Handed out, `tag` has been cleared and all is the user's */
struct block {
	struct block *next;
	uintptr_t tag;		/* address of the page's descriptor */
};

_Static_assert(sizeof(struct block) <= BLOCK_ALIGN, "fits every block");

struct page;		/* pages/descriptor.h */
struct large;		/* runs/large_run.h */
struct free_run;	/* runs/free_run.h */
struct chunk;		/* runs/slab.h */

/*
 * Leads from an address to a descriptor; see docs/design.md. What a map that is
 * no window says of itself is in it, so that who reads its address, without a
 * lock, has what belongs to it.
 */
struct map {
	struct run null;		/* what distance 0 leads to */
	uintptr_t base;			/* address of unit 0; not of a window */
	size_t limit;			/* units that have an entry as yet */
	uintptr_t distance[];		/* from the map to the descriptor */
};

/* Of an instance that has no map yet: everything takes the slow path */
struct map_of_none {
	struct run null;
	uintptr_t base;
	size_t limit;
	uintptr_t distance;
};
_Static_assert(__builtin_offsetof(struct map_of_none, distance) ==
	       __builtin_offsetof(struct map, distance),
	       "looks like a map of one unit");
extern HIDDEN struct map_of_none map_of_none;

struct arena {
	/* Constant once it is published, but see arena_lengthen(), _extend() */
	struct instance *instance;
	struct arena *next;		/* atomic, see map.c */
	uintptr_t start, end;
	struct map *map;
	size_t map_units;		/* of a map of its own */
	struct arena *pool;		/* whose chunks hold its descriptors */
	uint8_t number;
	bool map_is_window;		/* shared by all arenas, see window.c */
	bool grows;			/* at its end, as it is needed */
	bool exclusive;			/* serves only heaps made for it */
	bool fixed;			/* memory of the user: never purged */
	/* Under the instance's lock */
	bool fresh_is_zero;		/* above the mark; also after purge */
	uintptr_t high_water;		/* nothing above was ever written */
	DEQUE(struct run) phys;		/* all runs, in address order */
	DEQUE(struct free_run) dirty;	/* with a dirty part, oldest first */
	size_t units_free;
	uint64_t bins_used[BIN_WORDS];
	struct free_run *bins[BIN_COUNT];
	/* Under the lock, too, and only of an arena that is a pool */
	DEQUE(struct chunk) chunks;	/* with free slots, empty ones last */
	struct chunk *first_chunk;
	size_t descriptors_free;
};

static inline bool arena_in_window(const struct arena *arena)
{
	return PORT_MAP_WINDOW && arena->map_is_window;
}

struct queue {
	struct page *first;		/* &empty_page when empty */
	struct page *last;		/* NULL when empty */
};

/*
 * The queues come first: (heap + 15 + size) & ~15 is the address of the
 * queue that serves `size`, and its first word the page to take from.
 *
 * The memory of a heap is a heap for ever where threads are concurrent: when
 * its thread ends it is parked, and another thread begins anew with it. A
 * notification may come late, in any life of the heap, so who brings it touches
 * only what outlives heap_init().
 */
struct heap {
	/* The owner's: no other thread reads or writes these */
	struct queue queues[CLASS_COUNT];
	uint32_t page_count[CLASS_COUNT];
	struct page *full;		/* pages outside their queue */
	struct page *pending;		/* taken off `notified`, to be swept */
	struct arena *arena;		/* allocate only there, if not NULL */
	struct heap *thread_next;	/* heaps of one thread */
	size_t kept_units;		/* of its pages that may be empty */
#if PORT_KEPT_LEARN_MAX
	uint64_t gave_back[(CLASS_COUNT + 63) / 64];	/* see heap_missed() */
#endif
	uint64_t heartbeat;
	int swaps_left;			/* see page_may_swap() */
	unsigned int sweep_class;	/* where heap_sweep() goes on */
	unsigned int recheck_class;	/* and heap_recheck_kept() */
	unsigned int recheck_left;	/* classes it may look at */
	bool in_deferred;
	bool chosen;			/* its thread's default: PORT_TURNS */
	struct heap *choice;		/* the same where PORT_HEAP_WORD is */
	/* Written before the heap is in a list; `late` later under the lock */
	bool late;			/* made when its thread had ended */
	uintptr_t owner;		/* thread */
	struct heap *backing;		/* the thread's first heap */
	/* Under the instance's lock */
	struct large *large;		/* large blocks */
	LINK(struct heap) list;		/* heaps, late or parked ones */
#if PORT_OWNER_TABLE
	LINK(struct heap) bucket;	/* see heap_of_owner() */
#endif
	/*
	 * heap_init() leaves this and `instance` as they are, as other threads
	 * may look at them at any time. Atomic:
	 */
	__attribute__((aligned(64)))
	uintptr_t notified;		/* NOTIFIED pages | HEAP_PARKED */
	/* Constant from heap_memory() on, for ever */
	struct instance *instance;
	struct run *run;		/* its own memory, if it can be freed */
};

/* In `notified`: the heap has no thread, and nothing is put there any more */
#define HEAP_PARKED	((uintptr_t)1)

_Static_assert(sizeof(struct queue) == BLOCK_ALIGN, "address = index * 16");
_Static_assert(__builtin_offsetof(struct heap, queues) == 0, "see above");
_Static_assert(sizeof(struct heap) <= UNIT_SIZE, "a heap takes one unit");

/* Per size class, and once for all that is no page (at CLASS_NONE) */
struct class_stats {
	uint32_t pages, pages_peak;
	uint32_t units, units_peak;
	uint64_t pages_total;
};

/* What was learned of how much is to stay dirty, in units: see budget.c */
struct budget {
	size_t learned;		/* may stay beside what is configured */
	size_t missed;		/* not learned from as yet */
	size_t missed_ever;
	size_t cut;		/* since the epoch began */
	size_t spare;		/* the fewest dirty units since then */
};

/* Large runs that were freed, all of one size: see shelf.c */
struct shelf {
	DEQUE(struct large) runs;	/* freed last, first */
	uint32_t wanted;	/* units: asked for last, and not there */
};

struct instance {
	/* Read by every free. Written under the lock, see window.c, arena.c */
	struct map *map;
	uintptr_t map_mask;		/* a window's, see window.c */

	/*
	 * Atomic, of any thread. All but the first are relaxed: they say how
	 * much, which is a matter of policy, and lead to nothing. Whoever reads
	 * one may read what it was a moment ago.
	 */
	uintptr_t large_cache;		/* see large_cache_exchange() */
	/*
	 * These two count the units of pages whose blocks other threads have
	 * all freed, and whose owner has not collected them yet.
	 */
	size_t waiting_units;		/* their memory is as it was */
	size_t remote_purged_units;	/* their memory was given back */
	size_t waiting_learned;		/* in page_end_wait(): may wait, too */
	bool waiting_deep;		/* nothing is learned at present */
	uint32_t counting;		/* threads in page_count() */
	size_t kept_units;		/* of pages that may be empty */
#if PORT_KEPT_LEARN_MAX
	size_t kept_learned;		/* and may be: heap_missed() */
#endif

	struct port_lock lock;
	/*
	 * Written under the lock, read without: atomic. The arenas and their
	 * table are published (arena.c, map.c), the numbers are relaxed hints.
	 */
	struct arena *arenas;
	struct arena *meta;		/* the region for the engine's data */
#if PORT_MAP_WINDOW
	struct arena *arena_table[ARENA_NUMBER_META + 1];
#endif
	size_t units_used;
	size_t abandoned_count;
	size_t heap_count;
	/* Under the lock alone */
	size_t units_used_peak;
#if MI_CLASS_STATS
	size_t units_held_peak;		/* see instance_held() */
#endif
	size_t units_dirty;
	size_t units_shelved;
	unsigned int runs_shelved;
	unsigned int shelf_next;	/* that gives a run to the bins next */
	struct shelf shelves[SHELVES];
	struct budget budget;
	size_t units_promised;		/* see frames.c */
	size_t bytes_purged, purges;
	size_t moves;			/* runs with mappings of their own */
#if PORT_MAP_WINDOW
	size_t map_bytes;		/* of the window's map, as reserved */
#endif
	struct heap *heaps;		/* in use */
	struct heap *late;		/* in use, of threads that end */
	struct heap *parked;		/* of ended threads */
#if PORT_OWNER_TABLE
	struct heap *by_owner[OWNER_BUCKETS];	/* first heaps of threads */
#endif
	size_t heap_count_peak;
	unsigned int arena_count;
	bool main_heap_used;
#if MI_THREADS
	struct page *abandoned[CLASS_COUNT];
#endif
#if MI_CLASS_STATS
	struct class_stats stats[CLASS_NONE + 1];
	size_t made_ended[CLASS_COUNT];	/* blocks of pages that ended; atomic */
#endif
	/*
	 * Read by any thread; written by instance_configure(). All before this
	 * is zero in a new instance, but for `map`.
	 */
	struct instance_config config;
	__attribute__((aligned(64)))
	struct heap main_heap;
};

extern HIDDEN struct heap empty_heap;

#if PORT_STATIC_INSTANCE
extern HIDDEN struct instance default_instance;
#else
extern HIDDEN struct instance *default_instance_pointer;
#define default_instance	(*default_instance_pointer)
#endif

#if MI_DEBUG
#define mi_assert(x) \
	((x) ? (void)0 : error_assert(#x, __FILE__, __LINE__))
#else
#define mi_assert(x)	((void)sizeof(!(x)))
#endif

/* error.c: the only place that knows how to complain */
__attribute__((noreturn))
COLD void error_assert(const char *what, const char *file, int line);

enum pointer_error {
	ERROR_FOREIGN,		/* no block of any arena */
	ERROR_INTERIOR,		/* inside a block */
	ERROR_DOUBLE_FREE,
	ERROR_OVERWRITTEN,	/* a free block was written to */
};

/* What is known of the memory that a pointer leads to */
struct error_place {
	const char *what;	/* of which kind it is; NULL: it is not ours */
	uintptr_t start;	/* 0: only the kind is known */
	size_t bytes;
	const char *state;	/* in use, free */
	const char *whose;	/* "" or a thread, behind a comma */
};

/* A caller's mistake */
struct pointer_report {
	enum pointer_error error;
	const char *call;	/* free, realloc ... */
	const void *p;
	const void *caller;	/* where that was called from, or NULL */
	struct error_place place;
};

/*
 * Where the function that is asked was called from: the program, if all that
 * was called before has ended in the next call, which so returns to the
 * program. Compilers see to that where they optimise.
 */
#ifdef __OPTIMIZE__
#define error_caller()		__builtin_return_address(0)
#else
#define error_caller()		NULL
#endif

/* Reports, then follows the policy: does not return, or the call is void */
COLD void error_pointer(const struct pointer_report *report);
/* errno, the error callback; gives NULL */
COLD void *error_no_memory(size_t bytes);
COLD void *error_overflow(size_t count, size_t size);
COLD void *error_alignment(size_t alignment);

#endif /* MI_TYPES_H */
