/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The account of a page. By one subtraction it tells the owner's free that a
 * pointer is no block of the page, or that the page may have become empty. No
 * other file of the engine touches its fields: `credit`, `withheld`, `counted`
 * and `reciprocal`; but holes.c adds up `holes_sum`, the numbers of the holes.
 * docs/design.md, "The account of a page", has its arithmetic and what it
 * saves.
 *
 * A block weighs its number in the page, from 1, times a constant of the page.
 * The account is what all blocks weigh that are neither on `local_free` nor
 * holes:
 *
 *	away		handed out, or freed by another thread and not collected
 *	on `free`	malloc takes them from there
 *
 * malloc makes a block of the second kind one of the first, so it leaves the
 * account alone. A free by the owner takes the block's weight out of it. The
 * account has two parts, always, as account_is_valid() checks:
 *
 *	credit + withheld = weight of the blocks away and on `free`
 *	withheld = 0, or withheld >= weight of the blocks on `free`
 *
 * free takes from the credit alone, and stops where that is used up. So what
 * is withheld decides which free that is:
 *
 *	page is		withheld is		free stops
 *	watched		what `free` weighed	at the latest when the page is
 *			when it was filled	empty: the credit is no more
 *			or last walked		than the blocks weigh that
 *						are away
 *	unwatched	0			never, while `free` has a block
 *	suspended	all, or all but what	the next time, or when that
 *			a part weighs		much has come back
 *
 * A free that has stopped walks `free`, to find out what is away, and the
 * account begins anew from there: account_settle().
 *
 * All calls are the owner's, but for run_starts_block().
 */
#ifndef MI_ACCOUNT_H
#define MI_ACCOUNT_H

#include "pages/descriptor.h"

/* `counted` where nobody has walked `free` since it was filled: above any */
#define NOT_COUNTED		UINT16_MAX

/*
 * What a block weighs; of any other address this is as much as `reciprocal`
 * at least, which is more than all blocks of the page together.
 */
static ALWAYS_INLINE uint64_t block_weight(const struct run *run, const void *p)
{
	return ((uintptr_t)p - run->origin) * run->reciprocal;
}

/*
 * Whether the run is a page, and a block of it starts there, free or not. Any
 * thread may ask (of the relaxed read see page_block_at()).
 * The second comparison is for addresses so far away that their distance,
 * too, is a multiple of the block size.
 */
static inline bool run_starts_block(struct run *run, const void *p)
{
	return block_weight(run, p) < run->reciprocal &&
	       (uintptr_t)p - run_start(run) < run->block_size *
	       (size_t)atomic_read(&page_of_run(run)->capacity);
}

/* The same where that is `offset` from the origin: of an answer of run_of() */
static inline bool run_starts_block_at(struct run *run, uintptr_t offset)
{
	return likely(offset * run->reciprocal < run->reciprocal) &&
	       likely(offset <= run->block_size *
		      (size_t)atomic_read(&page_of_run(run)->capacity));
}

static inline uint64_t account_total(const struct page *page)
{
	return page->credit + page->withheld;
}

static inline uint64_t account_withheld(const struct page *page)
{
	return page->withheld;
}

/* What the blocks number `first`..`last` weigh, from 1 */
static inline uint64_t blocks_weight(const struct page *page, uint64_t first,
				     uint64_t last)
{
	uint64_t constant = page->block_size * page->reciprocal;

	return constant * (last * (last + 1) / 2 - first * (first - 1) / 2);
}

/* `list` is what the blocks on `free` weigh, a part of the total */
static inline void account_split(struct page *page, uint64_t total,
				 uint64_t list, bool watch)
{
	page->withheld = watch ? (uint32_t)list : 0;
	page->credit = total - page->withheld;
}

/* What all blocks weigh that are no holes */
static inline uint64_t account_all(const struct page *page)
{
	uint64_t last = page->capacity;

	return page->block_size * page->reciprocal *
	       (last * (last + 1) / 2 - page->holes_sum);
}

/* A page whose `block_size` is set, and that has no blocks as yet */
void account_open(struct page *page);

/* All blocks and holes are forgotten; blocks are made anew */
void account_clear(struct page *page);

/*
 * Blocks number `first`..`last`, from 1, were made and are all that is on
 * `free`. They are withheld: the page is watched.
 */
void account_add_blocks(struct page *page, size_t first, size_t last);

/*
 * What was on `local_free` is on `free` now, which was empty. It enters the
 * account again, and is withheld: the page is watched.
 */
static inline void account_list_filled(struct page *page)
{
	uint64_t all = account_all(page);

	page->counted = NOT_COUNTED;
	account_split(page, all, all - account_total(page), true);
}

/* The same, but nothing is withheld: the page is unwatched from here on */
static inline void account_list_filled_unwatched(struct page *page)
{
	page->counted = NOT_COUNTED;
	page->withheld = 0;
	page->credit = blocks_weight(page, 1, page->capacity);
}

/*
 * malloc has taken the block from `free`, and may be told so: it is where it
 * takes the slow path. Where there was no credit, as nothing was away, the
 * block gives what it weighs, so that only its own free stops, and not the
 * first of any others that are taken after it.
 */
static inline void account_block_taken(struct page *page,
				       const struct block *block)
{
	if (page->credit == 0) {
		page->credit = block_weight(&page->run, block);
		page->withheld -= (uint32_t)page->credit;
	}
}

/*
 * The path of every free: takes the weight out of the credit. True: that is
 * used up, or was never meant for such a pointer. Then nothing is true of the
 * account until account_undo() has put the weight back. `first` becomes what
 * stands on `local_free` where it is read along with the reciprocal
 * (ARCH_READS_PAIRS), else NULL: see page_push_freed().
 */
static ALWAYS_INLINE bool account_block_freed(struct run *run, const void *p,
					      struct block **first)
{
	uint64_t reciprocal = run->reciprocal;

	*first = NULL;
	if (ARCH_READS_PAIRS) {
		*first = ((struct page *)run)->local_free;
		ARCH_READ_TOGETHER(*first, reciprocal);
	}
	return arch_subtract_to_zero_or_below(&run->credit,
			((uintptr_t)p - run->origin) * reciprocal);
}

/*
 * After account_block_freed() has told true, for a pointer whose weight is a
 * block's: whether nothing is left in the account. Where `free` is empty, all
 * blocks are on `local_free` then with this one. Of a watched page, and of one
 * with holes, false tells nothing: so that one comparison answers.
 */
static inline bool account_is_used_up(const struct page *page)
{
	return (page->credit | page->withheld_or_holes) == 0;
}

static inline void account_undo(struct run *run, const void *p)
{
	run->credit += block_weight(run, p);
}

/*
 * Blocks of this weight, which were away, came back to `local_free`. What the
 * credit does not cover is taken from what is withheld. True: the credit is
 * used up, so the page may be empty.
 */
static inline bool account_take_back(struct page *page, uint64_t weight)
{
	if (likely(page->credit > weight)) {
		page->credit -= weight;
		return false;
	}
	page->withheld = (uint32_t)(account_total(page) - weight);
	page->credit = 0;
	return true;
}

/*
 * The same for a list that other threads have freed: it comes back in one, and
 * where that uses the credit up, the next free stops. Gives the list's last
 * block. O(blocks)
 */
struct block *account_take_back_list(struct page *page, struct block *first);

/*
 * Walks `free` to find out what is away, and begins anew from there: the page
 * is watched if that walk is paid for, see account.c. True: nothing is away,
 * the page is empty. O(blocks on `free`)
 */
bool account_settle(struct page *page);

/*
 * Another heap will take from the page, and what this one took so far tells
 * nothing of that: the next account_settle() makes the page watched, whatever
 * its walk costs. Where threads are cooperative, an unwatched page that has no
 * heap would never be seen to become empty.
 */
static inline void account_change_hands(struct page *page)
{
	page->counted = NOT_COUNTED;
}

/* The page may be empty without notice: nothing is withheld */
static inline void account_unwatch(struct page *page)
{
	page->credit += page->withheld;
	page->withheld = 0;
}

/*
 * What may come back to a full page before it is in its queue again, where all
 * blocks weigh `total`. A page that came back with one block would be full
 * again with the next malloc, so where blocks are replaced at random each pair
 * would move a page twice. Of few blocks there is not much to wait for.
 */
static inline uint64_t account_patience(const struct page *page, uint64_t total)
{
	return page->reserved < SUSPENDED_BLOCKS_MIN ? 0 :
	       total / SUSPENDED_PART;
}

/*
 * The page is full, so its lists are empty, and it is out of its queue: nearly
 * all is withheld, so that a free stops soon and puts it there again.
 * account_settle() ends that.
 */
static inline void account_suspend(struct page *page)
{
	uint64_t total = account_total(page);

	page->credit = account_patience(page, total);
	page->withheld = (uint32_t)(total - page->credit);
}

/*
 * Of a page whose `free` is empty. What free() brought back to `local_free`
 * does not matter; what was collected to there for a visit has been taken from
 * what is withheld.
 */
static inline bool account_is_suspended(const struct page *page)
{
	uint64_t total = account_all(page);
	uint64_t withheld = total - account_patience(page, total);

	return page->withheld == withheld ||
	       (page->withheld < withheld &&
		page->local_free != page_empty_list(page));
}

/* Whether nothing is away; the account stays as it is. O(blocks on `free`) */
bool account_is_empty(const struct page *page);

/*
 * How many blocks are away, of a page that was settled and not taken from
 * since. O(blocks on `local_free`)
 */
COLD size_t account_count_away(const struct page *page);

/* valid.c: the two equations above, of lists that are known to be whole */
bool account_is_valid(struct page *page);

#endif /* MI_ACCOUNT_H */
