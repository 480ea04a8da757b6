/* SPDX-License-Identifier: BSD-3-Clause */
#include "blocks/blocks.h"

static bool page_holds(const struct page *page, const void *p)
{
	return page && (page->kind == RUN_SMALL || page->kind == RUN_LARGE) &&
	       (uintptr_t)p - run_start(page) < run_bytes(page);
}

/* The page of a block that starts in the unit of `p`, in any arena */
static struct page *page_at(struct instance *instance, const void *p)
{
	struct page *page = page_of(instance, p);

	if (likely(page_holds(page, p)))
		return page;
	page = arena_page_of(instance, p);
	return page_holds(page, p) ? page : NULL;
}

struct page *page_around(struct instance *instance, const void *p)
{
	struct page *page = page_at(instance, p);
	uintptr_t address = (uintptr_t)p;
	size_t back;

	/* a block may have started some units before */
	for (back = UNIT_SIZE; !page && back <= CLASSED_SIZE_MAX &&
	     address > back; back += UNIT_SIZE) {
		page = page_at(instance, (void *)(address - back));
		if (page && !page_holds(page, p))
			return NULL;
	}
	return page;
}

/* What is wrong with a pointer that is no block */
static COLD void block_error(struct instance *instance, const void *p,
			     const char *call)
{
	const struct page *page = page_around(instance, p);

	if (port_is_foreign_block(p))
		return;
	if (page && (page->kind == RUN_LARGE || (page->kind == RUN_SMALL &&
	    (uintptr_t)p - run_start(page) <
	    (size_t)page->capacity * page->block_size)))
		error_pointer(ERROR_INTERIOR, call, p);
	else
		error_pointer(ERROR_FOREIGN, call, p);
}

struct page *block_page_quiet(struct instance *instance, const void *p)
{
	struct page *page = page_at(instance, p);

	if (!page)
		return NULL;
	if (page->kind == RUN_LARGE)
		return large_block(page) == p ? page : NULL;
	if (page->kind == RUN_SMALL && page_block_at(page, p))
		return page;
	return NULL;
}

static bool block_is_free(struct page *page, struct block *block)
{
	if (MI_TRACK && page->kind == RUN_SMALL)
		track_touch(&block->tag, sizeof(block->tag));
	return page->kind == RUN_SMALL && block_has_tag(page, block) &&
	       page_is_free_block(page, block);
}

/* A block that is handed out. False: perhaps it is one all the same */
static inline bool block_is_live(const struct page *page,
				 const struct block *block)
{
	return page_starts_block(page, block) && !block_has_tag(page, block);
}

struct page *block_page(struct instance *instance, const void *p,
			const char *call)
{
	struct page *page = page_of(instance, p);

	if (likely(page->kind == RUN_SMALL && !MI_TRACK &&
		   block_is_live(page, p)))
		return page;
	page = block_page_quiet(instance, p);
	if (unlikely(!page)) {
		block_error(instance, p, call);
		return NULL;
	}
	if (unlikely(block_is_free(page, (struct block *)(uintptr_t)p))) {
		error_pointer(ERROR_DOUBLE_FREE, call, p);
		return NULL;
	}
	return page;
}

size_t block_usable(const struct page *page, const void *p)
{
	(void)p;
	return page->kind == RUN_LARGE ? large_usable(page) : page->block_size;
}

size_t block_live_size(struct instance *instance, void *p)
{
	struct page *page = p ? block_page_quiet(instance, p) : NULL;

	return page && !block_is_free(page, p) ? block_usable(page, p) : 0;
}

void track_block(struct instance *instance, void *p, bool zero)
{
	track_alloc(p, block_usable(block_page_quiet(instance, p), p), zero);
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
	if (likely(!account_take_back(page, block_weight(page, block))))
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
	struct page *page = page_of(instance, p);

	if (unlikely(!p))
		return;
	if (page->kind != RUN_LARGE || large_block(page) != p)
		page = block_page(instance, p, "free");
	if (unlikely(!page))
		return;
	if (page->kind == RUN_LARGE) {
		large_free(instance, page);
		return;
	}
#if MI_CONCURRENT
	if (!port_thread_is(atomic_read(&page->owner))) {
		page_free_remote(instance, page, p);
		return;
	}
#endif
	free_local(page, p);
}

/* Of a valid free only the page's state has to change */
NOINLINE void free_stopped(struct instance *instance, void *p,
			   struct page *page)
{
	if (page->kind == RUN_LARGE && large_block(page) == p) {
		large_free(instance, page);
		return;
	}
	account_undo(page, p);
	if (likely(block_is_live(page, p)))
		free_local(page, p);
	else
		free_slow(instance, p);
}

NOINLINE void free_slow_here(void *p)
{
	free_slow(&default_instance, p);
}

NOINLINE void free_stopped_here(void *p, struct page *page)
{
	free_stopped(&default_instance, p, page);
}
