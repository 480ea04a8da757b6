/* SPDX-License-Identifier: BSD-3-Clause */
/* The validators of a heap: of its lists, its pages and their accounts. */
#include "valid.h"

#define SIZE	((size_t)1024)

/* With blocks that are away, and others on both of its lists */
static struct page *page;
static struct block *away;
/* All blocks of which are away, and one of them */
static struct page *full;
static struct block *full_block;

static struct page *page_of_block(const void *p)
{
	struct run *run = block_run_quiet(&instance, p);

	assert_non_null(run);
	return page_of_run(run);
}

/* Blocks are taken until a page has none left and is full */
static void full_begin(void)
{
	size_t i;

	full_block = heap_malloc(&heap, 2 * SIZE);
	for (i = 0; i < 1000 && !heap.full; i++)
		assert_non_null(heap_malloc(&heap, 2 * SIZE));
	full = heap.full;
	assert_ptr_equal(full, page_of_block(full_block));
}

static int begin(void **state)
{
	void *block;

	(void)state;
	valid_begin();
	away = heap_malloc(&heap, SIZE);
	block = heap_malloc(&heap, SIZE);
	page = page_of_block(block);
	instance_free(&instance, block);
	assert_ptr_equal(page->local_free, block);
	assert_false(page_list_is_empty(page));
	full_begin();
	assert_true(heap_is_valid(&heap));
	return 0;
}

static void pages(void **state)
{
	(void)state;
	change(page->kind, RUN_LARGE);
	heap_notices("a page that is none");
	change(page->reserved, page->capacity - 1);
	heap_notices("a page with more blocks than fit");
	change(page->reserved, run_bytes(&page->run) / page->block_size + 1);
	heap_notices("a page with room for more blocks than fit");
	change(full->class, full->class + 1);
	heap_notices("a page whose blocks have another size than its class");
}

static void lists_of_blocks(void **state)
{
	struct block *local = page->local_free, *free = page->free;
	struct block *inside = away + 1;

	(void)state;
	/* it has the tag, and the account agrees */
	change(inside->next, page_empty_list(page));
	change(inside->tag, page);
	change(page->local_free, inside);
	change(page->credit, blocks_weight(page, 1, page->capacity) -
	       block_weight(&page->run, inside));
	change(page->withheld, 0);
	heap_notices("a free block where none starts");
	change(page->free, run_end(&page->run));
	heap_notices("a free block behind the page");
	change(local->next, local);
	heap_notices("a list of blocks without an end");
	if (MI_HARDENING > 0) {
		change(local->tag, local->tag + 1);
		heap_notices("a free block that was written to");
	}
	/* the account agrees here, too */
	change(local->next, free);
	change(page->credit, block_weight(&page->run, away));
	change(page->withheld, 0);
	heap_notices("more free blocks than there are");
}

static void accounts(void **state)
{
	uint64_t total = account_total(page);

	(void)state;
	change(page->credit, page->credit + 1);
	heap_notices("a credit that is too large");
	change(page->withheld, 1);
	change(page->credit, total - 1);
	heap_notices("less withheld than is free");
	/* not to be noticed: nothing is withheld at all */
	change(page->withheld, 0);
	change(page->credit, total);
	assert_true(heap_is_valid(&heap));
	undo();
	change(page->reciprocal, 0);
	change(page->credit, 0);
	change(page->withheld, 0);
	heap_notices("blocks that weigh nothing");
	change(page->reciprocal, 3);
	change(page->withheld, 0);
	change(page->credit, blocks_weight(page, 1, page->capacity) -
	       block_weight(&page->run, page->local_free));
	heap_notices("blocks that weigh too much");
}

static void full_pages(void **state)
{
	(void)state;
	change(full->credit, full->withheld);
	change(full->withheld, 0);
	heap_notices("a full page that is not suspended");
	change(full_block->next, page_empty_list(full));
	change(full_block->tag, full);
	change(full->free, full_block);
	heap_notices("a full page with a free block");
	change(full->flags, full->flags & ~PAGE_IN_FULL);
	heap_notices("a page on the full list that is not full");
	change(full->heap, NULL);
	heap_notices("a full page of another heap");
	change(full->list.prev, full);
	heap_notices("a first full page with one before it");
}

static void queues(void **state)
{
	struct queue *queue = &heap.queues[page->class], *other = queue + 1;

	(void)state;
	assert_ptr_equal(queue->first, page);
	assert_ptr_equal(other->first, &empty_page);
	change(other->last, page);
	heap_notices("a queue with a last page and no first");
	change(queue->last, NULL);
	heap_notices("a queue with a first page and no last");
	change(page->list.prev, page);
	heap_notices("a first page with one before it");
	change(page->heap, NULL);
	heap_notices("a page of another heap");
	change(heap.page_count[page->class], 0);
	heap_notices("a page that is not counted");
	change(heap.page_count[page->class + 1], 1);
	change(other->first, page);
	change(other->last, page);
	heap_notices("a page in the queue of another class");
	assert_null(full->list.next);
	change(heap.queues[full->class].first, full);
	change(heap.queues[full->class].last, full);
	heap_notices("a full page in a queue");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(pages),
		T(lists_of_blocks),
		T(accounts),
		T(full_pages),
		T(queues),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
