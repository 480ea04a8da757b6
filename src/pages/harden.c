/* SPDX-License-Identifier: BSD-3-Clause */
#include "pages/page.h"

COLD void block_written(struct page *page, const struct block *block)
{
	struct pointer_report report = {
		.error = ERROR_OVERWRITTEN, .call = "malloc", .p = block,
	};

	page->free = page_empty_list(page);
	page_describe(page, block, &report.place);
	report.place.state = "free until now";	/* it is on no list any more */
	error_pointer(&report);
}

#if MI_HARDENING >= 2

void block_fill(const struct page *page, struct block *block)
{
	uint64_t *word = (uint64_t *)(block + 1);
	uint64_t *end = (uint64_t *)((char *)block + page->block_size);

	while (word < end)
		*word++ = JUNK_WORD;
}

static bool next_is_valid(struct page *page, const struct block *block)
{
	return block->next == page_empty_list(page) ||
	       run_starts_block(&page->run, block->next);
}

bool block_is_untouched(struct page *page, const struct block *block)
{
	const uint64_t *word = (const uint64_t *)(block + 1);
	const uint64_t *end = (const uint64_t *)((const char *)block +
						 page->block_size);
	uint64_t difference = 0;

	while (word < end)
		difference |= *word++ ^ JUNK_WORD;
	return difference == 0 && next_is_valid(page, block);
}

#endif /* MI_HARDENING >= 2 */
