/* SPDX-License-Identifier: BSD-3-Clause */
/* malloc and free: a part of protocol.pml. */

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
#elif defined(WAIT_FOR_COUNT)
#define MAY_FILL(p)	(page[p].free == 0 && NOTHING_CAME(p))
#else
#define MAY_FILL(p)	(BUSY(p) || (page[p].free == 0 && NOTHING_CAME(p)))
#endif
#ifdef TAKE_WHILE_RESTING
#define RESTS(p)	false
#else
#define RESTS(p)	page[p].resting
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
		:: page[p].free == 0 || RESTS(p) ->
			d_step { collect_step(p, true) }	/* page_refill() */
		:: else
		fi;
		if
		:: atomic { page[p].free > 0 && !RESTS(p) ->
			LISTS_MINE(p);
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
 * page_purge(), of who has set PURGING and so has the memory; the second
 * step is thread_free_end_purge()
 */
inline page_purge(p)
{
	d_step {	/* the map, and port_purge() */
		ALIVE(p);
		assert(page[p].list == 0 && page[p].out == 0);
		page[p].mapped = 0
	}
	atomic {
		ALIVE(p);
		assert(page[p].list == 0 && page[p].out == 0);
		page[p].purging = 0;
		if
#ifndef PURGED_BLINDLY
		:: page[p].state == ABANDONED ->
			/* its owner has ended meanwhile */
			TAKE(p);
			page[p].purged = 1;
			page[p].state = ACTIVE;
			what = COUNTED
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

/* PURGING is set by thread_free_end_count() */
inline purging_step(p)
{
#ifndef PURGE_LEAVES_LIST
	page[p].list = 0;
	page[p].own = 0;
#endif
	page[p].purging = 1;
	ok = true
}

/* A free into a FULL page, or the end of counting one */
inline notified_step(p)
{
	if
	:: page[p].state == FULL ->
#ifndef NOTIFY_KEEPS_FULL
		page[p].state = NOTIFIED;
#endif
		what = NOTIFY
	:: else
	fi
}

#ifdef COUNTED_BLINDLY
#define WAS_LEFT(p)	false
#else
#define WAS_LEFT(p)	(page[p].state == ABANDONED)
#endif

/*
 * page_count(), of who has set COUNTING: page_count_own() finds what is on
 * `local_free` at some moment, and more may come; then
 * thread_free_end_count(), and page_shall_go() has told this or that
 */
inline page_count(p)
{
	atomic { ALIVE(p); todo = page[p].free }
	atomic {
		ALIVE(p);
		page[p].counting = 0;
		if
		:: WAS_LEFT(p) ->	/* its owner has ended meanwhile */
			TAKE(p);
			page[p].state = ACTIVE;
			what = COUNTED
		:: else ->
#ifndef COUNTED_UNNOTIFIED
			notified_step(p);
#endif
			if
			:: !page[p].purged && page[p].list + todo == BLOCKS ->
				purging_step(p)
			:: !page[p].purged -> page[p].own = todo
			:: page[p].purged	/* page_drop() */
			fi
		fi;
		todo = 0;
		counts = false
	}
}

#ifdef CLAIM_COUNTED
#define IS_LEFT(p)	false
#else
#define IS_LEFT(p)	page[p].counting
#endif

/*
 * page_free_remote(): thread_free_try_push(), thread_free_try_claim(). What
 * page_shall_count() tells is left open where it may be either
 */
inline free_step(p)
{
	ALIVE(p);
	assert(page[p].mapped);
	/* else it would be reported as a double free */
	assert(!page[p].purging && !page[p].purged);
	page[p].freeing--;
	page[p].list++;
	if
	:: page[p].state == ABANDONED && !IS_LEFT(p) ->
		if
		:: backing != NO_HEAP && LISTED(p) ->
			claim_step(p);
			what = CLAIMED
		:: !(backing != NO_HEAP && LISTED(p)) &&
		   BACK(p) == BLOCKS ->
			claim_step(p);
			what = LAST
		:: else
		fi
	:: else ->
		notified_step(p);
		if
		:: !page[p].counting && (BACK(p) == BLOCKS ||
					 (page[p].resting && page[p].free > 0)) ->
#ifndef COUNT_UNMARKED
			page[p].counting = 1;
#endif
			counts = true
		:: true
		fi
	fi
}

/* page_free_remote(), page_claimed_by_free(), page_claimed_empty() */
inline page_free_remote(p)
{
	atomic { free_step(p) }
	if
	:: counts -> page_count(p)
	:: else
	fi;
	if
	:: ok ->
		page_purge(p);
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
	:: what == COUNTED -> page_free_or_abandon(p)
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
	:: page[p].in_full && !ALL_FREE(p)	/* account_patience() */
	:: !page[p].in_full
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
