/* SPDX-License-Identifier: BSD-3-Clause */
/* Steps of a page, and pages without an owner: a part of protocol.pml. */

/* ---- parts of steps ---- */

#ifdef TAKE_COUNTED
#define MAY_TAKE(p)	(!page[p].purging)
#else
#define MAY_TAKE(p)	(!BUSY(p))
#endif
#ifdef WAKE_BLINDLY
#define MAY_WAKE(p)	(!page[p].purging)
#else
#define MAY_WAKE(p)	(!BUSY(p))
#endif

/*
 * page_collect_remote() and, where `wakes`, page_collect_awake():
 * thread_free_take(), and what follows it
 */
inline collect_step(p, wakes)
{
	MINE(p);
	INSTANCE(p);
	if
	:: MAY_TAKE(p) && page[p].purged ->	/* page_restart() */
		assert(page[p].list == 0 && page[p].out == 0);
		page[p].purged = 0;
		page[p].resting = 0;
		page[p].mapped = 1;
		page[p].free = BLOCKS
	:: MAY_TAKE(p) && !page[p].purged && page[p].list > 0 ->
		page[p].free = page[p].free + page[p].list;
		page[p].list = 0;
#ifndef OWN_STAYS
		page[p].own = 0
#endif
	:: else
	fi;
	if
	:: wakes && MAY_WAKE(p) -> page[p].resting = 0
	:: else
	fi;
	assert(page[p].free <= BLOCKS)
}

/* page_free() */
inline page_free_step(p)
{
	MINE(p);
	INSTANCE(p);
	assert(page[p].state == ACTIVE && !BUSY(p));
	assert(page[p].out == 0 && page[p].freeing == 0);
	assert(NOTHING_CAME(p));
	assert(page[p].in_heap == NO_HEAP && !page[p].in_full);
	assert(!page[p].in_abandoned);
	page[p].alive = 0;
	page[p].mapped = 0;
	page[p].holder = 0;
	page[p].own = 0;
	page[p].resting = 0;
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
	assert(!BUSY(p));
	page[p].state = ACTIVE;
	page[p].free = page[p].free + page[p].list;
	page[p].list = 0;
	page[p].own = 0
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
	page[p].resting = 1;
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

#ifdef ABANDON_COUNTED
#define IS_AWAKE(p)	true
#else
#define IS_AWAKE(p)	(!page[p].resting && !BUSY(p))
#endif

/*
 * page_free_or_abandon(), page_try_abandon(), thread_free_abandon(); of a page
 * that another thread is busy with thread_free_leave()
 */
inline page_free_or_abandon(p)
{
	do
	:: atomic {
#ifdef COLLECT_ONCE
		if
		:: page[p].owner != 0 -> collect_step(p, true)
		:: else
		fi;
#else
		collect_step(p, true);
#endif
		if
		:: IS_AWAKE(p) && ALL_FREE(p) ->
			page_free_step(p);
			break
		:: else
		fi
	   }
#ifndef OWNER_CLEARED_LATE
	   d_step { MINE(p); page[p].owner = 0 }
#endif
	   if
	   :: atomic { !IS_AWAKE(p) && BUSY(p) ->	/* thread_free_leave() */
		page[p].state = ABANDONED;
		LEAVE(p) }
		break
	   :: atomic { IS_AWAKE(p) && MAY_ABANDON(p) ->
		LISTS_MINE(p);		/* account_count_away() */
		page[p].state = ABANDONED;
		page[p].own = BASE(p);
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
