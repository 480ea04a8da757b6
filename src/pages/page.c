/* SPDX-License-Identifier: BSD-3-Clause */
#include "pages/page.h"

/*
 * How many blocks a page of this class shall hold, when the heap has `count`
 * such pages already:
 *
 * - The first page is one unit, so that a class of which a program needs a few
 *   blocks takes no more. It has PAGE_BLOCKS_FIRST blocks at least: otherwise
 *   pages would be made, and given back, for each block or two.
 * - Each further page doubles that, up to the fifth: who needs many blocks
 *   makes few pages.
 * - No page exceeds PAGE_BYTES_MAX, but that PAGE_BLOCKS_MEDIUM blocks always
 *   fit. A larger one would less often become empty as a whole.
 */
static size_t page_blocks(unsigned int class, unsigned int count)
{
	size_t bytes = size_class_bytes(class);
	size_t most = PAGE_BYTES_MAX / bytes, blocks;

	if (most < PAGE_BLOCKS_MEDIUM)
		most = PAGE_BLOCKS_MEDIUM;
	blocks = UNIT_SIZE / bytes;
	if (blocks < PAGE_BLOCKS_FIRST)
		blocks = PAGE_BLOCKS_FIRST;
	blocks <<= count < 4 ? count : 4;
	return blocks < most ? blocks : most;
}

/*
 * A run that holds so many blocks. Where that is not to be had, half as many
 * are tried, down to one: so malloc fails only where there is no room for a
 * single block.
 */
static struct run *page_run(struct heap *heap, unsigned int class,
			    size_t blocks)
{
	size_t bytes = size_class_bytes(class);
	struct run_request request = {
		.align_units = 1, .kind = RUN_PAGE, .class = class,
		.arena = heap->arena,
	};
	struct run *run;

	do {
		request.units = units_of(blocks * bytes);
		run = instance_run_alloc(heap->instance, &request);
		if (likely(run))
			return run;
		blocks /= 2;
	} while (blocks);
	return NULL;
}

struct page *page_alloc_of(struct heap *heap, unsigned int class,
			   size_t blocks)
{
	struct run *run = page_run(heap, class, blocks);
	size_t bytes = size_class_bytes(class);
	struct page *page;

	if (unlikely(!run))
		return NULL;
	page = page_of_run(run);
	page->origin -= bytes;		/* one block before the first */
	page->block_size = (uint16_t)bytes;
	page->flags = 0;
	page->capacity = 0;
	page->reserved = (uint16_t)(run_bytes(&page->run) / bytes);
	page->free = page_empty_list(page);
	page->local_free = page_empty_list(page);
	account_open(page);
	page->heap = heap;
	page->list.next = page->list.prev = NULL;
	page->notified_next = NULL;
	thread_free_init(page);
	/* relaxed: see ground/run.h */
	atomic_write(&page->owner, heap->owner);

	/* not even one block can be backed: nobody could take from it */
	if (unlikely(!page_extend(page))) {
		page_free(page);
		return NULL;
	}
	return page;
}

struct page *page_alloc(struct heap *heap, unsigned int class)
{
	return page_alloc_of(heap, class,
			     page_blocks(class, heap->page_count[class]));
}

/* Its blocks are no more: counted among all that were made. Relaxed: a sum */
static void page_blocks_end(const struct page *page)
{
#if MI_CLASS_STATS
	(void)atomic_add(&page->heap->instance->made_ended[page->class],
			 (size_t)page->capacity);
#else
	(void)page;
#endif
}

void page_free(struct page *page)
{
	struct instance *instance = page->heap->instance;

	mi_assert(page_state(page) == PAGE_ACTIVE);
	page_blocks_end(page);
	if (page->capacity)
		page_map(page, 0, page->capacity - 1u, NULL);
	atomic_write(&page->owner, 0);
	page->origin += page->block_size;
	run_void(&page->run);
#if PORT_CEDES
	if (page_is_husk(page)) {
		instance_descriptor_free(instance, &page->run);
		return;
	}
#endif
	instance_run_free(instance, &page->run);
}

/*
 * The last of the blocks `made`..`last` up to which all can be backed; where
 * frames are short that of the next unit. SIZE_MAX: there is not even one.
 */
static size_t page_last_backed(const struct page *page, size_t made,
			       size_t last)
{
	struct instance *instance = page->heap->instance;
	size_t bytes = page->block_size, covered = units_of(made * bytes);
	uintptr_t start = run_start(&page->run) + (covered << UNIT_SHIFT);

	if (frames_for_blocks(instance, start,
			      units_of((last + 1) * bytes) - covered))
		return last;
	last = ((covered + 1) << UNIT_SHIFT) / bytes;
	last = last > made ? last - 1 : made;
	if (frames_for_blocks(instance, start,
			      units_of((last + 1) * bytes) - covered))
		return last;
	return SIZE_MAX;
}

/*
 *	| made, listed or handed out | new: all that start here | later |
 *	                             |<------ one unit -------->|
 *
 * or, where those are more, PAGE_BLOCKS_FIRST blocks, later about as many as
 * are made, and PAGE_BLOCKS_MEDIUM at most: who has used so many takes more,
 * and this is done less often. So more blocks are made than are asked for, but
 * never more than are in use by about PAGE_BLOCKS_FIRST, nor so many that they
 * begin in more than PAGE_BLOCKS_MEDIUM units. But where a heap has PAGES_MANY
 * pages of the class, these had no block left when one more was made, and hold
 * more than that: so PAGE_BLOCKS_MEDIUM are made at once.
 */
static size_t page_blocks_more(const struct page *page)
{
	size_t made = page->capacity;

	if (made >= PAGE_BLOCKS_MEDIUM ||
	    page->heap->page_count[page->class] >= PAGES_MANY)
		return PAGE_BLOCKS_MEDIUM;
	return made | PAGE_BLOCKS_FIRST;
}

bool page_extend(struct page *page)
{
	size_t bytes = page->block_size, made = page->capacity, last, i;
	uintptr_t start = run_start(&page->run), from;
	struct block *block;

	mi_assert(page_list_is_empty(page));
	if (made == page->reserved)
		return false;
	from = start + made * bytes;
	last = made + page_blocks_more(page) - 1;
	if (bytes < UNIT_SIZE)	/* all that start in a unit that is mapped */
		last = (align_down(start + last * bytes, UNIT_SIZE) +
			UNIT_SIZE - 1 - start) / bytes;
	if (last >= page->reserved)
		last = page->reserved - 1u;
	last = page_last_backed(page, made, last);
	if (last == SIZE_MAX)
		return false;
	page_map(page, made, last, &page->run);
	block = (struct block *)from;
	page->free = block;
	for (i = made; i < last; i++) {
		block->next = (struct block *)((uintptr_t)block + bytes);
		block_mark_free(page, block);
		block = block->next;
	}
	block->next = page_empty_list(page);
	block_mark_free(page, block);
	atomic_write(&page->capacity, (uint16_t)(last + 1));
	if (MI_HARDENING && last + 1u == page->reserved &&
	    page->reserved * bytes < run_bytes(&page->run)) {
		/* so that the rest looks like a free block, not like a block */
		block = (struct block *)(start + page->reserved * bytes);
		block->tag = (uintptr_t)page;
	}
	account_add_blocks(page, made + 1, last + 1);
	return true;
}

void page_restart(struct page *page, uintptr_t word)
{
	page_blocks_end(page);
	if (unlikely(word_is_ceded(word)))
		page->reserved = 0;
	else if (!PORT_CEDES || page->capacity)	/* a husk has none */
		page_map(page, 0, page->capacity - 1u, NULL);
	page->free = page_empty_list(page);
	page->local_free = page_empty_list(page);
	atomic_write(&page->capacity, 0);
	account_clear(page);
	(void)page_extend(page);
}

/*
 * The owner has come for what another thread gave back. Where no more than may
 * be learned was given back at a time, it will come again: so twice as much may
 * wait for owners from now on. Of a deeper breath nothing is learned, until all
 * owners have come.
 */
static void waiting_learn(struct instance *instance, size_t units)
{
	size_t max = waiting_learned_max(instance), learned;
	/* relaxed, as all of these: two who learn at once may learn less */
	bool deep = atomic_read(&instance->waiting_deep);

	if (atomic_add(&instance->remote_purged_units, 0 - units) == units)
		atomic_write(&instance->waiting_deep, false);
	if (deep)
		return;
	learned = atomic_read(&instance->waiting_learned) + 2 * units;
	atomic_write(&instance->waiting_learned, learned < max ? learned : max);
}

void page_end_wait(struct page *page, uintptr_t word)
{
	struct instance *instance = page->heap->instance;

	if (unlikely(word_is_purged(word)))
		waiting_learn(instance, page->units);
	else if (word_back(word) == page->reserved && !page_is_husk(page))
		(void)atomic_add(&instance->waiting_units,
				 0 - (size_t)page->units);
}

bool page_collect_and(struct page *page, bool wakes)
{
	uintptr_t word = thread_free_take(page, wakes);

	if (word_has_come(word)) {
		page_end_wait(page, word);
		if (unlikely(word_is_purged(word)))
			page_restart(page, word);	/* its lists went */
		else
			page_take_list(page, word_list(page, word));
	}
	return word_is_awake(thread_free_read(page));
}

bool page_refill(struct page *page)
{
	bool awake;

	mi_assert(page_list_is_empty(page));
	awake = page_collect_and(page, true);
	if (unlikely(!page_list_is_empty(page)))
		return true;	/* begun anew */
	if (unlikely(!awake))
		return false;	/* another thread is busy with `local_free` */
	if (page->local_free == page_empty_list(page))
		return unlikely(page->holes) && page_fill_hole(page);
	if (page_is_better_anew(page)) {
		page_restart(page, 0);
		return true;
	}
	page->free = page->local_free;
	atomic_write(&page->local_free, page_empty_list(page));
	account_list_filled(page);
	return true;
}

static void bitmap_add(const struct page *page, const struct block *list,
		       const struct block *end, uint64_t *bits)
{
	size_t i, limit = page->capacity;

	for (; list != end && list && limit; list = list->next, limit--) {
		i = ((uintptr_t)list - run_start(&page->run)) /
		    page->block_size;
		if (i >= page->capacity)
			return;
		bits[i / 64] |= UINT64_C(1) << (i % 64);
	}
}

void page_free_bitmap(struct page *page, uint64_t bits[PAGE_BITMAP_WORDS])
{
	const struct block *end = page_empty_list(page);
	uintptr_t word = thread_free_read_list(page);

	memory_zero(bits, PAGE_BITMAP_WORDS * sizeof(*bits));
	bitmap_add(page, page->free, end, bits);
	bitmap_add(page, page->local_free, end, bits);
	bitmap_add(page, word_list(page, word), end, bits);
	bits[0] |= page->holes;
}
