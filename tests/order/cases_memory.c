/* SPDX-License-Identifier: BSD-3-Clause */
/* Small cases of arenas, large blocks, and of what is called now and then. */
#include "cases.h"

#define LARGE	((size_t)40 << 10)

static uintptr_t mailbox, called;
static void *large[2];

/* ---- a block goes from one thread to the next ---- */

static void begin_two(void)
{
	case_begin();
	case_heap(1, 2);
	mailbox = 0;
	order_name(&mailbox, "mailbox");
}

static void take_and_send(void)
{
	free_block(1);
	take_block(4);
	atomic_write_release(&mailbox, (uintptr_t)blocks[4]);
}

static void receive_and_free(void)
{
	uintptr_t block = atomic_read_acquire(&mailbox);

	if (block)
		free_block(4);
}

/* ---- a further arena ---- */

static void add_arena(void)
{
	check(arena_add(INSTANCE, (void *)SECOND_START, ARENA_BYTES,
			ARENA_ZERO));
}

static void look_for_arena(void)
{
	struct arena *arena = arena_of(INSTANCE, (void *)SECOND_START);

	check(!arena || arena->start == SECOND_START);
}

static void add_first_arena(void)
{
	check(arena_add(INSTANCE, (void *)ARENA_START, ARENA_BYTES,
			ARENA_ZERO));
}

static void look_for_first(void)
{
	struct arena *arena = arena_of(INSTANCE, (void *)ARENA_START);

	check(!arena || arena->start == ARENA_START);
}

static void look_for_meta(void)
{
	struct arena *meta = arena_by_number(INSTANCE, ARENA_NUMBER_META);

	check(!meta || (meta->start && meta->exclusive));
}

static void look_by_number(void)
{
	struct arena *arena = arena_by_number(INSTANCE, 1);

	check(!arena || (arena->start == SECOND_START && !arena->exclusive));
}

static void judge_first(void)
{
	check(instance_is_valid(INSTANCE));
	check(arena_of(INSTANCE, (void *)ARENA_START));
}

static void judge_arena(void)
{
	check(instance_is_valid(INSTANCE));
	check(arena_of(INSTANCE, (void *)SECOND_START));
}

/* ---- large blocks ---- */

static void take_large(void)
{
	large[0] = heap_malloc(heap_current(), LARGE);
	large[1] = heap_malloc(heap_current(), LARGE);
	check(large[0] && large[1]);
	block_use(large[0]);
	block_use(large[1]);
}

static void begin_large(void)
{
	case_begin();
	case_heap(1, 0);
	as_thread(1, take_large);
}

static void free_large(unsigned int number)
{
	void *block = large[number];

	large[number] = NULL;
	block_use(block);
	block_free(INSTANCE, block);
}

static void free_large_0(void)
{
	free_large(0);
}

static void free_large_1(void)
{
	free_large(1);
}

static void take_large_2(void)
{
	blocks[2] = heap_malloc(heap_current_or_new(), LARGE);
	check(blocks[2]);
	block_use(blocks[2]);
}

static void judge_large(void)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		if (large[i])
			free_large(i);
	judge();
}

/* ---- what is called now and then ---- */

static void call(bool force, unsigned long long heartbeat, void *argument)
{
	(void)force;
	(void)heartbeat;
	*(uintptr_t *)argument = 1;
}

static void set_deferred(void)
{
	heap_set_deferred(call, &called);
}

static void call_deferred(void)
{
	heap_call_deferred(heap_current(), false);
}

static void begin_deferred(void)
{
	case_begin();
	case_heap(2, 0);
	called = 0;
}

static void judge_nothing(void)
{
}

const struct exploration cases_memory[] = {
	{ "a new block goes on", begin_two,
	  { NULL, take_and_send, receive_and_free }, judge },
	{ "the first arena is added", case_begin_empty,
	  { NULL, add_first_arena, look_for_first, look_for_meta },
	  judge_first },
	{ "an arena is added", case_begin,
	  { NULL, add_arena, look_for_arena, look_by_number }, judge_arena },
	{ "a large block comes back", begin_large,
	  { NULL, take_large_2, free_large_0 }, judge_large },
	{ "two large blocks come back", begin_large,
	  { NULL, take_large_2, free_large_0, free_large_1 }, judge_large },
	{ "a call is set", begin_deferred,
	  { NULL, set_deferred, call_deferred }, judge_nothing },
	{ .name = NULL },
};
