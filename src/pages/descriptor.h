/* SPDX-License-Identifier: BSD-3-Clause */
/* The descriptor of a page: a run cut into blocks of one size. */
#ifndef MI_DESCRIPTOR_H
#define MI_DESCRIPTOR_H

#include "ground/types.h"

/*
 * Invariants, checked by page_is_valid():
 *	capacity blocks = away + |free| + |local_free| + |holes|
 *	free == (struct block *)page  <=>  the list is empty
 *	holes are blocks of a unit or more, and no address leads to them
 *	PAGE_SWAPS  =>  there are no holes
 *	and those of its account, see account.h
 */
struct page {
	union {
		struct run run;
		struct {
			/* The owner's: touched by every malloc and free */
			struct block *local_free;
			uint64_t reciprocal;	/* account.h */
			struct block *free;
			uint16_t capacity;	/* blocks made so far */
			uint16_t reserved;	/* blocks that fit */
			uint16_t counted;	/* account.h */
			RUN_MEMBERS
			LINK(struct page) list;	/* a heap's, or abandoned */
			/* Touched on slow paths and by other threads */
			uintptr_t thread_free;	/* see thread_free.h */
			union {
				struct page *notified_next; /* NOTIFIED */
				struct block *kept_free;	/* kept */
			};
			union {
				struct {
					uint32_t withheld;	/* account.h */
					uint16_t holes;		/* holes.c */
					uint16_t holes_sum;	/* account.h */
				};
				uint64_t withheld_or_holes;
			};
			/*
			 * Atomic, relaxed: of the owner, and read by others
			 * who have just become the holder or have PURGING. By
			 * the acquire of that swap they read the heap of the
			 * time when the page was full, or a later one. Either
			 * leads to the page's instance, and a heap that the
			 * page has left passes it on (notify.c).
			 */
			struct heap *heap;
		};
	};
};
RUN_VIEW_IS_VALID(page);

_Static_assert(__builtin_offsetof(struct page, thread_free) >= 64,
	       "what others touch stands on another line than what free reads");
_Static_assert(__builtin_offsetof(struct page, reciprocal) ==
	       __builtin_offsetof(struct block, tag),
	       "a page is its own empty list");

/* Stands in an empty queue; its lists are empty */
extern HIDDEN struct page empty_page;

static ALWAYS_INLINE struct page *page_of_run(struct run *run)
{
	mi_assert(run->kind == RUN_PAGE);
	return (struct page *)run;
}

/* What stands at the end of the lists of a page's blocks */
static ALWAYS_INLINE struct block *page_empty_list(const struct page *page)
{
	return (struct block *)(uintptr_t)page;
}

#endif /* MI_DESCRIPTOR_H */
