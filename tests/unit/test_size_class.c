/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Size classes, and the product that tells a block's start from every other
 * address: docs/design.md, "The account of a page".
 */
#include "unit.h"

static struct instance instance;
static struct heap heap;

static void every_size_has_a_class(void **state)
{
	unsigned int class, before = 0;
	size_t size;

	(void)state;
	for (size = 0; size <= CLASSED_SIZE_MAX; size++) {
		class = size_class_of(size);
		assert_true(class < CLASS_COUNT);
		assert_true(class == before || class == before + 1);
		assert_true(size_class_bytes(class) >= size);
		/* no smaller class would do */
		if (class > 1)
			assert_true(size_class_bytes(class - 1) < size);
		before = class;
	}
	assert_int_equal(before, CLASS_COUNT - 1);
}

static void class_zero_is_for_nothing(void **state)
{
	(void)state;
	assert_int_equal(size_class_of(0), 0);
	assert_int_equal(size_class_of(1), 1);
	assert_int_equal(size_class_bytes(0), BLOCK_ALIGN);
}

static void classes_are_close(void **state)
{
	unsigned int class;
	size_t bytes, next;

	(void)state;
	for (class = 1; class + 1 < CLASS_COUNT; class++) {
		bytes = size_class_bytes(class);
		next = size_class_bytes(class + 1);
		assert_true(next > bytes);
		if (bytes < DIRECT_SIZE_MAX)
			assert_int_equal(next - bytes, BLOCK_ALIGN);
		else
			assert_true((next - bytes) * 8 <= bytes);
	}
	assert_int_equal(size_class_bytes(CLASS_COUNT - 1), CLASSED_SIZE_MAX);
}

static void classes_are_their_own(void **state)
{
	unsigned int class;

	(void)state;
	for (class = 0; class < CLASS_COUNT; class++) {
		size_t bytes = size_class_bytes(class);

		assert_int_equal(bytes % BLOCK_ALIGN, 0);
		assert_int_equal(size_class_of(bytes), class ? class : 1);
	}
}

static void powers_of_two_are_classes(void **state)
{
	size_t size;

	(void)state;
	for (size = BLOCK_ALIGN; size <= CLASSED_SIZE_MAX; size *= 2)
		assert_int_equal(size_class_bytes(size_class_of(size)), size);
}

/* aligned.c relies on it: such a size needs no search for a class that fits */
static void multiples_have_aligned_classes(void **state)
{
	size_t alignment, size, bytes;

	(void)state;
	for (alignment = 1; alignment <= UNIT_SIZE; alignment *= 2)
		for (size = alignment; size <= CLASSED_SIZE_MAX;
		     size += alignment) {
			bytes = size_class_bytes(size_class_of(size));
			assert_int_equal(bytes % alignment, 0);
		}
}

/* -------- the product -------- */

static int begin(void **state)
{
	(void)state;
	instance_renew(&instance);
	(void)arena_begin(&instance, &heap, 16 * MIB);
	return 0;
}

/* A page of the class at its largest */
static struct page *largest_page(unsigned int class)
{
	struct page *page;

	heap.page_count[class] = UINT16_MAX / 2;
	page = page_alloc(&heap, class);
	assert_non_null(page);
	heap.page_count[class] = 0;
	assert_true(run_bytes(&page->run) > PAGE_BYTES_MAX / 2);
	return page;
}

/* What all blocks of the page weigh */
static uint64_t largest_total(const struct page *page)
{
	uint64_t e = page->block_size * page->reciprocal;
	uint64_t blocks = page->reserved;

	return e * (blocks * (blocks + 1) / 2);
}

static void product_tells_starts_apart(void **state)
{
	unsigned int class;

	(void)state;
	for (class = 0; class < CLASS_COUNT; class++) {
		struct page *page = largest_page(class);
		uint64_t m = page->reciprocal, d = page->block_size;
		uint64_t e = d * m, total = largest_total(page), x, amount;

		assert_true(e >= d && e <= 2 * d);
		assert_true(m > (uint64_t)1 << 48);
		/* nothing that passes for a block is in the way of it */
		assert_true(total < m);
		for (x = 0; x <= run_bytes(&page->run) + d; x++) {
			const char *p = (char *)page->origin + x;

			amount = block_weight(&page->run, p);
			if (x % d == 0)
				check(amount == x / d * e, "class %u offset %"
				      PRIu64, class, x);
			else
				check(amount >= m, "class %u offset %" PRIu64,
				      class, x);
		}
		page_free(page);
	}
}

/*
 * A map without range check leads addresses that lie whole windows away to a
 * page: each must weigh more than all blocks of the page together.
 */
static void product_refuses_other_windows(void **state)
{
	struct check_random random = { check_seed("other windows") };
	uint64_t reach = ((uint64_t)1 << 47) / MAP_WINDOW_BYTES_MIN;
	unsigned int class;
	size_t i, tries = check_rounds(20000);

	(void)state;
	for (class = 0; class < CLASS_COUNT; class++) {
		struct page *page = largest_page(class);
		const struct run *run = &page->run;
		uint64_t total = largest_total(page), away, inside;

		for (i = 0; i < tries; i++) {
			/* near ones always, far ones by chance */
			away = i < 64 ? i + 1 :
			       1 + check_below(&random, reach - 1);
			away *= MAP_WINDOW_BYTES_MIN;
			inside = i % 2 ? check_below(&random, run_bytes(run)) :
				 check_below(&random, page->reserved) *
				 page->block_size;
			inside += run_start(run);
			check(block_weight(run, (void *)(inside + away)) >
			      total, "class %u above", class);
			check(block_weight(run, (void *)(inside - away)) >
			      total, "class %u below", class);
			/* and where it happens to be a multiple */
			away -= away % page->block_size;
			check(block_weight(run, (void *)(inside + away)) >
			      total, "class %u multiple above", class);
			check(block_weight(run, (void *)(inside - away)) >
			      total, "class %u multiple below", class);
		}
		page_free(page);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_has_a_class),
		cmocka_unit_test(class_zero_is_for_nothing),
		cmocka_unit_test(classes_are_close),
		cmocka_unit_test(classes_are_their_own),
		cmocka_unit_test(powers_of_two_are_classes),
		cmocka_unit_test(multiples_have_aligned_classes),
		cmocka_unit_test(product_tells_starts_apart),
		cmocka_unit_test(product_refuses_other_windows),
	};

	return cmocka_run_group_tests(tests, begin, NULL);
}
