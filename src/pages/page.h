/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pages: runs cut into blocks of one size. All calls are the owner's, but
 * page_free_remote() and those that say so.
 */
#ifndef MI_PAGE_H
#define MI_PAGE_H

#include "pages/account.h"
#include "pages/harden.h"
#include "pages/thread_free.h"
#include "runs/runs.h"

/* A new page for the heap, with its first blocks; NULL: no memory. O(1) */
struct page *page_alloc(struct heap *heap, unsigned int class);
/* The same, of so many blocks, or less where memory is short */
struct page *page_alloc_of(struct heap *heap, unsigned int class,
			   size_t blocks);

/* Back to the arena. The page stands in no list */
void page_free(struct page *page);

/* Makes more blocks; false: all are made. The `free` list is empty */
bool page_extend(struct page *page);

/*
 * Fills the empty `free` list from the other two, else with one hole; false:
 * all are away, or no hole can be backed
 */
bool page_refill(struct page *page);

/* holes.c */
/*
 * Gives back the memory of free blocks, as far as whole pages of the system lie
 * among them: they become holes. Of a page that was collected and is not full.
 * True: it has holes, so it is to be kept no longer, and to be settled.
 * O(blocks), and for pages with blocks under a unit O(1)
 */
COLD bool page_make_holes(struct page *page);
/* The first hole becomes a block again; false: no frames, or written to */
COLD bool page_fill_hole(struct page *page);

/*
 * Blocks were added to `local_free`. Release: pairs with the acquire of the
 * thread that counts them (sleeping.c), for their links. Where the list is made
 * empty or anew (page_swap_lists(), page.c, holes.c) the write is relaxed: the
 * page does not rest then, so nobody walks it, and before it rests again
 * thread_free_mark_full() releases all of that.
 */
static ALWAYS_INLINE void page_set_local(struct page *page, struct block *first)
{
	atomic_write_release(&page->local_free, first);
}

/*
 * Moves what other threads freed to `local_free`. Where `wakes` the page does
 * not rest any more then, so that malloc may take from there; false: another
 * thread is busy with it, and nothing has changed. O(blocks moved)
 */
bool page_collect_and(struct page *page, bool wakes);
static inline void page_collect_remote(struct page *page)
{
	(void)page_collect_and(page, false);
}
/* The same for a list that was taken out of `thread_free`, not empty */
static inline void page_take_list(struct page *page, struct block *first)
{
	struct block *last = account_take_back_list(page, first);

	last->next = page->local_free;
	page_set_local(page, first);
}

/*
 * Every block is free, whatever the lists say: they are made anew. Nobody
 * else may be using the page. `word` was taken: if it is CEDED the page will
 * never have a block again (page_is_husk()). O(blocks of the first unit)
 */
COLD void page_restart(struct page *page, uintptr_t word);

/*
 * Its units are gone, and only the descriptor is left: it is empty, and to be
 * freed as soon as it is not NOTIFIED
 */
static inline bool page_is_husk(const struct page *page)
{
	return PORT_CEDES && page->reserved == 0;
}

/*
 * All blocks are on `local_free`, in the order of the frees, and they are many:
 * made anew they are in the order of their addresses, and the processor finds
 * them sooner. Where frames may run out there may be none for that, and where
 * threads take turns, a system in an emulator perhaps, instructions are spared.
 */
static inline bool page_is_better_anew(const struct page *page)
{
	return MI_CONCURRENT && !PORT_FRAMES_RUN_OUT &&
	       page->capacity >= ANEW_BLOCKS_MIN && page->units > 1 &&
	       account_is_used_up(page);
}

/*
 * A page whose blocks had all come back waits for its owner no more: what it
 * counted for is undone. `word` is the one that was taken
 */
void page_end_wait(struct page *page, uintptr_t word);

/* So many units may be learned by that: see budget.c for those of free runs */
static inline size_t waiting_learned_max(const struct instance *instance)
{
	return instance->config.learn_bytes / 4 >> UNIT_SHIFT;
}

/* page_map.c */
/* Maps the units in which blocks `first`..`last` start, from 0, or unmaps */
void page_map(struct page *page, size_t first, size_t last, struct run *to);
/* From now on no address leads to the page. Of who has set PURGING */
COLD void page_unmap(struct page *page);

/* describe.c */
/* Whether a block lies on one of the page's lists. O(capacity) */
COLD bool page_is_free_block(struct page *page, const struct block *block);
/* What lies at an address of the page. O(capacity) */
COLD void page_describe(struct page *page, const void *p,
			struct error_place *place);
/* Reports a free into a page to which all blocks have come back */
COLD NOINLINE void page_refuse_free(struct page *page,
				    const struct block *block);

static inline bool page_has_hole(const struct page *page, size_t number)
{
	return number < 16 && (page->holes >> number & 1);
}

/* Sets a bit for each free block, by number from 0. O(capacity) */
#define PAGE_BITMAP_WORDS	(PAGE_BYTES_MAX / BLOCK_ALIGN / 64)
COLD void page_free_bitmap(struct page *page,
			   uint64_t bits[PAGE_BITMAP_WORDS]);

/*
 * use.c: how many blocks are handed out, and how many are made. Any thread
 * may ask, who holds the instance's lock, so that the run stays a page; `start`
 * is the run's. What is exact of a page that nobody uses at that moment is near
 * the truth of another one. O(free blocks)
 */
struct page_use {
	size_t live, made;
};
COLD void page_use(const struct page *page, uintptr_t start,
		   struct page_use *use);

/* Walks everything; see the invariants in descriptor.h */
bool page_is_valid(struct page *page);

/*
 * Where a block is expected, whose thread may be any. NULL: it is none.
 * Relaxed, as all reads of `capacity`: it covers the block since that was
 * handed out, and of what is no block any answer will do.
 */
static inline struct block *page_block_at(const struct page *page,
					  const void *p)
{
	size_t offset = (uintptr_t)p - run_start(&page->run);

	if (offset >= (size_t)atomic_read(&page->capacity) * page->block_size ||
	    offset % page->block_size)
		return NULL;
	return (struct block *)(uintptr_t)p;
}

static ALWAYS_INLINE bool page_list_is_empty(struct page *page)
{
	return page->free == page_empty_list(page);
}

static ALWAYS_INLINE void page_push_local(struct page *page,
					  struct block *block)
{
	block_mark_free(page, block);
	block->next = page->local_free;
	page_set_local(page, block);
}

/* The same after account_block_freed(), which may have read `first` already */
static ALWAYS_INLINE void page_push_freed(struct page *page,
					  struct block *block,
					  struct block *first)
{
	if (!ARCH_READS_PAIRS) {
		page_push_local(page, block);
		return;
	}
	block_mark_free(page, block);
	block->next = first;
	page_set_local(page, block);
}

/* First of a list: there is one, and as far as its tag tells it is whole */
static ALWAYS_INLINE bool block_is_whole(const struct page *page,
					 const struct block *block)
{
	return MI_HARDENING >= 1 ? block_has_tag(page, block) :
	       block != page_empty_list(page);
}

/*
 * What the owner freed is what malloc takes next: page_refill() without a look
 * at what others freed, and unwatched. `free` is empty
 */
static ALWAYS_INLINE void page_swap_lists(struct page *page)
{
	page->free = page->local_free;
	atomic_write(&page->local_free, page_empty_list(page));
	account_list_filled_unwatched(page);
}

/* Whether there is a block to take: made, or made now */
static inline bool page_has_block(struct page *page)
{
	return !page_list_is_empty(page) || page_refill(page) ||
	       page_extend(page);
}

/* From a list that is not empty. NULL: it was written to, and reported */
static inline struct block *page_pop(struct page *page)
{
	struct block *block = page->free;

	if (unlikely(MI_HARDENING >= 1 && !block_has_tag(page, block))) {
		block_written(page, block);
		return NULL;
	}
	page->free = block_next(page, block);
	if (MI_HARDENING >= 1)
		block->tag = 0;
	return block;
}

#endif /* MI_PAGE_H */
