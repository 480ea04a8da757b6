/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Carries out the operations in their order: on one thread, or each on that of
 * its number, where a thread that is not the next one to act yields. Only what
 * stands in calls.c is counted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <testbed/testbed.h>
#include <uk/sched.h>

#include "replay.h"

#define PAGE 4096UL

static unsigned int members;		/* threads that have not ended */

long heap_in_use(void)
{
	return replay.heap_at_start - uk_alloc_availmem(replay.a);
}

/* All of a small block; of a large one a byte of each page, and the last */
static void block_write(char *block, uint64_t size)
{
	memset(block, 0x5a, size < PAGE ? size : PAGE);
	for (uint64_t at = PAGE; at < size; at += PAGE)
		*(volatile char *)(block + at) = 0x5a;
	if (size > PAGE)
		*(volatile char *)(block + size - 1) = 0x5a;
}

static void kind_add(struct kind *kind, uint64_t instructions)
{
	kind->calls++;
	kind->instructions += instructions;
	if (instructions > kind->worst) {
		kind->worst = instructions;
		kind->worst_operation = replay.next;
	}
}

static void bytes_add(struct slot *slot, uint64_t size)
{
	long heap = heap_in_use();

	replay.live += size - slot->size;
	slot->size = size;
	if (replay.live > replay.peak) {
		replay.peak = replay.live;
		replay.peak_operation = replay.next;
		replay.heap_at_peak = heap;
	}
	if (heap > replay.heap_peak) {
		replay.heap_peak = heap;
		replay.heap_peak_operation = replay.next;
	}
}

/* Whether a point of the timeline is due; the last one is print_end()'s. */
static bool point_due(void)
{
	uint64_t all = replay.script->operations, at = replay.next;

	if (at == all)
		return false;
	return replay.points >= all
		|| (at - 1) * replay.points / all != at * replay.points / all;
}

static void play_next(void)
{
	const struct mi_script_op *op = mi_script_ops(replay.script)
		+ replay.next;
	struct slot *slot = &replay.slots[op->slot];
	uint64_t instructions;
	void *block = call_counted(op, slot->block, &instructions);

	kind_add(&replay.kinds[op->kind], instructions);
	/* An allocator may give NULL for 0 bytes, as the buddy does. */
	if (!block && op->size > 0) {
		replay.refused = replay.ended = true;
		return;
	}
	slot->block = block;
	if (block)
		block_write(block, op->size);
	bytes_add(slot, op->size);
	replay.next++;
	if (point_due())
		print_point(",");
	replay.ended = replay.next == replay.script->operations;
}

static void __noreturn member(void *number)
{
	const struct mi_script_op *ops = mi_script_ops(replay.script);

	while (!replay.ended) {
		if (ops[replay.next].thread == (uintptr_t)number)
			play_next();
		else
			uk_sched_yield();
	}
	members--;
	uk_sched_thread_exit();
}

/* Their stacks are no part of what the heap is measured for. */
static void members_make(void)
{
	for (uintptr_t i = 0; i < replay.script->threads; i++) {
		if (!uk_sched_thread_create(uk_sched_current(), member, i,
					    "replay")) {
			puts("FAILED: out of memory for the script's threads");
			exit(1);
		}
		members++;
	}
}

static void heap_look_first(void)
{
	replay.heap_at_start = uk_alloc_availmem(replay.a);
	replay.frames_at_start = testbed_free_frame_bytes();
}

void play(void)
{
	replay.ended = replay.script->operations == 0;
	calls_calibrate();
	if (replay.threads)
		members_make();
	heap_look_first();
	print_begin();
	while (replay.threads && members > 0)
		uk_sched_yield();
	while (!replay.ended)
		play_next();
	print_end();
}
