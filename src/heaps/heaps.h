/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Heaps: the pages of a thread, by size class. All calls are those of the
 * heap's thread unless they say otherwise.
 */
#ifndef MI_HEAPS_H
#define MI_HEAPS_H

#include "pages/page.h"

/* The calling thread's heap + 15; see types.h. Starts as that of empty_heap */
#ifdef PORT_HEAP_WORD
#define heap_word	PORT_HEAP_WORD
#else
extern HIDDEN PORT_TLS uintptr_t heap_word;
#endif

#define HEAP_WORD_BIAS		(BLOCK_ALIGN - 1)

static ALWAYS_INLINE uintptr_t heap_to_word(const struct heap *heap)
{
	return (uintptr_t)heap + HEAP_WORD_BIAS;
}

static ALWAYS_INLINE struct heap *heap_of_word(uintptr_t word)
{
	return (struct heap *)(word - HEAP_WORD_BIAS);
}

static ALWAYS_INLINE struct heap *heap_current(void)
{
	return heap_of_word(heap_word);
}

/*
 * The files of this layer, from the ground up; each calls only what stands
 * above it here, and tests/layers.sh checks that.
 */

/*
 * keep.c. Keeps a page that malloc is about to take from: it may be empty from
 * now on and nobody is told. False: too much is kept, the page stays watched
 */
bool page_stay(struct heap *heap, struct page *page);
/* The same for a page that is empty. False: it is to be given back */
bool page_keep(struct heap *heap, struct page *page);
/*
 * Whether malloc or free shall swap the page's lists and do nothing else. That
 * is enough for a kept page, which stays kept whether it is empty or not. But
 * the rest of a slow path (what others freed is collected, a class is swept)
 * must not wait for ever: SWAPS_MAX times, and then not until heap_alloc() was
 * called, which does the rest.
 */
static ALWAYS_INLINE bool page_may_swap(struct heap *heap,
					const struct page *page)
{
	return likely(page->flags & PAGE_SWAPS) &&
	       likely(--heap->swaps_left >= 0);
}
/* The page is no longer kept: it is full, or leaves the heap */
void page_unkeep(struct heap *heap, struct page *page);

/* queue.c: a heap's lists of pages */
/* All that a life begins with; heap->instance stays */
void heap_init(struct heap *heap);
/* Adds a page that the heap has just become the owner of */
void heap_page_adopt(struct heap *heap, struct page *page);
/* Takes the page out of whatever list of the heap it stands in */
void heap_page_remove(struct heap *heap, struct page *page);
/* Calls `visit` for each page until it returns false */
typedef bool page_visit_fun(struct page *page, void *arg);
bool heap_visit_pages(struct heap *heap, page_visit_fun *visit, void *arg);

/* abandon.c: pages lose their owner, and get another one */
/* For heap_visit_pages(): the page loses its owner, who calls this */
bool page_abandon(struct page *page, void *arg);
/*
 * Of the one thread that has the page, which is not NOTIFIED: gives it back if
 * it is empty, else lets it wait for another owner
 */
void page_free_or_abandon(struct instance *instance, struct page *page);
/*
 * The same for an orphan: a page that is NOTIFIED and whose owner has ended.
 * Of the holder of NOTIFIED
 */
void page_abandon_orphan(struct instance *instance, struct page *page);
/*
 * The caller has claimed the page: thread_free_try_claim(), where it got the
 * list. The page becomes the heap's, but stands in none of its lists yet
 */
void page_claimed(struct heap *heap, struct page *page, struct block *list);
/* The same where all blocks are free: the page is given back. O(1) */
void page_claimed_empty(struct instance *instance, struct page *page);
/* An abandoned page of the class, now the heap's; or NULL. O(tries) */
struct page *page_reclaim(struct heap *heap, unsigned int class);
/* The last block of an abandoned page was freed (threads take turns) */
void page_abandoned_emptied(struct page *page);

/* owned.c: blocks of a heap's page were taken, or came back */
/* All are taken: the page leaves its queue, unless some come back just now */
void heap_page_full(struct heap *heap, struct page *page);
/* So many blocks of a full page were freed that it is of use again */
void heap_page_unfull(struct page *page);
/* The page has become empty */
void heap_page_emptied(struct page *page);
/* Collects what came back to one page, and moves it to where it belongs */
void heap_page_sweep(struct page *page);
/* keep.c */
#if PORT_KEPT_LEARN_MAX
/* A page of the class has run empty, and is given back */
void heap_gives_back(struct heap *heap, unsigned int class);
/*
 * A new page was made. Where one of its class was given back before it may be
 * missed, and more units may be kept from then on.
 */
void heap_missed(struct heap *heap, const struct page *page);
#else
static inline void heap_gives_back(struct heap *heap, unsigned int class)
{
	(void)heap;
	(void)class;
}

static inline void heap_missed(struct heap *heap, const struct page *page)
{
	(void)heap;
	(void)page;
}
#endif

/*
 * Collects what others freed into the first pages of a class, and moves these
 * behind the others: so that no page is forgotten whose class is not used.
 */
void heap_sweep(struct heap *heap, unsigned int class, unsigned int pages);

/* notify.c: how full pages come back to their owner */
#if MI_CONCURRENT
/* Puts a page on `notified`. Any thread that is the holder of NOTIFIED */
void heap_notify(struct heap *heap, struct page *page);
/*
 * Moves pages on `notified` back to where they can be used: some of them, the
 * next call goes on. O(1) but for the blocks of the last page
 */
void heap_drain(struct heap *heap);
/* All of them. O(pages + blocks) */
void heap_drain_all(struct heap *heap);
/* Relaxed: heap_drain() acquires what is there */
static inline bool heap_has_notified(const struct heap *heap)
{
	return atomic_read(&heap->notified) || heap->pending;
}
/*
 * The heap's pages have left it: from now on no page comes to `notified`, and
 * those that came are passed on. The heap's thread, at its end
 */
void heap_close(struct heap *heap);
#else	/* nobody sends a notification */
static inline void heap_drain(struct heap *heap)
{
	(void)heap;
}
static inline void heap_drain_all(struct heap *heap)
{
	(void)heap;
}
static inline bool heap_has_notified(const struct heap *heap)
{
	(void)heap;
	return false;
}
static inline void heap_close(struct heap *heap)
{
	(void)heap;
}
#endif

#if MI_CONCURRENT
/* sleeping.c: pages whose owner may sleep. Of threads that free into them */
/*
 * Whether a free shall see if all blocks are free, where `left` are not known
 * to be then. False where another thread is busy with the page
 */
bool page_shall_count(struct instance *instance, const struct page *page,
		      uintptr_t word, size_t left);
/*
 * The calling thread has set COUNTING with its free, and `notify`: has become
 * the holder of NOTIFIED. If all blocks are free the page's memory is given
 * back, or it waits. O(blocks that the owner freed)
 */
void page_count(struct instance *instance, struct page *page, bool notify);

/* remote.c: a free by a thread that does not own the page */
void page_free_remote(struct instance *instance, struct page *page,
		      struct block *block);
#endif

/* collect.c: all pages of a heap */
/* What is called now and then, see mi_register_deferred_free() */
void heap_set_deferred(void (*call)(bool, unsigned long long, void *),
		       void *arg);
void heap_call_deferred(struct heap *heap, bool force);
/* Collects what others freed, gives back empty pages. O(pages + free) */
COLD void heap_collect(struct heap *heap, bool force);
/*
 * Gives back all empty pages of the caller's heaps; where threads take turns
 * of all.
 */
COLD void heaps_collect(struct instance *instance);
/*
 * Gives back pages of the caller right behind a run that are kept and empty,
 * where nothing else is in the way of so many units more. True: some were.
 * O(pages there), and a walk of the blocks of each, and of one that is in use
 */
COLD bool heap_pages_give_way(struct instance *instance, const struct run *run,
			 size_t units);
/*
 * heap_collect() with force, also of other heaps where threads take turns.
 * Where frames run out, those of free runs are given back.
 */
COLD void heap_collect_all(struct heap *heap);

/* heap.c */
/* A block of the class, from any page that has or can get one; or NULL */
struct block *heap_alloc(struct heap *heap, unsigned int class);
/*
 * The same, but of a larger class only where memory is short, and nothing else
 * is done. `hot`: the class's only page may be too small, see heap_more_hot()
 */
struct block *heap_alloc_own(struct heap *heap, unsigned int class, bool hot);
/*
 * Bytes of the largest block that is free in the heap, or `least` where none is
 * larger: what it finds has its frames, and may take them from others, so what
 * can be had otherwise is told first. O(pages)
 */
size_t heap_largest_block(struct heap *heap, size_t least);

/* absorb.c: the pages of a heap that the program deletes, or destroys */
/* All pages and large blocks to another heap of the same thread */
void heap_absorb(struct heap *heap, struct heap *from);
/* Frees all blocks of the heap. Also its large ones */
void heap_drop_pages(struct heap *heap);

/* heap_life.c */
/*
 * A first heap for the calling thread where `backing` is NULL; `late`: made
 * when the thread's heaps had ended already
 */
struct heap *heap_create(struct instance *instance, struct heap *backing,
			 bool late);
struct heap *heap_new(struct heap *backing);
/*
 * Where there is a table of owners: the first heap of a thread, or NULL. Takes
 * the same time for some hundred threads as for one: it searches one of
 * OWNER_BUCKETS lists. And where threads take turns another thread becomes the
 * owner of a heap that is in use.
 */
struct heap *heap_of_owner(struct instance *instance, uintptr_t owner);
void heap_set_owner(struct heap *heap, uintptr_t owner);
/* Moves the heap to the list of late ones, or from there. The lock is held */
void heap_set_late(struct heap *heap, bool late);
/* All pages have left the heap: it waits for another thread */
void heap_park(struct heap *heap);
/* The same for one of several heaps of a thread that goes on */
void heap_end(struct heap *heap);

/* thread.c */
/* heap_current(), but a thread without a heap gets one; NULL: no memory */
struct heap *heap_current_or_new(void);
/* The calling thread ends: its pages are abandoned. Called by the port */
void heaps_thread_done(void);
/* The same, for the first heap of a thread */
void heaps_abandon(struct heap *heap);

/* fork_child.c: other threads are gone. The lock is held */
void heaps_fork_child(struct instance *instance);

/* valid.c, for tests */
bool heap_is_valid(struct heap *heap);
bool instance_is_valid(struct instance *instance);

#endif /* MI_HEAPS_H */
