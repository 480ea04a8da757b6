/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many blocks of a page are handed out, asked by any thread while others
 * take and give back. So what is read here may change at any moment, or be a
 * program's own by now: the link of a block that was free a moment ago. Each
 * address is looked at before it is followed, and whatever stands there leads
 * no further than through the page, which stays one, as the lock is held. What
 * has become wrong meanwhile is counted anew, and after some tries as it is.
 *
 * Tools that watch for races are told that this one is meant; it is a race with
 * the program's own writes, which no order could end.
 */
#include "pages/page.h"

#define COUNT_TRIES	4

#define READ_ONCE(field) \
	(*(const volatile __typeof__(field) *)(uintptr_t)&(field))
#define RACES	__attribute__((no_sanitize_thread, no_sanitize_address))

struct extent {
	uintptr_t start;
	size_t bytes;		/* of the blocks that are made */
	size_t block_bytes;
};

/* Whether a free block may stand there, so that its link can be read */
RACES static bool may_be_free(const struct page *page,
			      const struct extent *extent,
			      const struct block *block)
{
	uintptr_t offset = (uintptr_t)block - extent->start;

	if (offset >= extent->bytes || offset % BLOCK_ALIGN)
		return false;
	if (MI_HARDENING >= 1)
		return READ_ONCE(block->tag) == (uintptr_t)page;
	return offset % extent->block_bytes == 0;
}

/* Adds what is on the list. False: it does not end as lists do */
RACES static bool add_list(const struct page *page, const struct extent *extent,
			   const struct block *block, size_t *count)
{
	const struct block *end = page_empty_list(page);
	size_t most = extent->bytes / extent->block_bytes;

	for (; block != end; block = READ_ONCE(block->next)) {
		if (*count >= most || !may_be_free(page, extent, block))
			return false;
		++*count;
	}
	return true;
}

RACES static bool add_free(const struct page *page,
			   const struct extent *extent, size_t *count)
{
	uintptr_t word = thread_free_read(page);
	unsigned int holes;

	*count = word_count(word);
	if (word_is_closed(word)) {
		*count = extent->bytes / extent->block_bytes;
		return true;
	}
	for (holes = READ_ONCE(page->holes); holes; holes &= holes - 1)
		++*count;
	return add_list(page, extent, READ_ONCE(page->free), count) &&
	       add_list(page, extent, READ_ONCE(page->local_free), count);
}

RACES void page_use(const struct page *page, uintptr_t start,
		      struct page_use *use)
{
	struct extent extent = { .start = start };
	size_t made = READ_ONCE(page->capacity), free;
	unsigned int tries = MI_CONCURRENT ? COUNT_TRIES : 1;

	use->live = use->made = 0;
	extent.block_bytes = READ_ONCE(page->block_size);
	if (extent.block_bytes == 0)	/* it is about to begin, or to end */
		return;
	if (made > run_bytes(&page->run) / extent.block_bytes)
		made = run_bytes(&page->run) / extent.block_bytes;
	extent.bytes = made * extent.block_bytes;
	while (!add_free(page, &extent, &free) && --tries)
		;
	use->made = made;
	use->live = free < made ? made - free : 0;
}
