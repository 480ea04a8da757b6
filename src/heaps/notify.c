/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a page that was full comes back to its owner. The first free by another
 * thread sets NOTIFIED, and puts the page on a list of its heap:
 *
 *	any thread --> heap->notified --> heap->pending --> owned.c
 *			(atomic)	  (the owner's)
 */
#include "heaps/heaps.h"

#if MI_CONCURRENT

/*
 * The caller is the holder: it has set NOTIFIED, or has taken the page off a
 * list of such pages.
 */
void heap_notify(struct heap *heap, struct page *page)
{
	/*
	 * Acquire, here and where the swap fails: pairs with the swap of
	 * HEAP_PARKED in heap_close(), so that who finds that bit also finds
	 * all that the heap's thread did to the page before.
	 */
	uintptr_t word = atomic_read_acquire(&heap->notified);
	struct heap *now;

	for (;;) {	/* bounded: a page moves once, and heaps end once */
		if (unlikely(word & HEAP_PARKED)) {
			/* relaxed: the bit was acquired, see above */
			now = atomic_read(&page->heap);
			if (now == heap) {
				/*
				 * Its owner has ended. Whether some thread
				 * begins anew with the heap meanwhile does not
				 * matter: it does not know the page.
				 */
				page_abandon_orphan(heap->instance, page);
				return;
			}
			heap = now;
			word = atomic_read_acquire(&heap->notified);
			continue;
		}
		page->notified_next = (struct page *)word;
		/*
		 * Release: the link is seen by who takes the list, and what the
		 * caller has read of the page is read before.
		 */
		if (atomic_compare_swap(&heap->notified, &word,
					(uintptr_t)page))
			return;
	}
}

/* The first page of `pending`; tells how many blocks it brought */
static size_t heap_drain_page(struct heap *heap)
{
	struct page *page = heap->pending;
	/* relaxed: written by this thread, or before the page was notified */
	struct heap *now = atomic_read(&page->heap);
	uintptr_t word;

	heap->pending = page->notified_next;
	if (unlikely(now != heap)) {
		/* mi_heap_delete() has moved it: it follows, still NOTIFIED */
		heap_notify(now, page);
		return 0;
	}
	word = thread_free_denotify(page);
	if (unlikely(!page->owner)) {
		/*
		 * An orphan: it was notified to the heap in an earlier life,
		 * and came here in this one. It goes to the thread's first
		 * heap, as another one may be destroyed with all its blocks.
		 */
		now = heap->backing;
		/* relaxed: as page_claimed() */
		atomic_write(&page->heap, now);
		atomic_write(&page->owner, now->owner);
		heap_page_adopt(now, page);
	}
	heap_page_sweep(page);
	return word_count(word);
}

static void heap_take_notified(struct heap *heap)
{
	/*
	 * Acquire: pairs with the release in heap_notify(), for all links.
	 * HEAP_PARKED is not set while the heap has a thread.
	 */
	if (!heap->pending)
		heap->pending = (struct page *)
				atomic_swap(&heap->notified, 0);
}

void heap_drain(struct heap *heap)
{
	unsigned int pages = DRAIN_PAGES;
	size_t blocks = 0;

	heap_take_notified(heap);
	while (heap->pending && pages-- && blocks < DRAIN_BLOCKS)
		blocks += heap_drain_page(heap);
}

void heap_drain_all(struct heap *heap)
{
	unsigned int lists = 2;	/* what was begun, and what came since */

	while (lists--) {
		heap_take_notified(heap);
		while (heap->pending)
			(void)heap_drain_page(heap);
	}
}

void heap_close(struct heap *heap)
{
	struct page *page, *next;
	struct heap *now;

	mi_assert(!heap->pending);
	/*
	 * Acquire: the links of the pages that came late. Release: pairs with
	 * the acquire in heap_notify(), so that who finds the bit sees that
	 * the heap's pages have been abandoned or moved.
	 */
	page = (struct page *)atomic_swap(&heap->notified, HEAP_PARKED);
	for (; page; page = next) {
		next = page->notified_next;
		/* relaxed: this thread has moved it, or nobody has */
		now = atomic_read(&page->heap);
		if (now == heap)
			page_abandon_orphan(heap->instance, page);
		else	/* it has moved to the thread's first heap */
			heap_notify(now, page);
	}
}

#endif /* MI_CONCURRENT */
