/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether a block is free, and what a report says of an address in a page. */
#include "pages/page.h"

static bool list_holds(struct page *page, const struct block *list,
		       const struct block *block)
{
	const struct block *end = page_empty_list(page);
	size_t limit = atomic_read(&page->capacity);

	/*
	 * Another thread may be changing the list: look before each step.
	 * Relaxed: this is after a free with a tag that says it is a second
	 * one, and where the list changes meanwhile the answer may be wrong.
	 */
	for (; list != end && limit && page_block_at(page, list); limit--) {
		if (list == block)
			return true;
		list = atomic_read(&list->next);
	}
	return false;
}

bool page_is_free_block(struct page *page, const struct block *block)
{
	uintptr_t word = thread_free_read_list(page);

	return list_holds(page, atomic_read(&page->local_free), block) ||
	       list_holds(page, atomic_read(&page->free), block) ||
	       list_holds(page, word_list(page, word), block);
}

static const char *block_state(struct page *page, size_t number,
			       const struct block *block)
{
	if (number >= atomic_read(&page->capacity))
		return "not handed out as yet";
	if (word_is_closed(thread_free_read_list(page)))
		return "free, as all of its page";
	if (page_has_hole(page, number))
		return "free, its memory given back";
	return page_is_free_block(page, block) ? "free" : "in use";
}

/* Relaxed: whose it was a moment ago is good enough to be told */
static const char *page_whose(const struct page *page)
{
#if MI_CONCURRENT
	uintptr_t owner = atomic_read(&page->owner);

	if (!owner)
		return ", of a thread that has ended";
	return port_thread_is(owner) ? ", of this thread" :
				       ", of another thread";
#else
	(void)page;
	return "";
#endif
}

/*
 * Another thread may own the page, and change it meanwhile. Who calls this sees
 * to it that it stays a page: has the lock, owns it, or has a block of it.
 */
void page_describe(struct page *page, const void *p, struct error_place *place)
{
	size_t offset = (uintptr_t)p - run_start(&page->run);
	size_t bytes = page->block_size, number;

	if (!bytes)	/* it does not stay, as that block was freed before */
		return;
	number = offset / bytes;
	place->start = run_start(&page->run) + number * bytes;
	place->whose = page_whose(page);
	place->what = "block";
	place->bytes = bytes;
	if (number < page->reserved) {
		place->state = block_state(page, number,
					   (struct block *)place->start);
		return;
	}
	place->what = "end of a page";
	place->bytes = run_end(&page->run) - place->start;
	place->state = "no block is there";
}

void page_refuse_free(struct page *page, const struct block *block)
{
	struct pointer_report report = {
		.error = ERROR_DOUBLE_FREE, .call = "free", .p = block,
		.caller = error_caller(),
	};

	page_describe(page, block, &report.place);
	error_pointer(&report);
}
