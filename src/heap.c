/* SPDX-License-Identifier: BSD-3-Clause */
/* What a heap does with its pages on the way of malloc, free and collect. */
#include "queue.h"

/*
 * A page without blocks. A queue that has no page leads to it, so that malloc
 * takes the slow path from there without a test of its own.
 */
struct page empty_page = { .free = (struct block *)&empty_page };

#define Q1	{ &empty_page, NULL }
#define Q5	Q1, Q1, Q1, Q1, Q1
#define Q35	Q5, Q5, Q5, Q5, Q5, Q5, Q5

struct heap empty_heap = { .queues = { Q35, Q35, Q35 } };

_Static_assert(CLASS_COUNT == 105, "a Q1 for each class");

PORT_TLS uintptr_t heap_word = (uintptr_t)&empty_heap + HEAP_WORD_BIAS;

void heap_init(struct heap *heap)
{
	unsigned int class;

	/* what follows may be read by threads that come late: it stays */
	memory_zero(heap, __builtin_offsetof(struct heap, notified));
	for (class = 0; class < CLASS_COUNT; class++)
		heap->queues[class].first = &empty_page;
	heap->owner = port_thread_id();
}

void heap_page_remove(struct heap *heap, struct page *page)
{
	page_unkeep(heap, page);
	if (page->flags & PAGE_IN_FULL)
		full_remove(heap, page);
	else
		queue_remove(heap, page);
	heap->page_count[page->class]--;
}

void heap_page_adopt(struct heap *heap, struct page *page)
{
	heap->page_count[page->class]++;
	queue_append(heap, page);
}

/* All is handed out. The sum of 0 makes the next free take the slow path */
static bool page_to_full(struct heap *heap, struct page *page)
{
	if (!thread_free_mark_full(page))
		return false;
	page_unkeep(heap, page);
	queue_remove(heap, page);
	full_insert(heap, page);
	page->held += page->sum;
	page->sum = 0;
	return true;
}

void heap_page_unfull(struct page *page)
{
	struct heap *heap = page->heap;

	thread_free_unmark_full(page);
	full_remove(heap, page);
	queue_append(heap, page);
}

void heap_page_emptied(struct page *page)
{
	struct heap *heap = page->heap;

#if MI_THREADS && !MI_CONCURRENT
	if (page->flags & PAGE_IN_ABANDONED) {
		page_abandoned_emptied(page);
		return;
	}
#endif
	if (page_state(page) == PAGE_NOTIFIED || page_keep(heap, page))
		return;
	heap_page_remove(heap, page);
	page_free(page);
}

/* What is left to do for a page that came back, or was never gone */
void heap_page_sweep(struct page *page)
{
	page_collect_remote(page);
	if (page->flags & PAGE_IN_FULL) {
		if (page->local_free == page_empty_list(page) &&
		    page_list_is_empty(page) &&
		    thread_free_mark_full(page))
			return;
		page_collect_remote(page);
		heap_page_unfull(page);
	}
	if (page_resum(page))
		heap_page_emptied(page);
}

void heap_sweep(struct heap *heap, unsigned int class, unsigned int pages)
{
	struct queue *queue = &heap->queues[class];
	struct page *page;

	while (pages-- && queue->last) {
		page = queue->first;
		if (page != queue->last) {
			queue_remove(heap, page);
			queue_append(heap, page);
		}
		if (!word_has_come(thread_free_read(page)))
			continue;
		page_collect_remote(page);
		if (page_resum(page))
			heap_page_emptied(page);
	}
}

static struct {
	void (*call)(bool force, unsigned long long heartbeat, void *arg);
	void *arg;
} deferred;

void heap_set_deferred(void (*call)(bool, unsigned long long, void *),
		       void *arg)
{
	deferred.arg = arg;
	atomic_write_release(&deferred.call, call);
}

static void heap_call_deferred(struct heap *heap, bool force)
{
	heap->heartbeat++;
	if (likely(!atomic_read_acquire(&deferred.call)) || heap->in_deferred)
		return;
	heap->in_deferred = true;
	deferred.call(force, heap->heartbeat, deferred.arg);
	heap->in_deferred = false;
}

static struct page *heap_more(struct heap *heap, unsigned int class)
{
	struct page *page = page_reclaim(heap, class);

	if (!page) {
		page = page_alloc(heap, class);
		if (!page)
			return NULL;
		heap->page_count[class]++;
		(void)page_stay(heap, page);
	}
	queue_prepend(heap, page);
	return page;
}

/* The class's first page with a block to take, or NULL */
static struct page *queue_find(struct heap *heap, unsigned int class)
{
	struct page *page = heap->queues[class].first;

	for (; page && page != &empty_page; page = page->list.next)
		if (page_has_block(page))
			return page;
	return NULL;
}

/*
 * When nothing else is left, a block of a larger class: so no request fails
 * while a larger one would not. What is over the class's size is zero.
 */
static struct block *heap_larger(struct heap *heap, unsigned int class)
{
	size_t bytes = size_class_bytes(class);
	struct page *page = NULL;
	struct block *block;

	while (!page && ++class < CLASS_COUNT)
		page = queue_find(heap, class);
	if (!page)
		return NULL;
	block = page_pop(page);
	if (unlikely(!block))
		return NULL;
	track_touch(block, page->block_size);
	memory_zero((char *)block + bytes, page->block_size - bytes);
	return block;
}

size_t heap_largest_block(struct heap *heap, size_t least)
{
	unsigned int class = CLASS_COUNT;

	while (class-- > 0 && size_class_bytes(class) > least)
		if (queue_find(heap, class))
			return size_class_bytes(class);
	return least;
}

/* A page with a block to take, first in its queue; NULL: no memory */
static struct page *heap_find(struct heap *heap, unsigned int class)
{
	struct queue *queue = &heap->queues[class];
	unsigned int tries = 0;
	bool collected = false;
	struct page *page;

	for (;;) {	/* each round a page leaves the queue */
		page = queue->first;
		/* a page of which others took all is not to be paid for now */
		if (page == &empty_page || unlikely(tries++ == FULL_TRIES)) {
			page = heap_more(heap, class);
			if (unlikely(!page)) {
				if (collected)
					return NULL;
				heap_collect_all(heap);
				collected = true;
				continue;
			}
		}
		if (!page_list_is_empty(page))
			return page;
		if (page_refill(page) || page_extend(page)) {
			(void)page_stay(heap, page);
			return page;
		}
		(void)page_to_full(heap, page);
	}
}

struct block *heap_alloc(struct heap *heap, unsigned int class)
{
	struct block *block;
	struct page *page;

	heap_call_deferred(heap, false);
#if MI_DEBUG >= 2
	mi_assert(heap->heartbeat % 256 || heap_is_valid(heap));
#endif
	if (unlikely(heap_has_notified(heap)))
		heap_drain(heap);
	if (unlikely(heap->heartbeat % SWEEP_INTERVAL == 0)) {
		heap->sweep_class = (heap->sweep_class + 1) % CLASS_COUNT;
		heap_sweep(heap, heap->sweep_class, 1);
	}
	do {	/* bounded: a list is lost each time */
		page = heap_find(heap, class);
		if (unlikely(!page))
			return heap_larger(heap, class);
		block = page_pop(page);
	} while (unlikely(!block));
	if (page->sum == 0) {	/* exact, and the first to be handed out */
		page->sum = page_amount(page, block);
		page->held -= page->sum;
	}
	return block;
}

bool heap_visit_pages(struct heap *heap, page_visit_fun *visit, void *arg)
{
	struct page *page, *next;
	unsigned int class;

	for (class = 0; class < CLASS_COUNT; class++) {
		page = heap->queues[class].first;
		for (; page && page != &empty_page; page = next) {
			next = page->list.next;
			if (!visit(page, arg))
				return false;
		}
	}
	for (page = heap->full; page; page = next) {
		next = page->list.next;
		if (!visit(page, arg))
			return false;
	}
	return true;
}

static bool page_collect(struct page *page, void *force)
{
	struct heap *heap = page->heap;

	page_collect_remote(page);
	if (page->flags & PAGE_IN_FULL) {
		if (page->local_free == page_empty_list(page) &&
		    page_list_is_empty(page))
			return true;
		heap_page_unfull(page);
	}
	if (page_resum(page) && page_state(page) == PAGE_ACTIVE &&
	    (*(bool *)force || heap->page_count[page->class] > 1)) {
		heap_page_remove(heap, page);
		page_free(page);
	}
	return true;
}

void heap_collect_all(struct heap *heap)
{
	heap_collect(heap, true);
	if (!MI_CONCURRENT)
		heaps_collect(heap->instance);
	/* a page cut from a dirty run asks for frames which the run has then */
	if (PORT_FRAMES_RUN_OUT && heap->instance->purge_enabled)
		purge_all(heap->instance);
}

void heap_collect(struct heap *heap, bool force)
{
	heap_call_deferred(heap, force);
	if (force)
		instance_run_flush(heap->instance);
	heap_drain_all(heap);
	(void)heap_visit_pages(heap, page_collect, &force);
}

static bool page_move(struct page *page, void *arg)
{
	struct heap *to = arg, *from = page->heap;
	bool full = page->flags & PAGE_IN_FULL;

	heap_page_remove(from, page);
	atomic_write(&page->heap, to);
	to->page_count[page->class]++;
	if (full)
		full_insert(to, page);
	else
		queue_append(to, page);
	return true;
}

static bool page_absorb(struct page *page, void *arg)
{
	page_move(page, arg);
	if (!(page->flags & PAGE_IN_FULL)) {
		page->listed = LISTED_UNKNOWN;
		if (page_resum(page))
			heap_page_emptied(page);
	}
	return true;
}

void heap_absorb(struct heap *heap, struct heap *from)
{
	struct page *page;

	heap_drain_all(from);
	(void)heap_visit_pages(from, page_absorb, heap);
	port_lock(&heap->instance->lock);
	while ((page = from->large)) {
		LIST_REMOVE(from->large, page, list);
		atomic_write(&page->heap, heap);
		LIST_PUSH(heap->large, page, list);
	}
	port_unlock(&heap->instance->lock);
}

/*
 * Makes every block free. A page on its way to `notified`, or being purged,
 * goes to the backing heap, empty.
 */
static bool page_drop(struct page *page, void *arg)
{
	struct heap *heap = page->heap, *backing = arg;
	uintptr_t word;

	if (!thread_free_try_drop(page, &word)) {
		/* who purges it still has its memory, and then makes it free */
		page_move(page, backing);
		return true;
	}
	page_end_wait(page, word);
	if (word_state(word) == PAGE_NOTIFIED) {
		/* the holder has its link, so it cannot be given back yet */
		if (page->flags & PAGE_IN_FULL)
			heap_page_unfull(page);
		page_restart(page);
		page_move(page, backing);
		return true;
	}
	heap_page_remove(heap, page);
	page_free(page);
	return true;
}

/*
 * The next live large block of the heap, off its list. Others on the list
 * are free already, but kept, or on their way to instance_run_free().
 */
static struct page *large_take(struct heap *heap)
{
	struct instance *instance = heap->instance;
	struct page *page;

	port_lock(&instance->lock);
	for (;;) {
		page = heap->large;
		if (!page)
			break;
		LIST_REMOVE(heap->large, page, list);
		atomic_write(&page->heap, NULL);
		if (*page->map_entry)
			break;
	}
	port_unlock(&instance->lock);
	return page;
}

void heap_drop_pages(struct heap *heap)
{
	struct page *page;

	heap_drain_all(heap);
	(void)heap_visit_pages(heap, page_drop, heap->backing);
	heap_drain_all(heap);	/* passes late ones on */
	while ((page = large_take(heap))) {
		*page->map_entry = 0;
		instance_run_free(heap->instance, page);
	}
}
