/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Heaps over the lives of threads: made, parked, adopted; pages abandoned,
 * reclaimed, freed from outside. The states are in docs/design.md.
 */
#include "heap.h"

/* The lock is held */
static void heap_link(struct instance *instance, struct heap *heap)
{
	heap->prev = NULL;
	heap->next = instance->heaps;
	if (heap->next)
		heap->next->prev = heap;
	instance->heaps = heap;
	if (++instance->heap_count > instance->heap_count_peak)
		instance->heap_count_peak = instance->heap_count;
}

static void heap_unlink(struct instance *instance, struct heap *heap)
{
	if (heap->prev)
		heap->prev->next = heap->next;
	else
		instance->heaps = heap->next;
	if (heap->next)
		heap->next->prev = heap->prev;
	instance->heap_count--;
}

/* Memory that is a heap for ever: new, or of a thread that ended */
static struct heap *heap_memory(struct instance *instance)
{
	const struct run_request request = {
		.units = 1, .align_units = 1, .kind = RUN_META,
	};
	struct heap *heap;
	struct page *run;

	port_lock(&instance->lock);
	if (instance->main_heap_used) {
		heap = instance->parked;
		if (heap)
			instance->parked = heap->next;
	} else {
		heap = &instance->main_heap;
		instance->main_heap_used = true;
	}
	port_unlock(&instance->lock);
	if (heap)
		return heap;
	run = instance_run_alloc(instance, &request);
	if (!run)
		return NULL;
	heap = (struct heap *)run_start(run);
	heap->returned = 0;
	heap->run = run;
	return heap;
}

struct heap *heap_create(struct instance *instance, struct heap *backing)
{
	struct heap *heap = heap_memory(instance);

	if (!heap)
		return NULL;
	heap_init(heap, instance);
	heap->backing = backing ? backing : heap;
	port_lock(&instance->lock);
	heap_link(instance, heap);
	port_unlock(&instance->lock);
	return heap;
}

struct heap *heap_of_owner(struct instance *instance, uintptr_t owner)
{
	struct heap *heap;

	port_lock(&instance->lock);
	heap = instance->heaps;
	while (heap && (heap->owner != owner || heap->backing != heap))
		heap = heap->next;
	port_unlock(&instance->lock);
	return heap;
}

COLD struct heap *heap_current_or_new(void)
{
	struct heap *heap = heap_current();

	if (likely(heap != &empty_heap))
		return heap;
	port_init();
	/*
	 * A thread whose last destructors allocated once more left a heap
	 * behind. Ids are unique among live threads, so who has that id now
	 * may have it.
	 */
	heap = heap_of_owner(&default_instance, port_thread_id());
	if (!heap)
		heap = heap_create(&default_instance, NULL);
	if (!heap)
		return NULL;
	heap_word = heap_to_word(heap);
	port_thread_started();
	return heap;
}

struct heap *heap_new(struct heap *backing)
{
	struct heap *heap = heap_create(backing->instance, backing);

	if (!heap)
		return NULL;
	heap->thread_next = backing->thread_next;
	backing->thread_next = heap;
	return heap;
}

static void heap_park(struct heap *heap)
{
	struct instance *instance = heap->instance;
	struct page *page;

	port_lock(&instance->lock);
	heap_unlink(instance, heap);
	while (heap->large) {	/* they belong to no heap from now on */
		page = heap->large;
		heap->large = page->next;
		page->heap = NULL;
	}
	if (MI_CONCURRENT || !heap->run) {
		heap->next = instance->parked;
		instance->parked = heap;
		heap = NULL;
	}
	port_unlock(&instance->lock);
	if (heap)	/* nobody can be on the way to it */
		instance_run_free(instance, heap->run);
}

/* Where threads take turns, all heaps may be looked at by each of them */
void heaps_collect(struct instance *instance)
{
	struct heap *heap = instance->heaps;

	for (; heap; heap = heap->next)
		if (!MI_CONCURRENT || heap->owner == port_thread_id())
			heap_collect(heap, true);
	instance_settle(instance);
}

void heap_end(struct heap *heap)
{
	struct heap **link = &heap->backing->thread_next;

	while (*link && *link != heap)
		link = &(*link)->thread_next;
	if (*link)
		*link = heap->thread_next;
	heap_park(heap);
}

#if MI_THREADS

static void abandoned_insert(struct instance *instance, struct page *page)
{
	page->flags |= PAGE_IN_ABANDONED;
	page->prev = NULL;
	page->next = instance->abandoned[page->class];
	if (page->next)
		page->next->prev = page;
	instance->abandoned[page->class] = page;
	atomic_write(&instance->abandoned_count, instance->abandoned_count + 1);
}

static void abandoned_remove(struct instance *instance, struct page *page)
{
	if (!(page->flags & PAGE_IN_ABANDONED))
		return;
	page->flags &= (uint8_t)~PAGE_IN_ABANDONED;
	if (page->prev)
		page->prev->next = page->next;
	else
		instance->abandoned[page->class] = page->next;
	if (page->next)
		page->next->prev = page->prev;
	atomic_write(&instance->abandoned_count, instance->abandoned_count - 1);
}

/*
 * The page stands in no list; its state is not NOTIFIED. False: blocks came
 * back meanwhile, perhaps the last of them, and it stays the caller's.
 */
static bool page_abandon(struct instance *instance, struct page *page)
{
	uintptr_t word = atomic_read(&page->thread_free);
	bool nothing_came;

	if (!MI_CONCURRENT)	/* a heap that stays: leads to the instance */
		page->heap = &instance->main_heap;
	port_lock(&instance->lock);
	if (!arena_by_number(instance, page->arena_number)->exclusive)
		abandoned_insert(instance, page);
	atomic_write(&page->owner, 0);
	/* from here on others may claim it */
	do {
		nothing_came = !(word & (PAGE_LIST_MASK | PAGE_EMPTIED));
	} while (nothing_came &&
		 !atomic_compare_swap(&page->thread_free, &word,
				      (word & ~PAGE_STATE_MASK) |
				      PAGE_ABANDONED));
	if (!nothing_came)
		abandoned_remove(instance, page);
	port_unlock(&instance->lock);
	return nothing_came;
}

/* What is empty goes, and the rest waits for another owner */
static void page_give_up(struct instance *instance, struct page *page)
{
	do {	/* bounded: each round another thread has freed */
		page_collect_remote(page);
		page->listed = LISTED_UNKNOWN;
		if (page_resum(page)) {
			page_free(page);
			return;
		}
	} while (!page_abandon(instance, page));
}

static bool page_leave(struct page *page, void *arg)
{
	struct heap *heap = page->heap;
	uintptr_t word = atomic_read(&page->thread_free);

	(void)arg;
	/* FULL becomes ACTIVE, so that nobody sends a notification any more */
	while ((word & PAGE_STATE_MASK) == PAGE_FULL &&
	       !atomic_compare_swap(&page->thread_free, &word,
				    word & ~PAGE_STATE_MASK))
		;	/* bounded: each failure is another thread's free */
	heap_page_remove(heap, page);
	if (page_state(page) == PAGE_NOTIFIED)
		/* who finds it on heap->returned decides */
		atomic_write(&page->owner, 0);
	else
		page_give_up(heap->instance, page);
	return true;
}

/* Pages taken off `returned` of a heap that no thread has */
static void pages_abandon_late(struct instance *instance, struct heap *heap,
			       struct page *page)
{
	struct page *next;
	struct heap *now;
	uintptr_t word;

	for (; page; page = next) {
		next = page->returned_next;
		now = atomic_read(&page->heap);
		if (now != heap) {	/* it has moved meanwhile */
			heap_return_page(now, page);
			continue;
		}
		word = atomic_read(&page->thread_free);
		while (!atomic_compare_swap(&page->thread_free, &word,
					    word & ~PAGE_STATE_MASK))
			;	/* bounded: as above */
		page_give_up(instance, page);
	}
}

static void heap_abandon(struct heap *heap)
{
	heap_drain(heap);
	(void)heap_visit_pages(heap, page_leave, NULL);
	pages_abandon_late(heap->instance, heap, (struct page *)
			   atomic_swap(&heap->returned, 0));
	heap_park(heap);
}

void heaps_thread_done(void)
{
	struct heap *heap = heap_current();

	if (heap == &empty_heap)
		return;
	heap_word = heap_to_word(&empty_heap);
	heaps_abandon(heap->backing);
}

void heaps_abandon(struct heap *heap)
{
	struct instance *instance = heap->instance;
	struct heap *next;

	for (; heap; heap = next) {
		next = heap->thread_next;
		heap_abandon(heap);
	}
	/* others would have to free for it to be given back otherwise */
	heaps_drain_parked(instance);
}

void heaps_drain_parked(struct instance *instance)
{
	struct page *pages;
	struct heap *heap;

	for (;;) {	/* bounded: no new pages come to a parked heap */
		pages = NULL;
		port_lock(&instance->lock);
		for (heap = instance->parked; heap && !pages; ) {
			if (atomic_read(&heap->returned))
				pages = (struct page *)
					atomic_swap(&heap->returned, 0);
			else
				heap = heap->next;
		}
		port_unlock(&instance->lock);
		if (!pages)
			return;
		pages_abandon_late(instance, heap, pages);
	}
}

/* The caller has changed ABANDONED to ACTIVE and so become the owner */
static void page_claimed(struct heap *heap, struct page *page)
{
	struct instance *instance = heap->instance;

	port_lock(&instance->lock);
	abandoned_remove(instance, page);
	port_unlock(&instance->lock);
	atomic_write(&page->heap, heap);
	atomic_write(&page->owner, heap->owner);
	page->listed = LISTED_UNKNOWN;
	page_collect_remote(page);
}

static bool page_try_claim(struct page *page)
{
	uintptr_t word = atomic_read(&page->thread_free);

	do {
		if ((word & PAGE_STATE_MASK) != PAGE_ABANDONED)
			return false;
	} while (!atomic_compare_swap(&page->thread_free, &word,
				      word & ~PAGE_STATE_MASK));
	return true;
}

struct page *page_reclaim(struct heap *heap, unsigned int class)
{
	struct instance *instance = heap->instance;
	unsigned int tries;
	struct page *page;
	bool claimed;

	if (likely(!atomic_read(&instance->abandoned_count)) ||
	    heap != heap->backing)	/* others may be destroyed */
		return NULL;
	for (tries = 0; tries < RECLAIM_TRIES; tries++) {
		port_lock(&instance->lock);
		page = instance->abandoned[class];
		claimed = false;
		if (page) {
			abandoned_remove(instance, page);
			claimed = page_try_claim(page);
		}
		port_unlock(&instance->lock);
		if (!page)
			return NULL;
		if (!claimed)
			continue;	/* a free was faster */
		page_claimed(heap, page);
		heap->page_count[class]++;
		if (!page_list_is_empty(page) || page_refill(page) ||
		    page_extend(page))
			return page;
		/* nothing free: it becomes full, and we look on */
		heap->page_count[class]--;
		heap_page_adopt(heap, page);
	}
	return NULL;
}

#if MI_CONCURRENT

/*
 * The last block of a page comes back, but not by its owner, who may sleep
 * for ever: true when so much waits for owners that the page is to be purged.
 */
static bool page_shall_go(struct instance *instance, struct page *page)
{
	size_t waiting = atomic_read(&instance->waiting_units);

	/* half the budget, and no share: this is not looked at again */
	return instance->purge_enabled && (ptrdiff_t)waiting >= 0 &&
	       waiting + page->units > instance->budget_bytes >> 1 >>
	       UNIT_SHIFT &&
	       !arena_by_number(instance, page->arena_number)->fixed;
}

/* A free has made the page ours; the block lies on its list */
static void page_gained(struct heap *heap, struct page *page)
{
	unsigned int class = page->class;

	page_claimed(heap, page);
	if (arena_by_number(heap->instance, page->arena_number)->exclusive) {
		page_give_up(heap->instance, page);	/* for no such heap */
		return;
	}
	heap_page_adopt(heap, page);
	if (page_resum(page))
		heap_page_emptied(page);
	/* what a thread gains by frees must not pile up */
	heap_drain(heap);
	heap_look(heap, class, 2);
}

/* Of the thread that frees into a page without an owner; NULL: it has none */
static COLD struct heap *heap_that_gains(struct instance *instance)
{
	struct heap *heap;

	if (!instance->reclaim_on_free)
		return NULL;
	heap = heap_current_or_new();
	return heap && heap->instance == instance ? heap->backing : NULL;
}

/*
 * Who has set PURGING has taken the list away: to the owner all is handed
 * out, so nobody touches the memory until EMPTIED is set.
 */
static void page_purge_remote(struct instance *instance, struct page *page,
			      bool notify)
{
	struct heap *gains = NULL;
	uintptr_t word, to;

	(void)port_purge((void *)run_start(page), run_bytes(page));
	word = atomic_read(&page->thread_free);
	do {
		to = (word & ~PAGE_PURGING) | PAGE_EMPTIED;
		if ((word & PAGE_STATE_MASK) == PAGE_FULL)
			to = PAGE_NOTIFIED | PAGE_EMPTIED;
		/* its owner has ended meanwhile */
		if ((word & PAGE_STATE_MASK) == PAGE_ABANDONED && !gains)
			gains = heap_that_gains(instance);
		if ((word & PAGE_STATE_MASK) == PAGE_ABANDONED && gains)
			to = PAGE_ACTIVE | PAGE_EMPTIED;
	} while (!atomic_compare_swap(&page->thread_free, &word, to));
	if (notify || (word & PAGE_STATE_MASK) == PAGE_FULL)
		heap_return_page(atomic_read(&page->heap), page);
	else if ((word & PAGE_STATE_MASK) == PAGE_ABANDONED && gains)
		page_gained(gains, page);
}

void page_free_remote(struct instance *instance, struct page *page,
		      struct block *block)
{
	uintptr_t word = atomic_read_acquire(&page->thread_free), to;
	size_t units = page->units, reserved = page->reserved, count;
	struct heap *gains = NULL;
	enum page_state state;
	bool purge;

	block_mark_free(page, block);
	do {
		state = (enum page_state)(word & PAGE_STATE_MASK);
		if (unlikely(state == PAGE_ABANDONED) && !gains)
			gains = heap_that_gains(instance);
		count = (word >> PAGE_COUNT_SHIFT) + 1;
		block->next = word_list(word) ? word_list(word) :
			      page_empty_list(page);
		purge = count == reserved && state != PAGE_ABANDONED &&
			page_shall_go(instance, page);
		to = purge ? PAGE_PURGING :
		     (uintptr_t)block | count << PAGE_COUNT_SHIFT;
		if (state == PAGE_FULL)
			to |= PAGE_NOTIFIED;
		else if (state != PAGE_ABANDONED || !gains)
			to |= state;
	} while (!atomic_compare_swap(&page->thread_free, &word, to));

	/* without a list or a state that keeps it, the page may be gone now */
	if (count == reserved && !purge)
		(void)atomic_add(&instance->waiting_units, units);
	if (purge) {
		(void)atomic_add(&instance->emptied_units, units);
		page_purge_remote(instance, page, state == PAGE_FULL);
	} else if (state == PAGE_FULL) {
		heap_return_page(atomic_read(&page->heap), page);
	} else if (state == PAGE_ABANDONED && gains) {
		page_gained(gains, page);
	}
}

#else

void page_abandoned_emptied(struct page *page)
{
	struct instance *instance = page->heap->instance;

	abandoned_remove(instance, page);
	page->thread_free = PAGE_ACTIVE;
	page_free(page);
}

#endif /* MI_CONCURRENT */

void heaps_fork_child(struct instance *instance)
{
	struct arena *arena;
	struct heap *heap;
	struct page *run;
	uintptr_t self = port_thread_id(), word;

	/* what another thread was giving back may be as it was */
	for (arena = instance->arenas; arena; arena = arena->next) {
		for (run = arena->phys_first; run; run = run->phys_next) {
			if (run->kind == RUN_PURGING && run->owner != self) {
				run_put(arena, run, true);
				run = arena->phys_first; /* the neighbours join */
			}
		}
	}
	if (instance->heap_count <= (heap_current() != &empty_heap))
		return;
	/* what others kept, and what waited for them, counts no more */
	instance->kept_units = 0;
	instance->waiting_units = 0;
	instance->emptied_units = 0;
	for (heap = instance->heaps; heap; heap = heap->next)
		if (heap->owner != self)
			heap->owner = 0;	/* nobody will ever adopt it */
	for (arena = instance->arenas; arena; arena = arena->next) {
		for (run = arena->phys_first; run; run = run->phys_next) {
			if (run->kind != RUN_SMALL)
				continue;
			if (run->owner != self) {
				run->owner = 0;
				continue;
			}
			word = run->thread_free;
			if (run->flags & PAGE_KEPT)
				instance->kept_units += run->units;
			if (word & PAGE_EMPTIED)
				instance->emptied_units += run->units;
			else if (word >> PAGE_COUNT_SHIFT == run->reserved)
				instance->waiting_units += run->units;
		}
	}
}

#else /* !MI_THREADS */

void heaps_thread_done(void)
{
}

void heaps_drain_parked(struct instance *instance)
{
	(void)instance;
}

struct page *page_reclaim(struct heap *heap, unsigned int class)
{
	(void)heap;
	(void)class;
	return NULL;
}

void heaps_fork_child(struct instance *instance)
{
	(void)instance;
}

#endif /* MI_THREADS */
