/* SPDX-License-Identifier: BSD-3-Clause */
/* What the owner of pages does: a part of protocol.pml. */

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
	d_step { collect_step(p, false) }
	if
	:: page[p].in_full ->
		if
		:: atomic { page[p].free == 0 && NOTHING_CAME(p) ->
			full_step(p);
			ok = false }
		:: else ->
			d_step { collect_step(p, false) }
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
	d_step { collect_step(p, false) }
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
