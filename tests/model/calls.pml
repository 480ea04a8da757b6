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
