/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The word `thread_free` of a page: the list of the blocks that other threads
 * have freed, how many these are, and what the next of them has to do.
 *
 * 63    48 47    32 31    16   6	5	 4	 3	2	1 0
 * |  own  | blocks | first  | CEDED COUNTING RESTING PURGED PURGING | state |
 *
 *	state		it says				a free by another thread
 *	ACTIVE		the owner collects by itself	pushes
 *	FULL		nothing on the list, and	pushes, becomes the
 *			the owner does not look		holder of NOTIFIED
 *	NOTIFIED	on its way to the owner		pushes
 *	ABANDONED	there is no owner		claims or pushes
 *
 *	transition		   by
 *	thread_free_try_push()     others  adds a block; FULL becomes NOTIFIED;
 *					   perhaps COUNTING
 *	thread_free_end_count()    others  not COUNTING, and perhaps PURGING and
 *					   no list; the same of FULL, and
 *					   ABANDONED becomes ACTIVE
 *	thread_free_end_purge()    others  PURGED, not PURGING; the same of both
 *	thread_free_try_claim()    any     ABANDONED becomes ACTIVE
 *	thread_free_init()         owner   begins with ACTIVE
 *	thread_free_take()         owner   takes the list, or PURGED
 *	thread_free_wake()	   owner   not RESTING
 *	thread_free_mark_full()    owner   ACTIVE becomes FULL; RESTING
 *	thread_free_unmark_full()  owner   FULL becomes ACTIVE
 *	thread_free_abandon()      owner   ACTIVE becomes ABANDONED
 *	thread_free_leave()	   owner   the same of what others are busy with
 *	thread_free_drop()         owner   takes all; FULL becomes ACTIVE
 *	thread_free_denotify()     holder  NOTIFIED becomes ACTIVE
 *
 * Who changes FULL to NOTIFIED is the holder: it alone may use the page's link
 * `notified_next`. Who takes the page off the list that it was put on is the
 * holder then. Until a holder ends that state the page is not given back.
 *
 * Who changes ABANDONED to ACTIVE has the page from then on.
 *
 * RESTING: the owner only adds to its list `local_free`, and takes no block
 * from there before it has ended that state. A page rests from when it is full
 * until malloc needs its blocks.
 *
 * COUNTING: a thread that has freed into the page sees whether all blocks are
 * free. It may walk `local_free` of a page that rests, as perhaps all that is
 * missing was freed by the owner. Frees go on meanwhile, but the owner takes
 * nothing from this word, the page does not cease to rest, and it is not given
 * back. The owner does not wait for the end of that: it leaves the page as it
 * is, and looks at it again another time.
 *
 * PURGING: all blocks have come back, and who has counted that is giving the
 * page's memory back. The owner leaves the page alone as with COUNTING, and
 * touches none of its blocks. PURGED: that is done, and all blocks are free,
 * whatever the page's lists say. While either is set a free is a second one.
 *
 * `first` is the distance of the list's first block from `origin`, in blocks of
 * BLOCK_ALIGN; 0 is an empty list. `blocks` counts the list. `own` counts what
 * is known to be free besides: in a page that rests, what was on `local_free`
 * when it was counted; of an ABANDONED one all other blocks that are not
 * handed out, wherever they are. So who brings the last block knows it without
 * a look at anything that belongs to the page's owner, former or next.
 *
 * Nothing else touches the word; tests/layers.sh sees to that. A name with
 * `try` is one attempt: it fails where another thread has changed the word,
 * and `*word` is then what it is now. The loops are bounded: each failure is
 * another thread's success. All swaps are both acquire and release
 * (atomic.h); the comments say which half is needed, and what it pairs with;
 * a half of which nothing is said is not, nor is what a failed one acquires, as
 * the word is compared again before anything is read by it. tests/order shows
 * what breaks without the others.
 * The model tests/model/protocol.pml has the same transitions, but for CEDED.
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
/* Where no two threads run at once nobody has to count, and no page rests */
#define PAGE_RESTING		((uintptr_t)(MI_CONCURRENT ? 16 : 0))
#define PAGE_COUNTING		((uintptr_t)32)
/* Beside PURGED: the units are gone, too, see PORT_CEDES */
#define PAGE_CEDED		((uintptr_t)(PORT_CEDES ? 64 : 0))
#define PAGE_BUSY							\
	(MI_CONCURRENT ? PAGE_COUNTING | PAGE_PURGING : (uintptr_t)0)
#define PAGE_LIST_SHIFT		16
#define PAGE_LIST_MASK		((uintptr_t)UINT16_MAX << PAGE_LIST_SHIFT)
/* A byte of a distance, in a word. And all that stands below the list */
#define LIST_STEP		((UINT64_C(1) << PAGE_LIST_SHIFT) / BLOCK_ALIGN)
#define PAGE_FLAGS_MASK		(((uintptr_t)1 << PAGE_LIST_SHIFT) - 1)
#define PAGE_COUNT_SHIFT	32
#define PAGE_OWN_SHIFT		48
#define PAGE_OWN_MASK		((uintptr_t)UINT16_MAX << PAGE_OWN_SHIFT)
/* What stays where the list goes */
#define PAGE_KEPT_MASK		(PAGE_STATE_MASK | PAGE_RESTING)

_Static_assert(PAGE_BLOCKS_MEDIUM * CLASSED_SIZE_MAX <=
	       UINT16_MAX * BLOCK_ALIGN && PAGE_BYTES_MAX + DIRECT_SIZE_MAX <=
	       UINT16_MAX * BLOCK_ALIGN, "any block's distance has 16 bits");

/* ---- parts of a word that was read ---- */

static inline enum page_state word_state(uintptr_t word)
{
	return (enum page_state)(word & PAGE_STATE_MASK);
}

/* The first block of the list of the page's word, or NULL */
static inline struct block *word_list(const struct page *page, uintptr_t word)
{
	uintptr_t distance = (word & PAGE_LIST_MASK) >> PAGE_LIST_SHIFT;

	return distance ? (struct block *)(page->origin +
					   distance * BLOCK_ALIGN) : NULL;
}

/* Blocks on the list */
static inline size_t word_count(uintptr_t word)
{
	return (uint16_t)(word >> PAGE_COUNT_SHIFT);
}

/* All that is known to be free */
static inline size_t word_back(uintptr_t word)
{
	return word_count(word) + (word >> PAGE_OWN_SHIFT);
}

/* Whether there is something for the owner to take */
static inline bool word_has_come(uintptr_t word)
{
	return (word & (PAGE_LIST_MASK | PAGE_PURGED)) != 0;
}

/* Whether another thread is at work on the page: the owner leaves it alone */
static inline bool word_is_busy(uintptr_t word)
{
	return (word & PAGE_BUSY) != 0;
}

/* Whether the page's lists are the owner's alone */
static inline bool word_is_awake(uintptr_t word)
{
	return (word & (PAGE_RESTING | PAGE_BUSY)) == 0;
}

static inline bool word_is_purged(uintptr_t word)
{
	return (word & PAGE_PURGED) != 0;
}

static inline bool word_is_ceded(uintptr_t word)
{
	return (word & PAGE_CEDED) != 0;
}

/* Whether all blocks have come back, so that a further free is a second one */
static inline bool word_is_closed(uintptr_t word)
{
	return (word & (PAGE_PURGING | PAGE_PURGED)) != 0;
}

/* What a free makes of the state */
static inline uintptr_t word_notified(uintptr_t word)
{
	return word + (word_state(word) == PAGE_FULL ?
		       PAGE_NOTIFIED - PAGE_FULL : 0);
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
	struct block *first = word_list(page, word);

	/* a page stands at the end of each list of its blocks */
	block->next = first ? first : (struct block *)page;
}

/*
 * Puts the block on the list. Where the state was FULL the caller has become
 * the holder of NOTIFIED, and has to bring the page to its heap. Release: the
 * block's link and its mark are seen by who takes the list. Afterwards the page
 * may be gone, unless the caller is the holder.
 *
 * `counting` is PAGE_COUNTING or 0. The former is for a page with which nobody
 * is busy: it stays until thread_free_end_count(), and so does what is on
 * `local_free` if it rests. Acquire: pairs with thread_free_mark_full(), so
 * that what the owner took from the page before is seen to be gone.
 */
bool thread_free_try_push(struct page *page, uintptr_t *word,
			  struct block *block, uintptr_t counting);

/*
 * thread_free_try_push() of who has read the word, where nothing else is to be
 * done: the page has an owner, who looks at the list by itself or was told,
 * nobody is busy with the page or has counted it, and so many blocks are left
 * that nobody is to ask whether all are free (see free_into_owned()). `offset`
 * is that from the page's origin. False: somebody was faster.
 */
static inline bool word_is_quick(const struct page *page, uintptr_t word)
{
	uint32_t back = (uint32_t)(word >> PAGE_COUNT_SHIFT);
	uint32_t left = (uint32_t)page->reserved - 1 - back;

	if (unlikely(word & (PAGE_FULL | PAGE_BUSY | PAGE_PURGED)))
		return false;
	if (!PORT_OWNERS_COUNT)
		return likely(left);
	return likely(back <= UINT16_MAX) && likely(left & (left - 1));
}

static inline bool thread_free_push_quick(struct page *page, uintptr_t *word,
					  struct block *block, uintptr_t offset)
{
	uintptr_t first = (*word / LIST_STEP) & (UINT16_MAX * BLOCK_ALIGN);
	uintptr_t count = (*word >> PAGE_COUNT_SHIFT) + 1;

	block->next = likely(first) ?
		      (struct block *)(page->origin + first) :
		      (struct block *)page;
	return atomic_compare_swap(&page->thread_free, word,
				   count << PAGE_COUNT_SHIFT |
				   offset * LIST_STEP |
				   (*word & PAGE_FLAGS_MASK));
}

/*
 * `own` blocks were found on `local_free`. If these and the list are all blocks
 * and the page shall be given back (`purge`), the list goes away, and the
 * memory is the caller's until thread_free_end_purge(). Acquire: pairs with the
 * pushes of all others, so nobody writes to the blocks any more. Gives the word
 * before:
 *
 *	ABANDONED	the owner has ended meanwhile: the page is the caller's
 *			now, with its list, and is not PURGING
 *	FULL		the caller has become the holder of NOTIFIED
 *
 * Otherwise the page may be gone, unless it is PURGING or the caller was the
 * holder before. Release: pairs with the thread_free_take() of the owner, who
 * writes to the blocks that were walked.
 */
uintptr_t thread_free_end_count(struct page *page, size_t own, bool purge);

/*
 * The memory has been given back, and the units, where `ceded` is PAGE_CEDED
 * and not 0. Gives the state that it was found in:
 *
 *	ABANDONED	the owner has ended meanwhile, and the page is the
 *			caller's now, PURGED as it is
 *	FULL		the caller has become the holder of NOTIFIED
 *	another one	the owner finds PURGED, and the page may be gone now
 *
 * Release: pairs with thread_free_take(), whose caller touches the memory.
 */
enum page_state thread_free_end_purge(struct page *page, uintptr_t ceded);

/*
 * ABANDONED to ACTIVE, of a page with which nobody is busy: it is the caller's,
 * with the list in `*word`. The list leaves in the same step, as in a count
 * that goes on nobody could tell its blocks from those that the page had
 * before. Acquire: pairs with the release of the pushes. All that the owner
 * before did is seen by the lock, under which it has abandoned the page.
 */
static inline bool thread_free_try_claim(struct page *page, uintptr_t *word)
{
	return atomic_compare_swap(&page->thread_free, word, PAGE_ACTIVE);
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
 * nothing had come, or another thread is busy with the page. The state stays.
 * `wakes`: so does RESTING unless the page is busy; with PURGED it always does.
 * Acquire: pairs with the release of thread_free_try_push(), _end_count() and
 * _end_purge().
 */
static inline uintptr_t thread_free_take(struct page *page, bool wakes)
{
	uintptr_t keep = wakes ? PAGE_STATE_MASK : PAGE_KEPT_MASK;
	uintptr_t word = thread_free_read(page);

	do {
		if (word_is_busy(word) || (word & ~keep) == 0)
			return 0;
		if (word_is_purged(word))	/* its blocks are made anew */
			keep = PAGE_STATE_MASK;
	} while (!atomic_compare_swap(&page->thread_free, &word, word & keep));
	return word;
}

/*
 * Ends RESTING, so that the page's lists are the owner's alone. False: another
 * thread is busy with it, or blocks have come that are to be taken first. No
 * order is needed: who has counted had pushed a block, and thread_free_take()
 * has acquired both.
 */
bool thread_free_wake(struct page *page);

/*
 * Takes all blocks, as every one of them is free from now on, and so the state:
 * ACTIVE, but for NOTIFIED. False: another thread is busy with the page, whose
 * state stays. Where it is COUNTING the page is PURGED from now on, too. Gives
 * the word before. No order is needed: to destroy a heap a program knows which
 * of its blocks others have freed, and has waited for that.
 */
bool thread_free_drop(struct page *page, uintptr_t *word);

/*
 * The last look of an owner, who has counted that `free` blocks are not
 * handed out. The state is not NOTIFIED, and the page does not rest. False:
 * blocks came meanwhile, perhaps the last of them, or another thread is busy
 * with that, and the page stays the caller's. No order is needed: this is done
 * under the lock, which who claims the page takes next.
 */
bool thread_free_abandon(struct page *page, size_t free);

/*
 * The same of an ACTIVE page with which another thread is busy: that one finds
 * ABANDONED when it is done, and has the page then. Until then frees push.
 * False: nobody is busy with it any more. Release: pairs with the acquire of
 * thread_free_end_count() and _end_purge().
 */
bool thread_free_leave(struct page *page);

/*
 * In the child of a fork, of a page whose owner goes on: who was busy with it
 * has not come along. Gives the word as it is then.
 */
uintptr_t thread_free_forget_busy(struct page *page);

/*
 * The page leaves its queue, so the next free by another thread has to bring
 * it back, and it rests: its list `free` is empty. False: blocks have come, so
 * it is not full. Where another thread is busy with the page that does not
 * matter, as they cannot be taken now; that thread finds FULL. A page that is
 * NOTIFIED stays so, as heap_drain() will look at it. Release: pairs with the
 * acquire of thread_free_try_push().
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
 * Gives the word; the list stays. No order is needed: who writes the link as
 * the next holder is that after thread_free_mark_full(), whose release it
 * acquires.
 */
uintptr_t thread_free_denotify(struct page *page);

#endif /* MI_THREAD_FREE_H */
