/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The account of a page against a plain counter: random operations on one
 * page, whose blocks are each known to be on `free`, away or on `local_free`.
 * See src/pages/account.h.
 */
#include "unit.h"

#define ARENA_BYTES	(4 * MIB)
#define BLOCKS_MAX	(PAGE_BYTES_MAX / BLOCK_ALIGN)

static struct instance instance;
static struct heap heap;
static char *memory;

/* What the account is compared with */
static struct {
	struct page *page;
	bool is_away[BLOCKS_MAX];	/* by number from 0 */
	size_t numbers[BLOCKS_MAX];	/* of blocks that are away */
	size_t away;
	size_t taken;			/* since `free` was counted */
	bool new_list;			/* and it never was */
	bool watched;
	bool suspended;
	uint64_t patience;		/* what a suspended page waits for */
} model;

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
	assert_true(all_is_valid(&instance));
	heap_finish();
	munmap(memory, ARENA_BYTES);
	return 0;
}

static struct block *block_number(size_t number)
{
	return (struct block *)(run_start(&model.page->run) +
				number * model.page->block_size);
}

static size_t number_of(const void *block)
{
	return ((uintptr_t)block - run_start(&model.page->run)) /
	       model.page->block_size;
}

static size_t list_length(const struct block *list)
{
	size_t n = 0;

	for (; list != page_empty_list(model.page); list = list->next)
		n++;
	return n;
}

/* Removes one that is away, any */
static struct block *choose_away(struct check_random *random)
{
	size_t i = check_below(random, model.away);
	size_t number = model.numbers[i];

	model.numbers[i] = model.numbers[--model.away];
	model.is_away[number] = false;
	return block_number(number);
}

/* -------- operations -------- */

static uint64_t credit_of(const struct page *page)
{
	return account_total(page) - account_withheld(page);
}

/* That much has come back to a page that may be suspended */
static void less_patience(uint64_t weight)
{
	model.patience -= weight < model.patience ? weight : model.patience;
}

static void list_is_new(void)
{
	model.suspended = false;
	model.new_list = true;
	model.watched = true;
}

/* Told of it, as malloc's slow path tells, or not, as its fast path */
static void take(struct check_random *random)
{
	struct page *page = model.page;
	struct block *block;

	if (page_list_is_empty(page)) {
		if (page->local_free != page_empty_list(page) &&
		    check_below(random, 2)) {
			page_swap_lists(page);
			list_is_new();
			model.watched = false;
		} else if (page_refill(page) || page_extend(page)) {
			list_is_new();
		} else {
			return;
		}
	}
	block = page_pop(page);
	assert_non_null(block);
	model.numbers[model.away++] = number_of(block);
	assert_false(model.is_away[number_of(block)]);
	model.is_away[number_of(block)] = true;
	model.taken++;
	if (check_below(random, 2))
		account_block_taken(page, block);
}

/* The answer, and whether the page is watched from here on */
static void settle(void)
{
	struct page *page = model.page;
	size_t left = list_length(page->free);
	size_t enough = page->units == 1 ? left : left / 4;

	model.watched = model.new_list || model.taken == 0 ||
			model.taken >= enough;
	assert_int_equal(account_settle(page), model.away == 0);
	assert_int_equal(account_count_away(page), model.away);
	if (left)
		assert_int_equal(account_withheld(page) != 0, model.watched);
	model.taken = 0;
	model.new_list = false;
	model.suspended = false;
}

/* As instance_free() and what follows where that stops: true */
static bool give_back(struct check_random *random)
{
	struct page *page = model.page;
	bool list_is_empty = page_list_is_empty(page);
	struct block *block, *first;
	uint64_t weight;
	bool stops;

	if (!model.away)
		return false;
	block = choose_away(random);
	assert_true(run_starts_block(&page->run, block));
	weight = block_weight(&page->run, block);
	stops = account_block_freed(&page->run, block, &first);
	assert_ptr_equal(first, ARCH_READS_PAIRS ? page->local_free : NULL);
	if (stops && account_is_used_up(page) && list_is_empty)
		check(model.away == 0, "the page looks empty");
	if (stops && model.away == 0 && list_is_empty && !model.watched)
		check(account_is_used_up(page), "a kept page looks in use");
	if (stops) {
		account_undo(&page->run, block);
		(void)account_take_back(page, block_weight(&page->run, block));
	}
	page_push_local(page, block);
	if (model.away == 0 && (model.watched || list_is_empty))
		check(stops, "nobody sees that the page is empty");
	if (model.suspended)
		check(stops == (weight >= model.patience),
		      "the page is full for too long, or not long enough");
	else if (!model.watched && !list_is_empty)
		check(!stops, "a free stops for nothing");
	less_patience(weight);
	if (stops)
		settle();
	return stops;
}

/* What other threads freed, in one list */
static void give_back_list(struct check_random *random)
{
	struct page *page = model.page;
	struct block *first = page_empty_list(page), *block;
	uint64_t weight = 0;
	size_t n = 1 + check_below(random, 16);

	if (!model.away)
		return;
	for (; n && model.away; n--) {
		block = choose_away(random);
		block_mark_free(page, block);
		weight += block_weight(&page->run, block);
		block->next = first;
		first = block;
	}
	page_take_list(page, first);
	less_patience(weight);
	/* as all who collect a list do, but for those that take from it next */
	if (check_below(random, 4) || !model.away)
		settle();
}

static void change_setting(struct check_random *random)
{
	struct page *page = model.page;

	switch (check_below(random, 3)) {
	case 0:
		account_unwatch(page);
		model.watched = credit_of(page) == 0;
		model.suspended = false;
		break;
	case 1:
		account_change_hands(page);
		model.new_list = true;
		settle();
		break;
	default:
		if (!page_list_is_empty(page) ||
		    page->local_free != page_empty_list(page))
			break;
		account_suspend(page);
		assert_true(account_is_suspended(page));
		model.watched = true;
		model.suspended = true;
		model.patience = 0;
		if (page->reserved >= SUSPENDED_BLOCKS_MIN)
			model.patience = account_total(page) / SUSPENDED_PART;
		assert_int_equal(credit_of(page), model.patience);
		break;
	}
}

/* Pointers into the page, and near it, that are no block's start */
static void refuse(struct check_random *random)
{
	struct page *page = model.page;
	size_t made = (size_t)page->capacity * page->block_size;
	size_t offset = check_below(random, run_bytes(&page->run) + UNIT_SIZE);
	const char *p = (char *)run_start(&page->run) + offset;
	bool is_start = offset % page->block_size == 0 && offset < made;
	struct block *first;

	assert_int_equal(run_starts_block(&page->run, p), is_start);
	if (offset % page->block_size == 0)
		return;
	check(account_block_freed(&page->run, p, &first),
	      "%zu of %u was not refused", offset, page->block_size);
	account_undo(&page->run, p);
}

/* -------- tests -------- */

static void page_begin(unsigned int class, unsigned int pages)
{
	memset(&model, 0, sizeof(model));
	heap.page_count[class] = pages;
	model.page = page_alloc(&heap, class);
	assert_non_null(model.page);
	list_is_new();
}

static void page_end(struct check_random *random)
{
	while (model.away)
		(void)give_back(random);
	settle();
	heap.page_count[model.page->class] = 0;
	page_free(model.page);
}

/* In waves, so that the page runs full and empty */
static void operate(struct check_random *random, bool grows)
{
	size_t choice = check_below(random, 100);

	if (choice < (grows ? 60 : 20))
		take(random);
	else if (choice < 80)
		(void)give_back(random);
	else if (choice < 90)
		refuse(random);
	else if (choice < 95)
		give_back_list(random);
	else
		change_setting(random);
}

static void account_agrees_with_a_counter(void **state)
{
	struct check_random random = { check_seed("account") };
	size_t rounds = check_rounds(2000), steps, i;
	bool grows = true;

	(void)state;
	while (rounds--) {
		/* small blocks are many, and walks long: every other round */
		page_begin((unsigned int)check_below(&random, rounds % 2 ? 8 :
						     CLASS_COUNT),
			   (unsigned int)check_below(&random, 3));
		steps = check_log_size(&random, 2048);
		for (i = 0; i < steps; i++) {
			if (check_below(&random, 64) == 0)
				grows = !grows;
			operate(&random, grows);
			check(page_is_valid(model.page), "step %zu", i);
			assert_int_equal(account_is_empty(model.page),
					 model.away == 0);
		}
		page_end(&random);
	}
}

/* One block taken and given back by turns: each pays for a few steps */
static void walks_are_paid_for(void **state)
{
	struct check_random random = { check_seed("walks") };
	size_t steps, turns = 2000, i;
	unsigned int class;

	(void)state;
	for (class = 0; class < CLASS_COUNT; class++) {
		page_begin(class, class % 3);
		for (i = steps = 0; i < turns; i++) {
			take(&random);
			if (give_back(&random))
				steps += list_length(model.page->free);
		}
		/* seven that are left for one taken, and once all of a list */
		check(steps <= 8 * turns + model.page->capacity,
		      "class %u: %zu steps", class, steps);
		page_end(&random);
	}
}

#define T(test)	cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(account_agrees_with_a_counter),
		T(walks_are_paid_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
