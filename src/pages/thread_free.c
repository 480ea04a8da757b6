/* SPDX-License-Identifier: BSD-3-Clause */
/* Transitions of `thread_free` that several paths take; see thread_free.h. */
#include "pages/thread_free.h"

bool thread_free_mark_full(struct page *page)
{
	uintptr_t word = thread_free_read(page);

	do {
		if (word_has_come(word))
			return false;
		if (word_state(word) == PAGE_NOTIFIED)
			return true;
	} while (!atomic_compare_swap(&page->thread_free, &word,
				      (word & PAGE_PURGING) | PAGE_FULL));
	return true;
}

void thread_free_unmark_full(struct page *page)
{
	uintptr_t word = thread_free_read(page);

	while (word_state(word) == PAGE_FULL &&
	       !atomic_compare_swap(&page->thread_free, &word,
				    word & ~PAGE_STATE_MASK))
		;
}

uintptr_t thread_free_denotify(struct page *page)
{
	uintptr_t word = thread_free_read(page);

	while (!atomic_compare_swap(&page->thread_free, &word,
				    word & ~PAGE_STATE_MASK))
		;
	return word;
}
