/* SPDX-License-Identifier: BSD-3-Clause */
#include "blocks/blocks.h"

static bool run_holds(const struct run *run, const void *p)
{
	return run && (run->kind == RUN_PAGE || run->kind == RUN_LARGE) &&
	       (uintptr_t)p - run_start(run) < run_bytes(run);
}

/* The run of a block that starts in the unit of `p`, in any arena */
static struct run *run_at(struct instance *instance, const void *p)
{
	struct run *run = run_of(instance, p);

	if (likely(run_holds(run, p)))
		return run;
	run = arena_run_of(instance, p);
	return run_holds(run, p) ? run : NULL;
}

struct run *run_around(struct instance *instance, const void *p)
{
	struct run *run = run_at(instance, p);
	uintptr_t address = (uintptr_t)p;
	size_t back;

	/* a block may have started some units before */
	for (back = UNIT_SIZE; !run && back <= CLASSED_SIZE_MAX &&
	     address > back; back += UNIT_SIZE) {
		run = run_at(instance, (void *)(address - back));
		if (run && !run_holds(run, p))
			return NULL;
	}
	return run;
}

static bool run_is_large_block(struct run *run, const void *p)
{
	return run->kind == RUN_LARGE && large_of_run(run)->block == p;
}

struct run *block_run_quiet(struct instance *instance, const void *p)
{
	struct run *run = run_at(instance, p);

	if (!run)
		return NULL;
	if (run->kind == RUN_PAGE)
		return page_block_at(page_of_run(run), p) ? run : NULL;
	return run_is_large_block(run, p) ? run : NULL;
}

static bool block_is_free(struct run *run, struct block *block)
{
	struct page *page;

	if (run->kind != RUN_PAGE)
		return false;
	page = page_of_run(run);
	if (MI_TRACK)
		track_touch(&block->tag, sizeof(block->tag));
	return block_has_tag(page, block) && page_is_free_block(page, block);
}

/* A block that is handed out. False: perhaps it is one all the same */
static inline bool block_is_live(struct run *run, const struct block *block)
{
	return run_starts_block(run, block) &&
	       !block_has_tag(page_of_run(run), block);
}

struct run *block_run(struct instance *instance, const void *p)
{
	struct run *run = run_of(instance, p);

	if (likely(!MI_TRACK && (block_is_live(run, p) ||
				 run_is_large_block(run, p))))
		return run;
	run = block_run_quiet(instance, p);
	if (unlikely(!run) ||
	    unlikely(block_is_free(run, (struct block *)(uintptr_t)p)))
		return NULL;
	return run;
}

size_t block_usable(struct run *run)
{
	return run->kind == RUN_LARGE ? large_usable(large_of_run(run)) :
	       run->block_size;
}

size_t block_live_size(struct instance *instance, void *p)
{
	struct run *run = p ? block_run_quiet(instance, p) : NULL;

	return run && !block_is_free(run, p) ? block_usable(run) : 0;
}

struct heap *run_heap(struct run *run)
{
	struct large **listed;

	/* relaxed: the block is the caller's, so it knows of its heap */
	if (run->kind != RUN_LARGE)
		return atomic_read(&page_of_run(run)->heap);
	listed = atomic_read(&large_of_run(run)->listed);
	return listed ? (struct heap *)((uintptr_t)listed -
			__builtin_offsetof(struct heap, large)) : NULL;
}

void track_block(struct instance *instance, void *p, bool zero)
{
	track_alloc(p, block_usable(block_run_quiet(instance, p)), zero);
}

void track_unblock(struct instance *instance, void *p)
{
	size_t bytes = block_live_size(instance, p);

	if (bytes)
		track_free(p, bytes);
}

/* The owner's free: something about the page changes */
static void free_local(struct page *page, struct block *block)
{
	struct heap *heap = page->heap;

	page_push_local(page, block);
	if (likely(!account_take_back(page, block_weight(&page->run, block))))
		return;
	if (page->flags & PAGE_IN_FULL)
		heap_page_unfull(page);
	if (account_settle(page))
		heap_page_emptied(page);
	/* a thread that only frees has to look here, too */
	if (unlikely(heap_has_notified(heap)))
		heap_drain(heap);
}

NOINLINE void free_slow(struct instance *instance, void *p)
{
	struct run *run = run_of(instance, p);
	struct page *page;

	if (unlikely(!p))
		return;
	if (!run_is_large_block(run, p))
		run = block_run(instance, p);
	if (unlikely(!run)) {
		block_refuse(instance, p, "free");
		return;
	}
	if (run->kind == RUN_LARGE) {
		large_free(instance, large_of_run(run));
		return;
	}
	page = page_of_run(run);
#if MI_CONCURRENT
	/* relaxed: see ground/run.h */
	if (!port_thread_is(atomic_read(&page->owner))) {
		page_free_remote(instance, page, p);
		return;
	}
#endif
	free_local(page, p);
}

/*
 * Of a block that has used the account up. Where blocks have no tags, an
 * address behind the last one may weigh as much as all blocks that are away.
 */
static ALWAYS_INLINE bool block_may_be_last(struct page *page,
					    const struct block *block)
{
	return MI_HARDENING >= 1 ? !block_has_tag(page, block) :
	       run_starts_block(&page->run, block);
}

/*
 * The short slow path: the last block of a kept page comes back. It stays, so
 * only its blocks move to where malloc takes them. False: something else is
 * to be done, or the pointer is no such block. The flag is looked at first, as
 * only a page has it, and all else is read of a page alone.
 */
static ALWAYS_INLINE bool free_and_swap(struct page *page, struct block *block)
{
	if (!(page->flags & PAGE_SWAPS) || !page_list_is_empty(page) ||
	    !account_is_used_up(page) || !block_may_be_last(page, block) ||
	    !page_may_swap(page->heap, page))
		return false;
	page_push_local(page, block);
	page_swap_lists(page);
	return true;
}

/* Of a valid free only the page's state has to change */
NOINLINE void free_stopped(struct instance *instance, void *p, struct run *run)
{
	if (likely(free_and_swap((struct page *)run, p)))
		return;
	if (run_is_large_block(run, p)) {
		large_free(instance, large_of_run(run));
		return;
	}
	account_undo(run, p);
	if (likely(block_is_live(run, p)))
		free_local(page_of_run(run), p);
	else
		free_slow(instance, p);
}

void block_free(struct instance *instance, void *p)
{
	instance_free(instance, p);
}

#if MI_CONCURRENT

/* The page may be the caller's all the same where the port is not exact */
static NOINLINE void free_not_quick(struct instance *instance,
				    struct block *block, struct page *page)
{
	/* relaxed: see ground/run.h */
	if (unlikely(port_thread_is(atomic_read(&page->owner))))
		free_slow(instance, block);
	else
		page_free_remote(instance, page, block);
}

/*
 * A block of a page that another thread owns goes to that page's list, mostly
 * by one swap and no more.
 */
NOINLINE void free_other(struct instance *instance, void *p, struct run *run)
{
	uintptr_t offset = (uintptr_t)p - run->origin, word;
	struct page *page = (struct page *)run;
	struct block *block = p;

	if (unlikely(!run_starts_block_at(run, offset)) ||
	    unlikely(block_has_tag(page, block))) {
		free_slow(instance, p);
		return;
	}
	word = thread_free_read_list(page);	/* as page_free_remote() */
	if (likely(word_is_quick(page, word))) {
		block_mark_free(page, block);
		if (likely(thread_free_push_quick(page, &word, block, offset)))
			return;
	} else if (!PORT_QUICK_IS_EXACT) {
		free_not_quick(instance, block, page);
		return;
	}
	page_free_remote(instance, page, block);
}

NOINLINE void free_other_here(void *p, struct run *run)
{
	free_other(&default_instance, p, run);
}

#endif

NOINLINE void free_stopped_here(void *p, struct run *run)
{
	free_stopped(&default_instance, p, run);
}
