/* SPDX-License-Identifier: BSD-3-Clause */
/* Transitions of `thread_free` that several paths take; see thread_free.h. */
#include "pages/thread_free.h"

/* The word with the block on its list. Links it */
static uintptr_t word_pushed(struct page *page, struct block *block,
			     uintptr_t word)
{
	uintptr_t distance = (uintptr_t)block - page->origin;

	thread_free_link(page, block, word);
	word += (uintptr_t)1 << PAGE_COUNT_SHIFT;
	return word_notified((word & ~PAGE_LIST_MASK) |
			     distance / BLOCK_ALIGN << PAGE_LIST_SHIFT);
}

bool thread_free_try_push(struct page *page, uintptr_t *word,
			  struct block *block, uintptr_t counting)
{
	return atomic_compare_swap(&page->thread_free, word,
				   word_pushed(page, block, *word) | counting);
}

bool thread_free_mark_full(struct page *page)
{
	uintptr_t word = thread_free_read(page), to;

	do {
		if (word_has_come(word) && !word_is_busy(word))
			return false;
		to = word | PAGE_RESTING;
		if (word_state(word) == PAGE_ACTIVE)
			to |= PAGE_FULL;
	} while (!atomic_compare_swap(&page->thread_free, &word, to));
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

bool thread_free_wake(struct page *page)
{
	uintptr_t word = thread_free_read(page);

	while (word & PAGE_RESTING) {
		if (word_is_busy(word) || word_has_come(word))
			return false;
		if (atomic_compare_swap(&page->thread_free, &word,
					word & ~PAGE_RESTING))
			break;
	}
	return true;
}

uintptr_t thread_free_end_count(struct page *page, size_t own, bool purge)
{
	uintptr_t word = thread_free_read(page), to;

	do {
		to = (word_notified(word) & ~(PAGE_COUNTING | PAGE_OWN_MASK)) |
		     own << PAGE_OWN_SHIFT;
		if (word_state(word) == PAGE_ABANDONED)
			to &= ~PAGE_STATE_MASK;
		else if (purge && word_back(to) == page->reserved)
			to = (to & PAGE_KEPT_MASK) | PAGE_PURGING;
	} while (!atomic_compare_swap(&page->thread_free, &word, to));
	return word;
}

bool thread_free_drop(struct page *page, uintptr_t *word)
{
	uintptr_t to;

	*word = thread_free_read(page);
	do {
		if (*word & PAGE_PURGING)
			return false;
		to = PAGE_ACTIVE;
		if (*word & PAGE_COUNTING)
			to = (*word & PAGE_KEPT_MASK) | PAGE_COUNTING |
			     PAGE_PURGED;
		else if (word_state(*word) == PAGE_NOTIFIED)
			to = PAGE_NOTIFIED;
	} while (!atomic_compare_swap(&page->thread_free, word, to));
	return !word_is_busy(*word);
}

bool thread_free_leave(struct page *page)
{
	uintptr_t word = thread_free_read(page);

	do {
		if (!word_is_busy(word))
			return false;
		mi_assert(word_state(word) == PAGE_ACTIVE);
	} while (!atomic_compare_swap(&page->thread_free, &word,
				      word | PAGE_ABANDONED));
	return true;
}

uintptr_t thread_free_forget_busy(struct page *page)
{
	uintptr_t word = thread_free_read(page);

	if (word & PAGE_PURGING)
		word ^= PAGE_PURGING ^ PAGE_PURGED;
	word &= ~PAGE_COUNTING;
	atomic_write(&page->thread_free, word);
	return word;
}

enum page_state thread_free_end_purge(struct page *page, uintptr_t ceded)
{
	uintptr_t word = thread_free_read(page), to;

	do {
		to = word_notified(word) ^ PAGE_PURGING ^ PAGE_PURGED ^ ceded;
		if (word_state(word) == PAGE_ABANDONED)
			to &= ~PAGE_STATE_MASK;
	} while (!atomic_compare_swap(&page->thread_free, &word, to));
	return word_state(word);
}

bool thread_free_abandon(struct page *page, size_t free)
{
	uintptr_t word = thread_free_read(page);

	do {
		if (word_has_come(word) || word_is_busy(word))
			return false;
	} while (!atomic_compare_swap(&page->thread_free, &word,
				      PAGE_ABANDONED |
				      free << PAGE_OWN_SHIFT));
	return true;
}
