/* SPDX-License-Identifier: BSD-3-Clause */
/* Pages of every class, filled and emptied; the last free is noticed. */
#include "unit.h"

#define ARENA_BYTES	(256 * MIB)

static struct instance instance;
static struct heap heap;
static char *memory;

static int begin(void **state)
{
	(void)state;
	instance_renew(&instance);
	memory = arena_begin(&instance, &heap, ARENA_BYTES);
	return 0;
}

static int end(void **state)
{
	(void)state;
	assert_true(heap_is_valid(&heap));
	assert_true(all_is_valid(&instance));
	heap_collect(&heap, true);
	assert_int_equal(instance.units_used, 0);
	assert_true(arena_is_as_new(instance.arenas));
	heap_finish();
	munmap(memory, ARENA_BYTES);
	return 0;
}

static size_t list_length(struct page *page, const struct block *list)
{
	size_t n = 0;

	for (; list != page_empty_list(page); list = list->next)
		n++;
	return n;
}

static void shuffle(struct check_random *random, void **blocks, size_t count)
{
	size_t i, k;

	for (i = count; i > 1; i--) {
		void *p = blocks[i - 1];

		k = check_below(random, i);
		blocks[i - 1] = blocks[k];
		blocks[k] = p;
	}
}

static void *blocks[3 * PAGE_BYTES_MAX / BLOCK_ALIGN];

/* -------- a page by itself -------- */

/* All blocks that there are, each of which is where it should be */
static size_t page_use_up(struct page *page)
{
	size_t count = 0, made = 0, most;
	uintptr_t p;

	do {
		assert_true(page_is_valid(page));
		assert_true(page->capacity > made);
		/* as many as there were, or so, and what the last begins */
		most = made < PAGE_BLOCKS_MEDIUM ? made + PAGE_BLOCKS_FIRST :
		       PAGE_BLOCKS_MEDIUM;
		/* or all at once, in a heap that has several such pages */
		if (heap.page_count[page->class] >= PAGES_MANY) {
			most = PAGE_BLOCKS_MEDIUM;
			assert_true(page->capacity == page->reserved ||
				    page->capacity - made >= most);
		}
		assert_true(page->capacity - made <= most +
			    UNIT_SIZE / page->block_size);
		made = page->capacity;
		while (!page_list_is_empty(page)) {
			p = (uintptr_t)page_pop(page);
			assert_int_equal((p - run_start(&page->run)) %
					 page->block_size, 0);
			assert_true(p + page->block_size <=
				    run_end(&page->run));
			blocks[count] = (void *)p;
			memset((void *)p, (int)(count & 0xff),
			       page->block_size);
			count++;
		}
		assert_true(page_is_valid(page));
		assert_false(page_refill(page));
	} while (page_extend(page));
	assert_int_equal(count, page->reserved);
	assert_int_equal(page->capacity, page->reserved);
	return count;
}

static bool own_byte(const void *p, size_t bytes, size_t number)
{
	const unsigned char *byte = p;

	return byte[0] == (number & 0xff) &&
	       memcmp(byte, byte + 1, bytes - 1) == 0;
}

static void pages_hand_out_every_block(void **state)
{
	unsigned int class, pages;
	size_t count, i;

	(void)state;
	for (class = 0; class < CLASS_COUNT; class++) {
		for (pages = 0; pages < 6; pages++) {
			struct page *page;

			heap.page_count[class] = (uint16_t)pages;
			page = page_alloc(&heap, class);
			assert_non_null(page);
			assert_int_equal(page->block_size,
					 size_class_bytes(class));
			assert_int_equal(page_state(page), PAGE_ACTIVE);
			count = page_use_up(page);
			assert_true(count >= PAGE_BLOCKS_FIRST);
			/* they do not overlap: each still has its own byte */
			for (i = 0; i < count; i++)
				assert_true(own_byte(blocks[i],
						     page->block_size, i));
			page_free(page);
			assert_null(block_run_quiet(&instance, blocks[0]));
		}
		heap.page_count[class] = 0;
	}
}

/* What others free is collected, and the last of it is noticed */
static void remote_frees_are_collected(void **state)
{
	struct check_random random = { check_seed("remote frees") };
	unsigned int class;

	(void)state;
	for (class = 0; class < CLASS_COUNT; class++) {
		struct page *page = page_alloc(&heap, class);
		size_t count = page_use_up(page), done, i;

		heap.page_count[class]++;
		shuffle(&random, blocks, count);
		/* page_free_remote() on an active page only pushes */
		for (i = 0; i < count; i = done) {
			done = i + 1 + check_below(&random, count - i);
			for (; i < done; i++) {
				page_free_remote(&instance, page, blocks[i]);
				assert_true(page_is_free_block(page,
							       blocks[i]));
			}
			assert_int_equal(page_state(page), PAGE_ACTIVE);
			page_collect_remote(page);
			assert_int_equal(thread_free_read(page), PAGE_ACTIVE);
			assert_true(page_is_valid(page));
			assert_int_equal(list_length(page, page->local_free),
					 done);
			assert_int_equal(account_settle(page), done == count);
			assert_true(page_is_valid(page));
		}
		assert_true(page_refill(page));
		assert_int_equal(list_length(page, page->free), count);
		assert_true(account_settle(page));
		heap.page_count[class]--;
		page_free(page);
	}
}

static void bitmap_shows_what_is_free(void **state)
{
	struct check_random random = { check_seed("bitmap") };
	static uint64_t bits[PAGE_BITMAP_WORDS];
	unsigned int class;
	size_t i, n, set;

	(void)state;
	for (class = 0; class < CLASS_COUNT; class++) {
		struct page *page = page_alloc(&heap, class);
		size_t count = page_use_up(page), half = count / 2;

		heap_page_adopt(&heap, page);
		shuffle(&random, blocks, count);
		for (i = 0; i < half; i++) {
			if (i % 2)
				instance_free(&instance, blocks[i]);
			else
				page_free_remote(&instance, page, blocks[i]);
		}
		page_free_bitmap(page, bits);
		for (i = set = 0; i < PAGE_BITMAP_WORDS; i++)
			set += (size_t)__builtin_popcountll(bits[i]);
		assert_int_equal(set, half);
		for (i = 0; i < count; i++) {
			n = ((uintptr_t)blocks[i] - run_start(&page->run)) /
			    page->block_size;
			assert_int_equal(bits[n / 64] >> n % 64 & 1, i < half);
		}
		for (; i > half; i--)
			instance_free(&instance, blocks[i - 1]);
		page_collect_remote(page);
	}
}

/* -------- the last free -------- */

/* Of a page without a `free` list, the last free is noticed at once */
static void last_free_of_a_used_up_page(void **state)
{
	struct check_random random = { check_seed("last free") };
	unsigned int class;

	(void)state;
	for (class = 0; class < CLASS_COUNT; class++) {
		struct page *other = page_alloc(&heap, class), *page;
		size_t count, i;

		heap_page_adopt(&heap, other);
		page = page_alloc(&heap, class);
		heap_page_adopt(&heap, page);
		count = page_use_up(page);
		shuffle(&random, blocks, count);
		for (i = 0; i < count; i++) {
			assert_false(was_noticed(&heap, class, 2, page));
			assert_true(page_is_valid(page));
			instance_free(&instance, blocks[i]);
		}
		assert_true(was_noticed(&heap, class, 2, page));
	}
}

/* Malloc takes from the page, and half of its blocks are out: noticed, too */
static void last_free_of_the_page_in_use(void **state)
{
	struct check_random random = { check_seed("page in use") };
	unsigned int class;

	(void)state;
	for (class = 0; class < CLASS_COUNT; class++) {
		struct page *other, *page = page_alloc(&heap, class);
		size_t count = page_use_up(page), i;

		heap_page_adopt(&heap, page);
		other = page_alloc(&heap, class);
		heap_page_adopt(&heap, other);
		shuffle(&random, blocks, count);
		for (i = 0; i < count / 2; i++)
			instance_free(&instance, blocks[i]);
		assert_true(page_refill(page));
		assert_true(page_is_valid(page));
		assert_true(account_withheld(page) > 0);
		for (; i < count; i++) {
			assert_false(was_noticed(&heap, class, 2, page));
			assert_true(page_is_valid(page));
			instance_free(&instance, blocks[i]);
		}
		assert_true(was_noticed(&heap, class, 2, page));
	}
}

#define T(test)	cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(pages_hand_out_every_block),
		T(remote_frees_are_collected),
		T(bitmap_shows_what_is_free),
		T(last_free_of_a_used_up_page),
		T(last_free_of_the_page_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
