/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hardening ladder, MI_HARDENING: what is done to a block when it comes
 * back and looked at when it goes out again. docs/hardening.md has the table.
 *
 *	0	nothing
 *	1	its second word is the tag
 *	2	the tag, and the rest of the block is junk
 *
 *	| next | tag | junk, junk, junk ... |	a free block at level 2
 */
#ifndef MI_HARDEN_H
#define MI_HARDEN_H

#include "pages/descriptor.h"

#define JUNK_WORD	UINT64_C(0xdfdfdfdfdfdfdfdf)

/* Reports a free block that was written to. It costs the rest of its list */
COLD void block_written(struct page *page, const struct block *block);

#if MI_HARDENING >= 2
/* Fills what is behind the tag. O(block size) */
void block_fill(const struct page *page, struct block *block);
/* Whether the link and the junk are as they were left. O(block size) */
bool block_is_untouched(struct page *page, const struct block *block);
#endif

static ALWAYS_INLINE bool block_has_tag(const struct page *page,
					const struct block *block)
{
	return MI_HARDENING >= 1 && block->tag == (uintptr_t)page;
}

/* The block is on its way to a free list of the page */
static ALWAYS_INLINE void block_mark_free(const struct page *page,
					  struct block *block)
{
	if (MI_HARDENING >= 1)
		block->tag = (uintptr_t)page;
#if MI_HARDENING >= 2
	block_fill(page, block);
#endif
}

/* What the list is when the block has been taken off its front */
static ALWAYS_INLINE struct block *block_next(struct page *page,
					      struct block *block)
{
#if MI_HARDENING >= 2
	if (unlikely(!block_is_untouched(page, block))) {
		block_written(page, block);
		return page_empty_list(page);
	}
#else
	(void)page;
#endif
	return block->next;
}

#endif /* MI_HARDEN_H */
