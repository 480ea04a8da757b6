/* SPDX-License-Identifier: BSD-3-Clause */
/* The lives of heaps: a part of protocol.pml. */

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
#ifndef DROP_COUNTED
		:: page[p].counting ->
			MINE(p);
			page[p].list = 0;
			page[p].own = 0;
			page[p].purged = 1;
			ok = false
#endif
		:: else ->
			MINE(p);
			page[p].list = 0;
			page[p].own = 0;
			page[p].resting = 0;
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
			LISTS_MINE(p);	/* page_restart() */
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
