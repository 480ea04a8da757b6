/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Descriptors. Every run has one, `struct run`, which tells where the run is,
 * how long, and what it is for. What the descriptor tells beyond that depends
 * on its kind, and each of these kinds has a view of it, a struct of its own
 * that lays names over the rest of the 128 bytes:
 *
 *	RUN_PAGE  struct page	   pages/descriptor.h  page_is_valid()
 *	RUN_LARGE struct large	   runs/large_run.h    large_is_valid()
 *	RUN_SHELVED	the same   runs/shelf.c	       shelves_are_valid()
 *	RUN_FREE  struct free_run  runs/free_run.h     free_run_is_valid()
 *	RUN_META  struct chunk	   runs/slab.h	       chunk_is_valid()
 *		  (only chunks of descriptors)
 *	RUN_NONE  struct slot	   runs/slab.h	       chunk_is_valid()
 *
 * All other runs are a struct run and no more: arena headers, heaps, whole
 * units, and what is out of service for a purge. What a descriptor holds beyond
 * that is left over from what it was before, until a view is begun anew.
 *
 * Each view begins with a union of a `struct run` and the names of the view, so
 * &page->run is the descriptor of a page without a cast, and page_of_run()
 * leads back. (All is compiled with -fno-strict-aliasing.) The idea is that of
 * Linux's folios (Wilcox 2021), which lie over its struct page in this way.
 *
 *	offset	0	8	    16	     24	    30		80	     128
 *		| view	| reciprocal | view | view | RUN_MEMBERS | view ... |
 */
#ifndef MI_RUN_H
#define MI_RUN_H

#include "ground/list.h"
#include "ground/port.h"
#include "ground/size_class.h"

enum run_kind {
	RUN_NONE = 0,	/* a descriptor that is not in use */
	RUN_FREE,	/* in a bin */
	RUN_PURGING,	/* free, but out of service for a purge */
	RUN_META,	/* arena header, descriptors, heaps */
	RUN_PAGE,	/* cut into blocks of one size */
	RUN_LARGE,	/* one large block */
	RUN_PALLOC,	/* whole units, any part may be given back */
	RUN_SHELVED,	/* was a large block, and is to be one again */
};

enum run_flags {
	/* A run of any kind that is in use may have these */
	RUN_PROMISED = 1,	/* counted in units_promised */
	RUN_MOVED = 2,		/* has mappings of its own, see port_move() */
	/* Only a run in RUN_FREE has these */
	RUN_DIRTY = 4,		/* has a dirty part, is on the list of these */
	/* Only a page has these */
	PAGE_IN_FULL = 8,	/* on heap->full instead of in a queue */
	PAGE_KEPT = 16,		/* may be empty, counted in kept_units */
	PAGE_IN_ABANDONED = 32,	/* on a list of the instance */
	PAGE_SWAPS = 64,	/* kept, so malloc and free swap its lists */
};

/*
 * The class under which a run is counted is a page's size class, and this for
 * all others: large blocks and whole units. What nobody has asked
 * instance_run_alloc() for (free runs, chunks) is not counted: its class means
 * nothing.
 */
#define CLASS_NONE	CLASS_COUNT

/*
 * `credit` and `reciprocal` are what free() subtracts from, and what it weighs
 * an address by: any descriptor that an address leads to answers it. They are
 * a page's account (pages/account.h), and 0 where there is no page, so that no
 * free goes through.
 *
 * `owner` is the thread that alone may change the run: of a page the heap's, of
 * one in RUN_PURGING who gives its memory back; 0 if there is none. It is
 * atomic, and relaxed: others only ask whether it is themselves. A thread finds
 * its own id only where it has written that itself and nobody was the owner
 * since, as nobody may read what was before its own write. (A new thread with
 * the id of one that has ended is begun after that end, and so after the 0.)
 */
#define RUN_MEMBERS							\
	uint8_t class;		/* where it counts, see CLASS_NONE */	\
	uint8_t arena_number;						\
	uintptr_t origin;	/* start of the run - block_size */	\
	uint64_t credit;						\
	uintptr_t owner;						\
	uint32_t units;							\
	uint16_t block_size;	/* 0 for runs that are no page */	\
	uint8_t kind;							\
	uint8_t flags;							\
	LINK(struct run) phys;	/* the arena's runs in address order */

struct run {
	uintptr_t view_0;
	uint64_t reciprocal;
	uintptr_t view_16;
	uint8_t view_24[6];
	RUN_MEMBERS
	uintptr_t view_80[6];
};

#define RUN_VIEW_IS_VALID(view)						\
	_Static_assert(sizeof(struct view) == sizeof(struct run) &&	\
		       __builtin_offsetof(struct view, class) ==	\
		       __builtin_offsetof(struct run, class) &&		\
		       __builtin_offsetof(struct view, phys) ==		\
		       __builtin_offsetof(struct run, phys),		\
		       "lies over a descriptor as struct run has it")

_Static_assert(sizeof(struct run) == 128, "two cache lines");
_Static_assert(__builtin_offsetof(struct run, class) == 30 &&
	       __builtin_offsetof(struct run, view_80) == 80, "see above");

/*
 * Every run that is no page is void. Whatever address is freed there weighs 0
 * then, and taking 0 from a credit of 0 leaves 0: so free stops, without a look
 * at the kind, and the slow path finds out what the address is.
 */
static inline void run_void(struct run *run)
{
	run->block_size = 0;
	run->reciprocal = 0;
	run->credit = 0;
}

static inline bool run_is_void(const struct run *run)
{
	return run->block_size == 0 && run->reciprocal == 0 &&
	       run->credit == 0;
}

static inline uintptr_t run_start(const struct run *run)
{
	return run->origin + run->block_size;
}

static inline size_t run_bytes(const struct run *run)
{
	return (size_t)run->units << UNIT_SHIFT;
}

static inline uintptr_t run_end(const struct run *run)
{
	return run_start(run) + run_bytes(run);
}

#endif /* MI_RUN_H */
