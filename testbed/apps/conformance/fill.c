/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fill until NULL, with every byte written, and drain in another order: the
 * figures come back to the byte, and service is full again.
 */
#include <testbed/testbed.h>
#include <stdio.h>
#include <string.h>
#include <uk/sched.h>

#include "check.h"

struct node {
	struct node *next;
	size_t bytes;
};

static struct node *list;
static unsigned long count;

/* Linked in a random order: at the front, or behind the front. */
static bool take_one(struct uk_alloc *a, size_t bytes)
{
	struct node *node = uk_malloc(a, bytes);

	if (!node)
		return false;
	count++;
	if (bytes > sizeof(*node))
		pattern_write(node + 1, bytes - sizeof(*node), bytes);
	node->bytes = bytes;
	if (list && random_next() & 1) {
		node->next = list->next;
		list->next = node;
	} else {
		node->next = list;
		list = node;
	}
	return true;
}

static void drain(struct uk_alloc *a)
{
	while (list) {
		struct node *node = list;

		list = node->next;
		CHECK(pattern_holds(node + 1, node->bytes - sizeof(*node),
				    node->bytes));
		uk_free(a, node);
	}
}

static void fill_and_drain(struct uk_alloc *a, size_t bytes)
{
	__ssz before = uk_alloc_availmem(a);
	__ssz max_before = uk_alloc_maxalloc(a);

	count = 0;
	while (take_one(a, bytes))
		;
	CHECK(count > 0);
	CHECK(!uk_malloc(a, bytes));
	CHECK(uk_alloc_maxalloc(a) < (__ssz)bytes);
	drain(a);
	printf("  %lu blocks of %lu bytes\n", count, (unsigned long)bytes);
	CHECK(suite_is_back(a, before));
	CHECK(uk_alloc_maxalloc(a) >= max_before / 100 * 99);
}

static void fill_with_all_sizes(struct uk_alloc *a)
{
	__ssz before = uk_alloc_availmem(a);
	int refused = 0;

	count = 0;
	while (refused < 40) {
		size_t bytes = sizeof(struct node)
			+ (random_next() % 100000 >> random_next() % 14);

		if (!take_one(a, bytes))
			refused++;
	}
	drain(a);
	printf("  %lu blocks of mixed sizes\n", count);
	CHECK(suite_is_back(a, before));
}

static volatile bool thread_ran;

static void __noreturn touch_stack(void *argument __unused)
{
	volatile char deep[40000];

	memset((char *)deep, 1, sizeof(deep));
	thread_ran = deep[123] == 1;
	uk_sched_thread_exit();
}

/* Full, but for what one thread asks of the heap. */
static void full_heap_leaves_room_for_stacks(struct uk_alloc *a)
{
	__ssz before = uk_alloc_availmem(a);

	while (take_one(a, 64 * KIB))
		;
	for (int i = 0; i < 4 && list; i++) {
		struct node *node = list;

		list = node->next;
		uk_free(a, node);
	}
	thread_ran = false;
	CHECK(uk_sched_thread_create(uk_sched_current(), touch_stack, NULL,
				     "stack"));
	uk_sched_thread_sleep(1000000);
	CHECK(thread_ran);
	drain(a);
	CHECK(suite_is_back(a, before));
}

void suite_fill(struct uk_alloc *a)
{
	static const size_t sizes[] = {
		24, 32, 48, 100, 256, 1000, 1024, 3000, 4096, 5000, 16384,
		70000, 300000, 2000000
	};

	if (suite_lacks(LACKS_FREE, "fill and drain"))
		return;
	if (!strcmp(testbed_mode_name(), "vmem")
	    && suite_lacks(LACKS_REFUSAL, "with demand paging, full is NULL"))
		return;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		fill_and_drain(a, sizes[i]);
	fill_with_all_sizes(a);
	full_heap_leaves_room_for_stacks(a);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i += 3)
		fill_and_drain(a, sizes[i]);
}
