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
 *    the memory of a page is touched; INSTANCE() where page->heap->instance
 *    is read; HEAP_MINE() where the fields of a heap are.
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
 * place in src/, not here. Nor are fork, large blocks, accounts of waiting
 * and purged units, and the lists inside of a page.
 *
 * To run it: tests/model/check.sh. By hand, for instance with a mutation:
 *
 *	spin -a -DCLAIM_WITHOUT_CAS tests/model/protocol.pml
 *	gcc -O1 -DSAFETY -DCOLLAPSE -o pan pan.c && ./pan -m100000
 *	spin -t -p -g -DCLAIM_WITHOUT_CAS tests/model/protocol.pml
 *
 * The last line replays what ./pan found (protocol.pml.trail), a step a line,
 * with the number of the process, and the values that changed; process 1 is
 * thread 1, and init is 0. The shortest schedule comes from `./pan -i`, or
 * with -DBFS. For cycles: gcc -DNP instead of -DSAFETY, and ./pan -l.
 *
 * Each name below is a mutation: a step that is left out or swapped.
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
	byte list;		/* blocks that are on the list */
	byte count;		/* what the word says */
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

/* What a free has to see to after its compare-and-swap */
#define NOTHING		0
#define NOTIFY		1	/* it has set NOTIFIED */
#define CLAIMED		2	/* it has become the owner */
#define LAST		3	/* the same, and all blocks are free */

/* ---- parts of steps ---- */

/* page_collect_remote(): thread_free_take(), and what follows it */
inline collect_step(p)
{
	MINE(p);
	INSTANCE(p);
	if
	:: page[p].purged ->	/* page_restart() */
		assert(page[p].list == 0 && page[p].free == 0);
		page[p].purged = 0;
		page[p].purging = 0;
		page[p].mapped = 1;
		page[p].free = BLOCKS
	:: !page[p].purged && page[p].list > 0 ->
		page[p].free = page[p].free + page[p].list;
		page[p].list = 0;
		page[p].count = 0;
		page[p].purging = 0
	:: else
	fi;
	assert(page[p].free <= BLOCKS)
}

/* page_free() */
inline page_free_step(p)
{
	MINE(p);
	INSTANCE(p);
	assert(page[p].state == ACTIVE && !page[p].purging);
	assert(page[p].out == 0 && page[p].freeing == 0);
	assert(NOTHING_CAME(p));
	assert(page[p].in_heap == NO_HEAP && !page[p].in_full);
	assert(!page[p].in_abandoned);
	page[p].alive = 0;
	page[p].mapped = 0;
	page[p].holder = 0;
	page[p].count = 0;
	page[p].free = 0;
	page[p].owner = 0;
	page[p].heap = 0
}

/* The compare-and-swap of heap_notify(). The link has one user */
inline push_step(to, p)
{
	ALIVE(p);
	assert(!((heaps[0].notified | heaps[0].pending) & BIT(p)));
#if HEAPS > 1
	assert(!((heaps[1].notified | heaps[1].pending) & BIT(p)));
#endif
#if HEAPS > 2
	assert(!((heaps[2].notified | heaps[2].pending) & BIT(p)));
#endif
#if HEAPS > 3
	assert(!((heaps[3].notified | heaps[3].pending) & BIT(p)));
#endif
	heaps[to].notified = heaps[to].notified | BIT(p)
}

/* The next page of a list that the thread has for itself */
inline next_step(set)
{
	if
	:: set & BIT(0) -> p = 0
#if PAGES > 1
	:: set & BIT(1) -> p = 1
#endif
	fi;
	set = set & ~BIT(p);
	ALIVE(p)
}

/* thread_free_try_claim(): the list is taken in the same step */
inline claim_step(p)
{
	TAKE(p);
	page[p].state = ACTIVE;
	page[p].free = page[p].free + page[p].list;
	page[p].list = 0;
	page[p].count = 0
}

/* thread_free_unmark_full() of heap_page_unfull() */
inline unfull_step(p)
{
	MINE(p);
	if
	:: page[p].state == FULL -> page[p].state = ACTIVE
	:: else
	fi;
	page[p].in_full = 0
}

/* thread_free_mark_full() of heap_page_full(), where nothing has come */
inline full_step(p)
{
	MINE(p);
	if
	:: page[p].state != NOTIFIED -> page[p].state = FULL
	:: else		/* heap_drain() will look */
	fi;
	page[p].in_full = 1
}

/* ---- pages without an owner ---- */

#ifdef ABANDON_BLINDLY
#define MAY_ABANDON(p)	true
#else
#define MAY_ABANDON(p)	NOTHING_CAME(p)
#endif
#if defined(COUNT_TOO_HIGH)
#define BASE(p)		(page[p].free + 1)
#elif defined(COUNT_TOO_LOW)
#define BASE(p)		(page[p].free - 1)
#else
#define BASE(p)		page[p].free
#endif

/* page_free_or_abandon(), page_try_abandon(), thread_free_abandon() */
inline page_free_or_abandon(p)
{
	do
	:: atomic {
#ifdef COLLECT_ONCE
		if
		:: page[p].owner != 0 -> collect_step(p)
		:: else
		fi;
#else
		collect_step(p);
#endif
		if
		:: ALL_FREE(p) ->
			page_free_step(p);
			break
		:: else
		fi
	   }
#ifndef OWNER_CLEARED_LATE
	   d_step { MINE(p); page[p].owner = 0 }
#endif
	   if
	   :: atomic { MAY_ABANDON(p) ->
		MINE(p);
		page[p].state = ABANDONED;
		page[p].count = BASE(p);
		page[p].in_abandoned = LISTED(p);
		LEAVE(p) }
#ifdef OWNER_CLEARED_LATE
		atomic { MINE(p); page[p].owner = 0 }
#endif
		break
	   :: else	/* blocks came: it stays ours, and off the list */
	   fi
	od
}

/* page_abandon_orphan(): of the holder, when the owner has ended */
inline page_abandon_orphan(p)
{
	d_step {
		assert(page[p].owner == 0);
		TAKE(p);
		page[p].state = ACTIVE
	}
	page_free_or_abandon(p)
}

#ifdef PUSH_TO_PARKED
#define IS_PARKED(x)	false
#else
#define IS_PARKED(x)	heaps[x].has_bit
#endif
#ifdef MOVE_UNSEEN
#define HAS_MOVED(p)	false
#else
#define HAS_MOVED(p)	(page[p].heap != to)
#endif

/* heap_notify(): of the holder; to the heap `to` */
inline heap_notify(p)
{
	do
	:: atomic { !IS_PARKED(to) ->
		push_step(to, p) }
		break
	:: IS_PARKED(to) ->
		if
		:: atomic { HAS_MOVED(p) ->
			ALIVE(p);
			to = page[p].heap }
		:: else ->
#ifndef WAIT_FOR_ADOPTION
			page_abandon_orphan(p);
			break
#endif
		fi
	od
}

/* ---- what an owner does ---- */

#ifdef FREE_NOTIFIED
#define MAY_FREE(p)	true
#else
#define MAY_FREE(p)	(page[p].state != NOTIFIED)
#endif

inline heap_page_emptied(p)
{
	atomic {
		MINE(p);
		if
		:: page[p].state == NOTIFIED	/* heap_drain() will look */
		:: MAY_FREE(p) ->
			page[p].state = ACTIVE;	/* it is, or a mutation */
			page[p].in_heap = NO_HEAP;
			page[p].in_full = 0;
			page_free_step(p)
		:: page[p].state != NOTIFIED	/* page_keep() */
		fi
	}
}

/* heap_page_sweep() */
inline page_sweep(p)
{
	ok = true;
	d_step { collect_step(p) }
	if
	:: page[p].in_full ->
		if
		:: atomic { page[p].free == 0 && NOTHING_CAME(p) ->
			full_step(p);
			ok = false }
		:: else ->
			d_step { collect_step(p) }
			d_step { unfull_step(p) }
		fi
	:: else
	fi;
	if
	:: ok && ALL_FREE(p) -> heap_page_emptied(p)
	:: else
	fi;
	ok = false
}

/* page_collect(), of heap_collect() */
inline page_collect(p)
{
	d_step { collect_step(p) }
	if
	:: page[p].in_full && page[p].free == 0
	:: else ->
		if
		:: page[p].in_full -> d_step { unfull_step(p) }
		:: else
		fi;
		if
		:: atomic { ALL_FREE(p) && page[p].state == ACTIVE ->
			page[p].in_heap = NO_HEAP;
			page_free_step(p) }
		:: else
		fi
	fi
}

/* Some of the pages (at least one), or all of them */
inline heap_drain(x, all)
{
	if
	:: atomic { heaps[x].pending == 0 ->
		HEAP_MINE(x);
		heaps[x].pending = heaps[x].notified;
#ifndef CLEAR_BEFORE_TAKING
		heaps[x].notified = 0
#endif
	   }
	:: else
	fi;
	do
	:: heaps[x].pending != 0 ->
		atomic {
			HEAP_MINE(x);
			next_step(heaps[x].pending);
			to = page[p].heap
		}
		if
		:: to != x -> heap_notify(p)
		:: else ->
			d_step {
				ALIVE(p);
				page[p].state = ACTIVE;
				if
				:: page[p].owner == 0 ->
					/* an orphan of an earlier life */
					TAKE(p);
					HEAP_MINE(backing);
					page[p].heap = backing;
					page[p].owner = me;
					page[p].in_heap = backing
				:: else -> MINE(p)
				fi
			}
			page_sweep(p)
		fi;
#ifdef CLEAR_BEFORE_TAKING
		atomic { heaps[x].notified = heaps[x].notified & ~BIT(p) }
#endif
		atomic { p = NO_PAGE; to = 0 }
		if
		:: all
		:: !all -> break
		fi
	:: atomic { heaps[x].pending == 0 && all && heaps[x].notified != 0 ->
		heaps[x].pending = heaps[x].notified;
		heaps[x].notified = 0
	   }
	:: else -> break
	od
}

/* ---- the lives of heaps ---- */

/* heap_create(): from the parked ones, or a new one. NO_HEAP: no memory */
inline heap_create(x)
{
	atomic {
		if
		:: heaps[0].parked -> x = 0
#if HEAPS > 1
		:: heaps[1].parked -> x = 1
#endif
#if HEAPS > 2
		:: heaps[2].parked -> x = 2
#endif
#if HEAPS > 3
		:: heaps[3].parked -> x = 3
#endif
		:: else ->
			if
			:: heaps_made < HEAPS ->
				x = heaps_made;
				heaps_made++
			:: else
			fi
		fi;
		if
		:: x != NO_HEAP ->
			assert(heaps[x].user == 0);
			assert(heaps[x].pending == 0);
			heaps[x].parked = 0;
			heaps[x].user = me;
#ifndef ADOPT_KEEPS_BIT
			heaps[x].has_bit = 0
#endif
		:: else
		fi
	}
#ifdef ZERO_INSTANCE
	if
	:: x != NO_HEAP ->
		heaps[x].zeroed = 1;
		heaps[x].zeroed = 0
	:: else
	fi
#endif
}

/*
 * page_abandon(). After the first step nobody sets NOTIFIED any more, so what
 * the second one finds stays so.
 */
inline page_abandon(p)
{
	d_step { unfull_step(p); page[p].in_heap = NO_HEAP }
	if
	:: atomic { page[p].state == NOTIFIED ->
		page[p].owner = 0;
		LEAVE(p) }
	:: else -> page_free_or_abandon(p)
	fi
}

/* heap_close(), heap_park(): all pages are abandoned or moved */
inline heap_close(x)
{
	atomic {
		HEAP_MINE(x);
		p = NO_PAGE;
		todo = heaps[x].notified
#ifdef PARK_IN_TWO_STEPS
	}
	atomic {
#else
		;
#endif
		heaps[x].notified = 0;
#ifndef PARK_WITHOUT_BIT
		heaps[x].has_bit = 1
#endif
	}
	do
	:: atomic { todo != 0 ->
		next_step(todo);
		to = page[p].heap }
		if
		:: to != x -> heap_notify(p)
		:: else -> page_abandon_orphan(p)
		fi;
		atomic { p = NO_PAGE; to = 0 }
	:: todo == 0 -> break
	od;
	atomic {
		HEAP_MINE(x);
		assert(heaps[x].pending == 0);
		heaps[x].parked = 1;
		heaps[x].user = 0
	}
}

#define IN_HEAP(p, x)	(page[p].alive && page[p].holder == me && \
			 page[p].in_heap == x)

/* heap_abandon() */
inline heap_abandon(x)
{
	heap_drain(x, true);
	do
	:: atomic { IN_HEAP(0, x) -> p = 0 }
		page_abandon(p)
#if PAGES > 1
	:: atomic { IN_HEAP(1, x) -> p = 1 }
		page_abandon(p)
#endif
	:: else -> break
	od;
	heap_close(x)
}

#if SECOND

/* page_move(), page_absorb() and page_drop(), of a page that stays */
inline move_step(p)
{
	MINE(p);
	page[p].heap = backing;
	page[p].in_heap = backing
}

/* page_absorb() */
inline page_absorb(p)
{
	d_step { move_step(p) }
	if
	:: !page[p].in_full && ALL_FREE(p) -> heap_page_emptied(p)
	:: else
	fi
}

/* page_drop(): the program has no block of the page any more */
inline page_drop(p)
{
	atomic {	/* thread_free_drop() */
		if
		:: page[p].purging -> ok = false
		:: else ->
			MINE(p);
			page[p].list = 0;
			page[p].count = 0;
			page[p].purged = 0;
			if
			:: page[p].state != NOTIFIED -> page[p].state = ACTIVE
			:: else
			fi;
			ok = true
		fi
	}
	if
	:: !ok -> d_step { move_step(p) }
	:: ok && page[p].state == NOTIFIED ->
		d_step {
			unfull_step(p);
			page[p].mapped = 1;
			page[p].free = BLOCKS
		}
		d_step { move_step(p) }
	:: else ->
		atomic {
			page[p].in_heap = NO_HEAP;
			page[p].in_full = 0;
			page[p].free = BLOCKS;
			page_free_step(p)
		}
	fi;
	ok = false
}

#define UNTOUCHED(p)	(!page[p].alive || page[p].in_heap != h || \
			 page[p].freeing == 0)

/* mi_heap_delete(), or mi_heap_destroy() when nobody frees into the heap */
inline heap_end()
{
	if
	:: ok = false
	:: atomic {
		UNTOUCHED(0) ->
#if PAGES > 1
		if
		:: UNTOUCHED(1) ->
#endif
			ok = true;
			if
			:: IN_HEAP(0, h) -> page[0].out = 0
			:: else
			fi
#if PAGES > 1
			;
			if
			:: IN_HEAP(1, h) -> page[1].out = 0
			:: else
			fi
		:: else -> ok = false
		fi
#endif
	   }
	fi;
	destroy = ok;
	ok = false;
	heap_drain(h, true);
	do
	:: atomic { IN_HEAP(0, h) -> p = 0 }
		if
		:: destroy -> page_drop(p)
		:: else -> page_absorb(p)
		fi
#if PAGES > 1
	:: atomic { IN_HEAP(1, h) -> p = 1 }
		if
		:: destroy -> page_drop(p)
		:: else -> page_absorb(p)
		fi
#endif
	:: else -> break
	od;
	destroy = false;
	heap_close(h);
	h = backing
}

#endif /* SECOND */

/* ---- malloc ---- */

/* page_claimed(), after claim_step() */
inline page_claimed(p)
{
	d_step { MINE(p); page[p].in_abandoned = 0 }
	d_step { MINE(p); page[p].heap = backing }
	d_step { MINE(p); page[p].owner = me; page[p].in_heap = backing }
}

/* page_reclaim(): the section under the lock. Sets `p`, and `ok` if it won */
inline reclaim_step()
{
	if
	:: page[0].in_abandoned -> p = 0
#if PAGES > 1
	:: page[1].in_abandoned -> p = 1
#endif
	:: else
	fi;
	if
	:: p != NO_PAGE ->
		ALIVE(p);
		page[p].in_abandoned = 0;
		if
		:: page[p].state == ABANDONED ->
#ifndef CLAIM_WITHOUT_CAS
			claim_step(p);
#endif
			ok = true
		:: else		/* a free was faster */
		fi
	:: else
	fi
}

#ifdef FULL_BLINDLY
#define MAY_FILL(p)	(page[p].free == 0)
#else
#define MAY_FILL(p)	(page[p].free == 0 && NOTHING_CAME(p))
#endif

/* heap_alloc(); no block where there is no page left to make */
inline heap_alloc()
{
	if
	:: heaps[h].notified != 0 || heaps[h].pending != 0 ->
		heap_drain(h, false)
	:: else
	fi;
	do
	:: atomic {
		if
		:: IN_HEAP(0, h) && !page[0].in_full -> p = 0
#if PAGES > 1
		:: !(IN_HEAP(0, h) && !page[0].in_full) &&
		   IN_HEAP(1, h) && !page[1].in_full -> p = 1
#endif
		:: else
		fi
	   }
	   if
	   :: p != NO_PAGE ->
		if
		:: page[p].free == 0 -> d_step { collect_step(p) }
		:: else
		fi;
		if
		:: atomic { page[p].free > 0 ->
			MINE(p);
			page[p].free--;
			page[p].out++ }
			break
		:: atomic { MAY_FILL(p) ->	/* heap_page_full() */
			full_step(p) }
		:: else
		fi
	   :: else ->
		atomic {
			if
			:: h == backing -> reclaim_step()
			:: else
			fi
		}
		if
		:: ok ->
			ok = false;
#ifdef CLAIM_WITHOUT_CAS
			d_step { claim_step(p) }
#endif
			page_claimed(p)
		:: !ok && p != NO_PAGE
		:: atomic { !ok && p == NO_PAGE && pages_made < PAGES ->
			p = pages_made;		/* page_alloc() */
			pages_made++;
			page[p].alive = 1;
			page[p].mapped = 1;
			page[p].holder = me;
			page[p].heap = h;
			page[p].owner = me;
			page[p].in_heap = h;
			page[p].free = BLOCKS }
		:: else -> break
		fi
	   fi;
	   p = NO_PAGE
	od;
	p = NO_PAGE
}

/* mi_collect() */
inline heap_collect()
{
	heap_drain(h, true);
	if
	:: atomic { IN_HEAP(0, h) -> p = 0 }
		page_collect(p)
#if PAGES > 1
	:: atomic { IN_HEAP(1, h) -> p = 1 }
		page_collect(p)
#endif
	:: else
	fi;
	p = NO_PAGE
}

/* ---- free ---- */

/*
 * page_purge_remote(), of who has set PURGING and so has the memory; the second
 * step is thread_free_end_purge()
 */
inline page_purge_remote(p)
{
	d_step {	/* the map, and port_purge() */
		ALIVE(p);
		assert(page[p].list == 0 && page[p].free == 0);
		assert(page[p].out == 0);
		page[p].mapped = 0
	}
	atomic {
		ALIVE(p);
		assert(page[p].list == 0 && page[p].free == 0);
		assert(page[p].out == 0);
		page[p].purging = 0;
		if
#ifndef PURGED_BLINDLY
		:: page[p].state == ABANDONED ->
			/* its owner has ended meanwhile */
			claim_step(p);
			page[p].free = BLOCKS;
			what = LAST
#endif
#ifndef PURGED_UNNOTIFIED
		:: page[p].state == FULL ->
			page[p].purged = 1;
			page[p].state = NOTIFIED;
			what = NOTIFY
#endif
		:: else ->
			page[p].purged = 1
		fi
	}
}

/* page_free_remote(): thread_free_try_push(), _try_purge(), _try_claim() */
inline free_step(p)
{
	ALIVE(p);
	assert(page[p].mapped);
	/* else it would be reported as a double free */
	assert(!page[p].purging && !page[p].purged);
	page[p].freeing--;
	page[p].list++;
	page[p].count++;
	if
	:: page[p].state == ABANDONED ->
		if
		:: backing != NO_HEAP && LISTED(p) ->
			claim_step(p);
			what = CLAIMED
		:: !(backing != NO_HEAP && LISTED(p)) &&
		   page[p].count == BLOCKS ->
			claim_step(p);
			what = LAST
		:: else
		fi
	:: else ->
		if
		:: page[p].state == FULL ->
#ifndef NOTIFY_KEEPS_FULL
			page[p].state = NOTIFIED;
#endif
			what = NOTIFY
		:: else
		fi;
		if
		:: page[p].count == BLOCKS ->	/* page_shall_go() */
#ifndef PURGE_LEAVES_LIST
			page[p].list = 0;
			page[p].count = 0;
#endif
			page[p].purging = 1;
			ok = true
		:: true
		fi
	fi
}

/* page_free_remote(), page_claimed_by_free(), page_claimed_empty() */
inline page_free_remote(p)
{
	atomic { free_step(p) }
	if
	:: ok ->
		page_purge_remote(p);
		ok = false
	:: else
	fi;
	if
	:: what == NOTIFY ->
		d_step { ALIVE(p); to = page[p].heap }
		heap_notify(p)
	:: what == CLAIMED ->
		page_claimed(p);
		if
		:: ALL_FREE(p) -> heap_page_emptied(p)
		:: else
		fi;
		p = NO_PAGE;
		heap_drain(backing, false)
	:: what == LAST ->
#ifndef GIVE_BACK_LISTED
		d_step { MINE(p); page[p].in_abandoned = 0 }
#endif
		d_step { page[p].in_heap = NO_HEAP; page_free_step(p) }
	:: else		/* the page may be gone now */
	fi;
	atomic { what = NOTHING; p = NO_PAGE; to = 0 }
}

inline free_local(p)
{
	d_step {
		MINE(p);
		HEAP_MINE(page[p].heap);
		assert(page[p].mapped);
		page[p].free++;
		page[p].freeing--;
#if SECOND
		at = page[p].heap
#endif
	}
	if
	:: page[p].in_full -> d_step { unfull_step(p) }
	:: else
	fi;
	if
	:: ALL_FREE(p) -> heap_page_emptied(p)
	:: else
	fi;
	p = NO_PAGE;
#if SECOND
	if
	:: heaps[at].notified != 0 || heaps[at].pending != 0 ->
		heap_drain(at, false)
	:: else
	fi;
	at = 0
#else
	if
	:: heaps[h].notified != 0 || heaps[h].pending != 0 ->
		heap_drain(h, false)
	:: else
	fi
#endif
}

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
		assert(page[p].freeing == 0 && !page[p].purging);
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
	bool ok;
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
