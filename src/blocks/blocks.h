/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * malloc, free and their kin on heaps, and the paths that every call takes.
 * All give NULL with errno ENOMEM or EINVAL where they fail.
 */
#ifndef MI_BLOCKS_H
#define MI_BLOCKS_H

#include "heaps/heaps.h"
#include "ground/track.h"

static inline struct instance *heap_instance(struct heap *heap)
{
	return heap == &empty_heap ? &default_instance : heap->instance;
}

/* malloc_slow.c */
NOINLINE void *heap_malloc_slow(struct heap *heap, size_t size,
				struct page *page);
NOINLINE void *malloc_slow(uintptr_t at, struct page *page);
/* Above DIRECT_SIZE_MAX, from the default heap */
NOINLINE void *malloc_generic(size_t size);
/* Above DIRECT_SIZE_MAX. The heap may be empty_heap */
void *heap_malloc_generic(struct heap *heap, size_t size);
/* malloc.c */
void *heap_malloc(struct heap *heap, size_t size);
void *heap_zalloc(struct heap *heap, size_t size);

/* free.c */
/* instance_free(), for who is in no hurry */
void block_free(struct instance *instance, void *p);
NOINLINE void free_slow(struct instance *instance, void *p);
/* An owner's free that the account or the tag has stopped */
NOINLINE void free_stopped(struct instance *instance, void *p,
			   struct run *run);
#if MI_CONCURRENT
/* The free of who does not own the run, as far as is known as yet */
NOINLINE void free_other(struct instance *instance, void *p, struct run *run);
#endif
/* The same for default_instance: one register less on the fast path */
NOINLINE void free_other_here(void *p, struct run *run);
NOINLINE void free_stopped_here(void *p, struct run *run);
/* The run of a block that is handed out; NULL: to be refused */
struct run *block_run(struct instance *instance, const void *p);
/* The same for a block that is free, too */
struct run *block_run_quiet(struct instance *instance, const void *p);
/* What a block that is handed out can hold; 0: `p` is none. No report */
size_t block_live_size(struct instance *instance, void *p);
/*
 * The run that holds an address, also inside a block. NULL: none, or inside
 * a large block beyond its first 36 KiB. O(1)
 */
struct run *run_around(struct instance *instance, const void *p);
/* What a block of the run can hold */
size_t block_usable(struct run *run);
/* The heap of a run with blocks; NULL: of none, as its thread has ended */
struct heap *run_heap(struct run *run);

/*
 * refuse.c: reports what is no block that is handed out. Gives NULL, so that
 * who calls it can end in that, see error_caller(). O(runs + blocks of a page)
 */
COLD NOINLINE void *block_refuse(struct instance *instance, const void *p,
				 const char *call);
/* The same of what instance_units_free() has found to be no whole units */
COLD NOINLINE void units_refuse(struct instance *instance, const void *p,
				enum units_found found);

/* For the tools that watch: a block handed out, and before it comes back */
void track_block(struct instance *instance, void *p, bool zero);
void track_unblock(struct instance *instance, void *p);

/* realloc.c; `zero`: what is new is zero */
void *heap_realloc(struct heap *heap, void *p, size_t size, bool zero);
/* The block made to hold `size` without moving it; false: it cannot */
bool block_resize(struct instance *instance, struct run *run, void *p,
		  size_t size);

/*
 * large.c: a run each. What is aligned takes the parameters that the interface
 * of mimalloc has, here and below, though these are more than four: they go
 * from one function to the next in registers. The heap may be empty_heap.
 */
enum large_flags {
	LARGE_ZERO = 1,		/* it reads as zero */
	/* where it has room, if any is; NULL for a class's size is quiet */
	LARGE_GROWS = 2,
};
void *large_alloc(struct heap *heap, size_t size, size_t alignment,
		  size_t offset, unsigned int flags);
void large_free(struct instance *instance, struct large *large);
/* The same, but its memory is lost to the system: see port_move() */
void large_lose(struct instance *instance, struct large *large);

/* available.c */
/*
 * Bytes that are free in all, were everything collected that the caller can
 * collect. O(runs + blocks that are free)
 * `block`: what the largest free block of a page in use holds, or 0.
 */
size_t instance_available(struct instance *instance, size_t *block);

/* units.c: whole units, none of them a block. O(units) */
void *units_alloc(struct instance *instance, size_t units);

/* aligned.c */
void *heap_malloc_aligned(struct heap *heap, size_t size, size_t alignment,
			  size_t offset, bool zero);
void *heap_realloc_aligned(struct heap *heap, void *p, size_t size,
			   size_t alignment, size_t offset, bool zero);

/*
 * Takes the block's tag. False: the list was empty (the page itself stood in
 * for a block) or somebody has written to the block.
 */
static ALWAYS_INLINE bool page_take_tag(struct page *page, struct block *block)
{
#if MI_HARDENING == 0
	return likely(block != page_empty_list(page));
#endif
#if MI_TSAN	/* writing to empty_page is harmless, but looks like a race */
	if (block->tag != (uintptr_t)page)
		return false;
#endif
	block->tag -= (uintptr_t)page;
	return likely(block->tag == 0);
}

/* What page_take_tag() has taken where it told false; not of empty_page */
static ALWAYS_INLINE void page_give_back_tag(struct page *page,
					     struct block *block)
{
	if (MI_HARDENING >= 1 && !MI_TSAN)
		block->tag += (uintptr_t)page;
}

/*
 * The same, and tells what the list is then. Where one instruction reads a
 * pair of words, the link is read along with the tag, whatever that is.
 */
static ALWAYS_INLINE bool page_take(struct page *page, struct block *block,
				    struct block **next)
{
	if (ARCH_READS_PAIRS && MI_HARDENING == 1) {
		*next = block->next;
		return page_take_tag(page, block);
	}
	if (unlikely(!page_take_tag(page, block)))
		return false;
	*next = block_next(page, block);
	return true;
}

/*
 * The path of every small malloc. `at` is (word + size) & -16: the address of
 * the queue, and in the heap's own terms the size.
 */
static ALWAYS_INLINE void *word_malloc(uintptr_t word, size_t size)
{
	uintptr_t at = (word + size) & ~(uintptr_t)HEAP_WORD_BIAS;
	struct page *page = ((struct queue *)at)->first;
	struct block *block = page->free, *next;

	if (unlikely(!page_take(page, block, &next)))
		return malloc_slow(at, page);
	ARCH_LIVE_TOGETHER(block, next);
	page->free = next;
	return block;
}

static ALWAYS_INLINE void *heap_malloc_small(struct heap *heap, size_t size)
{
	uintptr_t at = (heap_to_word(heap) + size) &
		       ~(uintptr_t)HEAP_WORD_BIAS;
	struct page *page = ((struct queue *)at)->first;
	struct block *block = page->free, *next;

	if (unlikely(!page_take(page, block, &next)))
		return heap_malloc_slow(heap, at - (uintptr_t)heap, page);
	ARCH_LIVE_TOGETHER(block, next);
	page->free = next;
	return block;
}

/* That of a size above DIRECT_SIZE_MAX, whose queue is known */
static ALWAYS_INLINE void *queue_malloc(struct heap *heap, struct queue *queue,
					size_t size)
{
	struct page *page = queue->first;
	struct block *block = page->free, *next;

	if (unlikely(!page_take_tag(page, block)))
		return heap_malloc_slow(heap, size, page);
	next = block_next(page, block);
	ARCH_LIVE_TOGETHER(block, next);
	page->free = next;
	return block;
}

/* The path of every free */
static ALWAYS_INLINE void instance_free(struct instance *instance, void *p)
{
	struct run *run = run_of(instance, p);
	struct block *block = p, *first;

	ARCH_HIDE_SUM(run);
#if MI_CONCURRENT
	/* relaxed: see ground/run.h */
	if (unlikely(!PORT_THREAD_IS_QUICK(atomic_read(&run->owner)))) {
		if (instance == &default_instance)
			free_other_here(p, run);
		else
			free_other(instance, p, run);
		return;
	}
#endif
	if (unlikely(account_block_freed(run, p, &first)) ||
	    unlikely(block_has_tag(page_of_run(run), block))) {
		if (instance == &default_instance)
			free_stopped_here(p, run);
		else
			free_stopped(instance, p, run);
		return;
	}
	page_push_freed(page_of_run(run), block, first);
}

#endif /* MI_BLOCKS_H */
