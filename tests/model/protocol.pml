/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A model of how pages and heaps pass from thread to thread: frees from
 * outside, ends of threads, adoption of parked heaps, purge by others and
 * reclaim; docs/design.md, "Threads". Spin goes through every order in which
 * the steps of all threads can follow each other.
 *
 * How to read it. The language is Promela. A `proctype` is a thread; `inline`
 * is a function that is pasted in; `if` and `do` take any of their options
 * whose first statement can be executed, at random where there are several.
 * What stands in `atomic { }` or `d_step { }` is one step, and so is each
 * statement outside; between two steps any other thread may take some. Each
 * inline has the name of the function of src/ it stands for, and names that
 * end in _step are parts of a step. A loop that ends in a compare-and-swap is
 * one step: the swap succeeds only if the word is still what the loop has
 * read, so all that was derived from it holds at that moment. A section under
 * the instance's lock is one step, too, unless a thread without the lock can
 * see what it does in between.
 *
 * Blocks are counted, not told apart, and pages and heaps are numbered. Each
 * page is cut from its run once and never again: whoever touches it later is
 * caught, whatever the memory has become. A thread does `calls` mallocs or
 * collections, frees whatever block anybody has as often as there is one,
 * and ends, in any order; or it stops between two calls for as long as it
 * likes, as a thread that sleeps does.
 *
 * What is checked:
 *  - Nothing that was given back is used: ALIVE() wherever a descriptor or
 *    the memory of a page is touched; LISTS_MINE() where the owner touches
 *    lists that another thread may be walking, or giving back; INSTANCE() where
 *    page->heap->instance is read; HEAP_MINE() where the fields of a heap are.
 *  - No two owners: TAKE() where a thread becomes the holder of a page, and
 *    MINE() wherever it touches what is only the holder's. `holder` is no
 *    field of the engine: it says who may, where `owner` says who shall.
 *  - Nothing is lost: quiet_page() whenever no thread is inside a call. A
 *    page that stays has an owner who lives; or is on the way to one, on the
 *    `notified` or `pending` list of a heap in use; or is abandoned, can be
 *    reclaimed, and has a block that is handed out, whose free will find it.
 *    No block is missing, and no full page has blocks waiting unannounced.
 *  - Progress: all loops end. As each thread does finitely much, any cycle in
 *    the states is a thread that runs for ever, and Spin looks for these
 *    (non-progress cycles; there are no labels of progress), for one thread
 *    that runs alone, too, so fairness need not be assumed. Nobody waits:
 *    there is no state in which no thread can go on before all have ended.
 *
 * What is not: memory order. Spin is sequentially consistent: each step is
 * seen by all at once. That acquire and release suffice is argued at each
 * place in src/ and explored by tests/order. Nor are fork, large blocks,
 * accounts of waiting and purged units, and the lists inside of a page.
 *
 * To run it: tests/model/check.sh. By hand, for instance with a mutation:
 *
 *	spin -a -DCLAIM_WITHOUT_CAS tests/model/protocol.pml
 *	gcc -O1 -DSAFETY -DCOLLAPSE -o pan pan.c && ./pan -m100000
 *	spin -k protocol.pml.trail -p -g -DCLAIM_WITHOUT_CAS \
 *		tests/model/protocol.pml
 *
 * The last line replays what ./pan found (protocol.pml.trail), a step a line,
 * with the number of the process, and the values that changed; process 1 is
 * thread 1, and init is 0. The shortest schedule comes from `./pan -i`, or
 * with -DBFS. For cycles: gcc -DNP instead of -DSAFETY, and ./pan -l.
 *
 * Each name that the parts ask for is a mutation: a step that is left out or
 * swapped. So is BACKING_ENDS_FIRST below.
 *
 * The parts: pages.pml, owner.pml, heaps.pml and calls.pml.
 */

#ifndef PAGES
#define PAGES		1	/* at most 2 */
#endif
#ifndef BLOCKS
#define BLOCKS		2	/* of a page */
#endif
#ifndef HEAPS
#define HEAPS		2	/* at most 4 */
#endif
#ifndef CALLS_1
#define CALLS_1		(BLOCKS + 1)	/* so that the page becomes full */
#endif
#ifndef CALLS_2
#define CALLS_2		1
#endif
#ifndef FREERS
#define FREERS		2	/* threads that never malloc */
#endif
/* Threads with a second heap: bit 0 is thread 1, bit 1 is thread 2 */
#ifndef SECOND
#define SECOND		0
#endif
/* Whether page 0 is in an arena that serves only heaps made for it */
#ifndef EXCLUSIVE
#define EXCLUSIVE	0
#endif

/* enum page_state */
#define ACTIVE		0
#define FULL		1
#define NOTIFIED	2
#define ABANDONED	3

#define NO_HEAP		HEAPS
#define NO_PAGE		PAGES
#define BIT(p)		(1 << (p))
#if SECOND
#define HAS_SECOND(me)	((SECOND >> ((me) - 1)) & 1)
#else
#define backing		h
#endif
#define LISTED(p)	(!EXCLUSIVE || (p) != 0)

typedef page_type {
	/* thread_free: one word, changed by compare-and-swap only */
	byte state;
	byte list;		/* blocks that are on the list, and their count */
	byte own;		/* others that are known to be free */
	bit resting;
	bit counting;
	bit purging;
	bit purged;
	/* atomic words beside it */
	byte owner;		/* 0: nobody */
	byte heap;
	/* of who holds the page */
	byte free;		/* blocks on `free` and `local_free` */
	byte in_heap;		/* in a queue of this heap, or on its `full` */
	bit in_full;
	/* under the lock of the instance */
	bit in_abandoned;
	/* of the model alone */
	bit alive;
	bit mapped;		/* the map leads to it */
	byte holder;
	byte out;		/* blocks that the program has */
	byte freeing;		/* blocks in a call of free */
}

typedef heap_type {
	byte notified;		/* a bit for each page that is on the list */
	bit has_bit;		/* HEAP_PARKED, in the same word */
	byte pending;		/* the owner's */
	bit parked;		/* on instance->parked, under the lock */
	/* of the model alone */
	byte user;		/* who has it */
	bit zeroed;		/* `instance` is 0 for a moment */
}

page_type page[PAGES];
heap_type heaps[HEAPS];
byte heaps_made, pages_made;
byte busy;			/* threads inside a call */

#define ALIVE(p)	assert(page[p].alive)
#define MINE(p)		assert(page[p].alive && page[p].holder == me)
#define TAKE(p)		assert(page[p].alive && page[p].holder == 0); \
			page[p].holder = me
#define LEAVE(p)	MINE(p); page[p].holder = 0
#define INSTANCE(p)	assert(!heaps[page[p].heap].zeroed)
#define HEAP_MINE(x)	assert(heaps[x].user == me)
#define NOTHING_CAME(p)	(page[p].list == 0 && !page[p].purged)
#define ALL_FREE(p)	(page[p].free == BLOCKS)
#define BUSY(p)		(page[p].counting || page[p].purging)
#define BACK(p)		(page[p].list + page[p].own)
/* The owner takes from its lists, or walks or rewrites them */
#define LISTS_MINE(p)	MINE(p); assert(!BUSY(p))

/* What a free has to see to after its compare-and-swap */
#define NOTHING		0
#define NOTIFY		1	/* it has set NOTIFIED */
#define CLAIMED		2	/* it has become the owner */
#define LAST		3	/* the same, and all blocks are free */
#define COUNTED		4	/* the owner ended while it was COUNTING */

#include "pages.pml"
#include "owner.pml"
#include "heaps.pml"
#include "calls.pml"

/* ---- what holds whenever nobody is inside a call ---- */

/*
 * The page stands on the list of a heap that some thread has. It is that of
 * the page, but for a page that has moved (mi_heap_delete()) while its notifier
 * was on the way, whom another thread overtook that began with the old heap.
 */
#define WAITS_AT(x, p)	(heaps[x].user != 0 && \
			 (heaps[x].notified | heaps[x].pending) & BIT(p))
#if !SECOND
#define WAITS(p)	WAITS_AT(page[p].heap, p)
#elif HEAPS == 2
#define WAITS(p)	(WAITS_AT(0, p) || WAITS_AT(1, p))
#elif HEAPS == 3
#define WAITS(p)	(WAITS_AT(0, p) || WAITS_AT(1, p) || WAITS_AT(2, p))
#else
#define WAITS(p)	(WAITS_AT(0, p) || WAITS_AT(1, p) || \
			 WAITS_AT(2, p) || WAITS_AT(3, p))
#endif

inline quiet_page(p)
{
	if
	:: page[p].alive ->
		assert(page[p].freeing == 0 && !BUSY(p));
		assert(page[p].own == 0 || page[p].state == ABANDONED ||
		       (page[p].resting && page[p].list > 0 &&
			page[p].own <= page[p].free));
		assert((page[p].purged -> BLOCKS :
			page[p].free + page[p].list) + page[p].out == BLOCKS);
		if
		:: page[p].holder != 0 ->
			assert(page[p].owner == page[p].holder);
			assert(page[p].in_heap == page[p].heap);
			assert(heaps[page[p].heap].user == page[p].owner);
			assert(page[p].state != ABANDONED);
			assert(!page[p].in_abandoned)
		:: else ->
			assert(page[p].owner == 0);
			assert(page[p].state == NOTIFIED ||
			       page[p].state == ABANDONED)
		fi;
		if
		:: page[p].state == FULL ->
			assert(page[p].in_full && NOTHING_CAME(p))
		:: page[p].state == NOTIFIED ->
			assert(WAITS(p))
		:: page[p].state == ABANDONED ->
			assert(page[p].out > 0);
			assert(page[p].in_abandoned == LISTED(p))
		:: else ->
			assert(!page[p].in_full)
		fi
	:: else
	fi
}

inline enter() { busy++ }

inline leave()
{
	atomic {
		busy--;
		if
		:: busy == 0 ->
			quiet_page(0);
#if PAGES > 1
			quiet_page(1)
#endif
		:: else
		fi
	}
}

proctype thread(byte me; byte calls)
{
	byte h = NO_HEAP, p = NO_PAGE, to, todo, what;
	bool ok, counts;
#if SECOND
	byte backing = NO_HEAP, at;
	bool destroy;
#endif

	do
	:: atomic { calls > 0 -> calls--; enter() }
		if
		:: h == NO_HEAP ->
			heap_create(backing);
#if SECOND
			h = backing;
			if
			:: HAS_SECOND(me) && backing != NO_HEAP ->
				h = NO_HEAP;
				heap_create(h);
				if
				:: h == NO_HEAP -> h = backing
				:: else
				fi
			:: else
			fi
#endif
		:: else
		fi;
		if
		:: h != NO_HEAP -> heap_alloc()
		:: h != NO_HEAP -> heap_collect()
		:: else
		fi;
		leave()
	:: atomic {
		if
		:: page[0].out > 0 -> p = 0
#if PAGES > 1
		:: page[1].out > 0 -> p = 1
#endif
		fi;
		page[p].out--;
		page[p].freeing++;
		enter() }
		if
		:: page[p].owner == me -> free_local(p)
		:: else -> page_free_remote(p)
		fi;
		leave()
#if SECOND
	:: atomic { h != backing -> enter() }
		heap_end();
		leave()
#endif
	:: atomic { h != NO_HEAP -> enter() }
		/* heaps_abandon() */
#if SECOND
		do
#ifdef BACKING_ENDS_FIRST
		:: atomic { h != backing -> to = h; h = backing }
			todo = 0;
			at = to;
			to = 0;
			heap_abandon(h);
			h = at;
			at = 0;
			heap_abandon(h);
			break
#else
		:: h != backing ->
			heap_abandon(h);
			h = backing
#endif
		:: else ->
			heap_abandon(h);
			break
		od;
		backing = NO_HEAP;
#else
		heap_abandon(h);
#endif
		h = NO_HEAP;
		leave();
		break
	:: h == NO_HEAP -> break
	od
}

init {
	atomic {
		run thread(1, CALLS_1);
		run thread(2, CALLS_2);
#if FREERS > 0
		run thread(3, 0);
#endif
#if FREERS > 1
		run thread(4, 0);
#endif
	}
}
