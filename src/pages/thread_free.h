/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The word `thread_free` of a page: the list of the blocks that other threads
 * have freed, how many these are, and what the next of them has to do.
 *
 *	63      48 47                       4    3       2      1 0
 *	| blocks  | address of the first     | PURGED PURGING | state |
 *
 *	state		it says				a free by another thread
 *	ACTIVE		the owner collects by itself	pushes
 *	FULL		nothing on the list, and	pushes, becomes the
 *			the owner does not look		holder of NOTIFIED
 *	NOTIFIED	on its way to the owner		pushes
 *	ABANDONED	there is no owner		claims or pushes
 *
 *	transition		   by
 *	thread_free_try_push()     others  adds a block; FULL becomes NOTIFIED
 *	thread_free_try_purge()    others  PURGING and no list; the same of FULL
 *	thread_free_end_purge()    others  PURGED, not PURGING; also of FULL,
 *					   and ABANDONED becomes ACTIVE
 *	thread_free_try_claim()    any     ABANDONED becomes ACTIVE
 *	thread_free_init()         owner   begins with ACTIVE
 *	thread_free_take()         owner   takes the list, or PURGED
 *	thread_free_mark_full()    owner   ACTIVE becomes FULL
 *	thread_free_unmark_full()  owner   FULL becomes ACTIVE
 *	thread_free_abandon()      owner   ACTIVE becomes ABANDONED
 *	thread_free_drop()         owner   takes all; FULL becomes ACTIVE
 *	thread_free_denotify()     holder  NOTIFIED becomes ACTIVE
 *
 * Who changes FULL to NOTIFIED is the holder: it alone may use the page's link
 * `notified_next`. Who takes the page off the list that it was put on is the
 * holder then. Until a holder ends that state the page is not given back.
 *
 * Who changes ABANDONED to ACTIVE has the page from then on.
 *
 * PURGING: all blocks have come back, and who brought the last one is giving
 * the page's memory back. To the owner every block is away meanwhile,
 * so it does not touch them. PURGED: that is done, and all blocks are free,
 * whatever the page's lists say. While either is set a free is a second one.
 *
 * The count is that of the blocks on the list, but for an ABANDONED page: there
 * it is that of all blocks that are not handed out, wherever they are. So who
 * frees the last one knows it without a look at anything that belongs to the
 * page's former owner or to its next one.
 *
 * Nothing else touches the word; tests/layers.sh sees to that. A name with
 * `try` is one attempt: it fails where another thread has changed the word,
 * and `*word` is then what it is now. The loops are bounded: each failure is
 * another thread's success. All swaps are both acquire and release
 * (atomic.h); the comments say which half is needed, and what it pairs with.
 * The model tests/model/protocol.pml has the same transitions.
 */
#ifndef MI_THREAD_FREE_H
#define MI_THREAD_FREE_H

#include "pages/descriptor.h"

enum page_state {
	PAGE_ACTIVE = 0,
	PAGE_FULL = 1,
	PAGE_NOTIFIED = 2,
	PAGE_ABANDONED = 3,
};
#define PAGE_STATE_MASK		((uintptr_t)3)
#define PAGE_PURGING		((uintptr_t)4)
#define PAGE_PURGED		((uintptr_t)8)
#define PAGE_LIST_MASK		((uintptr_t)0x0000fffffffffff0)
#define PAGE_COUNT_SHIFT	48

/* ---- parts of a word that was read ---- */

static inline enum page_state word_state(uintptr_t word)
{
	return (enum page_state)(word & PAGE_STATE_MASK);
}

/* The first block of the list, or NULL */
static inline struct block *word_list(uintptr_t word)
{
	return (struct block *)(word & PAGE_LIST_MASK);
}

static inline size_t word_count(uintptr_t word)
{
	return word >> PAGE_COUNT_SHIFT;
}

/* Whether there is something for the owner to take */
static inline bool word_has_come(uintptr_t word)
{
	return (word & (PAGE_LIST_MASK | PAGE_PURGED)) != 0;
}

static inline bool word_is_purged(uintptr_t word)
{
	return (word & PAGE_PURGED) != 0;
}

/* Whether all blocks have come back, so that a further free is a second one */
static inline bool word_is_closed(uintptr_t word)
{
	return (word & (PAGE_PURGING | PAGE_PURGED)) != 0;
}

/* What a free makes of the state */
static inline uintptr_t word_notified(uintptr_t word)
{
	return word_state(word) == PAGE_FULL ? PAGE_NOTIFIED :
	       word_state(word);
}

/* ---- reading ---- */

/* Relaxed: for what is decided on a word that a swap compares again */
static inline uintptr_t thread_free_read(const struct page *page)
{
	return atomic_read(&page->thread_free);
}

/*
 * Acquire: pairs with the release of thread_free_try_push(), so that the links
 * of the list can be read.
 */
static inline uintptr_t thread_free_read_list(const struct page *page)
{
	return atomic_read_acquire(&page->thread_free);
}

static inline enum page_state page_state(const struct page *page)
{
	return word_state(thread_free_read(page));
}

/* ---- by other threads than the owner ---- */

static inline void thread_free_link(struct page *page, struct block *block,
				    uintptr_t word)
{
	/* a page stands at the end of each list of its blocks */
	block->next = word_list(word) ? word_list(word) :
		      (struct block *)page;
}

/*
 * Puts the block on the list. Where the state was FULL the caller has become
 * the holder of NOTIFIED, and has to bring the page to its heap. Release: the
 * block's link and its mark are seen by who takes the list. Afterwards the page
 * may be gone, unless the caller is the holder.
 */
static inline bool thread_free_try_push(struct page *page, uintptr_t *word,
					struct block *block)
{
	uintptr_t count = word_count(*word) + 1;

	thread_free_link(page, block, *word);
	return atomic_compare_swap(&page->thread_free, word, (uintptr_t)block |
				   count << PAGE_COUNT_SHIFT |
				   word_notified(*word));
}

/*
 * In place of the push of the last block: the list goes away, and the memory
 * is the caller's until thread_free_end_purge(). Acquire: pairs with the
 * pushes of all others, so nobody writes to the blocks any more. What FULL
 * means for the caller is as with a push.
 */
static inline bool thread_free_try_purge(struct page *page, uintptr_t *word)
{
	return atomic_compare_swap(&page->thread_free, word,
				   PAGE_PURGING | word_notified(*word));
}

/*
 * The memory has been given back. Gives the state that it was found in:
 *
 *	ABANDONED	the owner has ended meanwhile, and the page is the
 *			caller's now
 *	FULL		the caller has become the holder of NOTIFIED
 *	another one	the owner finds PURGED, and the page may be gone now
 *
 * Release: pairs with thread_free_take(), whose caller touches the memory.
 */
static inline enum page_state thread_free_end_purge(struct page *page)
{
	uintptr_t word = thread_free_read(page), to;

	do {
		to = word_notified(word) | PAGE_PURGED;
		if (word_state(word) == PAGE_ABANDONED)
			to = PAGE_ACTIVE;
	} while (!atomic_compare_swap(&page->thread_free, &word, to));
	return word_state(word);
}

/*
 * ABANDONED to ACTIVE: the page is the caller's, with the list in `*word`. The
 * list leaves in the same step, as in a count that goes on nobody could tell
 * its blocks from those that the page had before. Acquire: pairs with the
 * release of thread_free_abandon(), so that all is seen that the owner
 * before did, and with that of the pushes. Keeps PURGING: who purges has the
 * memory still.
 */
static inline bool thread_free_try_claim(struct page *page, uintptr_t *word)
{
	return atomic_compare_swap(&page->thread_free, word,
				   *word & PAGE_PURGING);
}

/* ---- by the owner ---- */

/*
 * Of a page that nobody else knows yet. Relaxed: who gives a block of it to
 * another thread makes all seen that was done before.
 */
static inline void thread_free_init(struct page *page)
{
	atomic_write(&page->thread_free, PAGE_ACTIVE);
}

/*
 * Takes the list, or what is left of a purge; gives the word that had it, 0:
 * nothing had come. The state stays. Acquire: pairs with the release of
 * thread_free_try_push() and thread_free_end_purge().
 */
static inline uintptr_t thread_free_take(struct page *page)
{
	uintptr_t word = thread_free_read(page);

	do {
		if (!word_has_come(word))
			return 0;
	} while (!atomic_compare_swap(&page->thread_free, &word,
				      word & PAGE_STATE_MASK));
	return word;
}

/*
 * Takes all blocks, as every one of them is free from now on, and so the state:
 * ACTIVE, but for NOTIFIED. False: the page is PURGING, and stays as it is.
 * Gives the word before. Acquire: as thread_free_take().
 */
static inline bool thread_free_drop(struct page *page, uintptr_t *word)
{
	uintptr_t to;

	*word = thread_free_read(page);
	do {
		if (*word & PAGE_PURGING)
			return false;
		to = PAGE_ACTIVE;
		if (word_state(*word) == PAGE_NOTIFIED)
			to = PAGE_NOTIFIED;
	} while (!atomic_compare_swap(&page->thread_free, word, to));
	return true;
}

/*
 * The last look of an owner, who has counted that `free` blocks are not
 * handed out. The state is not NOTIFIED. False: blocks came meanwhile, perhaps
 * the last of them, and the page stays the caller's. Release: pairs with
 * thread_free_try_claim().
 */
static inline bool thread_free_abandon(struct page *page, size_t free)
{
	uintptr_t word = thread_free_read(page);

	do {
		if (word_has_come(word))
			return false;
	} while (!atomic_compare_swap(&page->thread_free, &word,
				      (word & PAGE_PURGING) | PAGE_ABANDONED |
				      free << PAGE_COUNT_SHIFT));
	return true;
}

/*
 * The page leaves its queue, so the next free by another thread has to bring
 * it back. False: blocks have come, so it is not full. A page that is NOTIFIED
 * stays so, as heap_drain() will look at it. No order is needed: what the owner
 * does with the page's lists it sees itself.
 */
bool thread_free_mark_full(struct page *page);

/*
 * The page comes back to its queue by itself. Afterwards it is ACTIVE or, if a
 * free was faster, NOTIFIED; nobody sets NOTIFIED any more. No order is needed.
 */
void thread_free_unmark_full(struct page *page);

/*
 * NOTIFIED to ACTIVE, by the holder, who has taken the page off the list on
 * which it came and has read its link: from here on that may be another's.
 * Gives the word; the list stays. Release: pairs with the acquire of
 * thread_free_try_push(), whose caller writes the link as the next holder.
 */
uintptr_t thread_free_denotify(struct page *page);

#endif /* MI_THREAD_FREE_H */
