/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads a script and makes a list of steps of it for each lane. The script is
 * gone from memory afterwards.
 */
#include "play.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* A lane has a mark where an operation is in another block of so many than the
 * one before it. */
#define MARK_SHIFT	8

/*
 * How many operations a lane may be ahead of the one that is furthest behind.
 * Threads of a program have other work between their calls, which a player has
 * not: without a limit one would run far ahead, and what the program had at
 * different times would be live at once.
 */
#define WINDOW		(UINT64_C(16) << MARK_SHIFT)

/*
 * With several lanes the player has so many slots more than the script, and
 * takes those first that have been free for longest. The script takes again
 * what has just been freed, so that a malloc there would wait for a free in
 * another lane with which it has nothing to do.
 */
#define SLOTS_MORE		(2 * WINDOW)

/* What is known of the script's slot, or of a lane, at one place of it */
struct slot_state {
	uint64_t size;
	uint32_t own;		/* the player's slot */
};

struct lane_state {
	struct step *next;
	uint64_t marked;	/* block of its last mark, plus 1 */
};

/* The player's slots: how many operations each had, and those that are free */
static struct {
	uint32_t *turns, *queue;
	uint64_t fresh, head, queued;
} own;

static struct slot_state *slot_states;
static struct lane_state *lane_states;
static const struct mi_script_header *script;

static void script_open(void)
{
	struct stat about;
	const char *fault;
	void *data;

	play.script = open(play.path, O_RDONLY | O_CLOEXEC);
	if (play.script < 0 || fstat(play.script, &about))
		die(STATUS_USE, "%s: %s", play.path, strerror(errno));
	if (!S_ISREG(about.st_mode))
		die(STATUS_USE, "%s: is no file that can be read twice",
		    play.path);
	if (about.st_size < (off_t)sizeof(*script))
		die(STATUS_USE, "%s: too short for a script", play.path);
	data = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE,
		    play.script, 0);
	if (data == MAP_FAILED)
		die(STATUS_USE, "%s: %s", play.path, strerror(errno));
	fault = mi_script_header_fault(data, (uint64_t)about.st_size);
	if (fault)
		die(STATUS_USE, "%s: %s", play.path, fault);
	script = data;
	play.header = *script;
}

static void script_check(void)
{
	uint64_t bytes = mi_script_state_bytes(script->slots), at;
	unsigned char *full = map_bytes(bytes);
	const char *fault = mi_script_ops_fault(script, full, &at);

	if (fault)
		die(STATUS_USE, "%s: operation %llu: %s", play.path,
		    (unsigned long long)at, fault);
	unmap_bytes(full, bytes);
}

static uint32_t own_take(uint32_t slot)
{
	uint32_t taken;

	if (play.lane_count < 2)
		return slot;
	if (own.queued <= SLOTS_MORE && own.fresh < play.slot_count)
		return (uint32_t)own.fresh++;
	taken = own.queue[own.head];
	own.head = (own.head + 1) % play.slot_count;
	own.queued--;
	return taken;
}

static void own_give(uint32_t slot)
{
	if (play.lane_count < 2)
		return;
	own.queue[(own.head + own.queued) % play.slot_count] = slot;
	own.queued++;
}

/* Adds a step, or only counts it where there is no room yet */
static void step_add(struct lane *lane, uint64_t word, uint32_t slot,
		     uint32_t turn)
{
	struct lane_state *state = &lane_states[lane - play.lanes];

	if (state->next) {
		state->next->word = word;
		state->next->slot = slot;
		state->next->turn = turn;
		state->next++;
	} else {
		lane->count++;
	}
}

static uint64_t word(unsigned int kind, uint64_t size)
{
	return (uint64_t)kind << STEP_SIZE_BITS | size;
}

static uint64_t operation_word(const struct mi_script_op *op, uint64_t old)
{
	uint64_t tagged = old < TAG_BYTES ? old : TAG_BYTES;
	uint64_t size = op->kind == MI_SCRIPT_FREE ? old : op->size;

	return word(op->kind, size) | (uint64_t)op->align_log2 << 52 |
	       tagged << 58;
}

/* The steps of one operation, with its mark; tells the block's size before.
 * The size that a slot has while it is empty is 0. */
static uint64_t operation_add(uint64_t index, const struct mi_script_op *op)
{
	struct lane *lane = lane_of(op);
	struct lane_state *state = &lane_states[lane - play.lanes];
	struct slot_state *slot = &slot_states[op->slot];
	uint64_t old = slot->size;

	if (play.lane_count > 1 && state->marked != (index >> MARK_SHIFT) + 1) {
		state->marked = (index >> MARK_SHIFT) + 1;
		step_add(lane, word(STEP_MARK, index), 0, 0);
	}
	if (op->kind != MI_SCRIPT_REALLOC && op->kind != MI_SCRIPT_FREE)
		slot->own = own_take(op->slot);
	step_add(lane, operation_word(op, old), slot->own,
		 own.turns[slot->own]++);
	if (op->kind == MI_SCRIPT_REALLOC)
		step_add(lane, word(STEP_OLD_SIZE, old), 0, 0);
	else if (op->kind == MI_SCRIPT_FREE)
		own_give(slot->own);
	slot->size = op->size;
	return old;
}

/* How many operations stand before a point */
static uint64_t point_operation(uint32_t number)
{
	/* No product: it would not fit for a long script */
	uint64_t whole = play.header.operations / play.points_wanted;
	uint64_t rest = play.header.operations % play.points_wanted;

	return whole * (number + 1) + rest * (number + 1) / play.points_wanted;
}

/* After an operation stands a point, if the timeline has one there, and one
 * where the script has its peak */
static void point_add(uint64_t index, const struct mi_script_op *op,
		      uint32_t *even)
{
	bool wanted = index == play.header.peak_operation;

	while (*even < play.points_wanted &&
	       point_operation(*even) <= index + 1) {
		wanted |= point_operation(*even) == index + 1;
		++*even;
	}
	if (!wanted)
		return;
	if (index == play.header.peak_operation)
		play.peak_point = play.point_count;
	if (play.points)
		play.points[play.point_count].operation = index + 1;
	step_add(lane_of(op), word(STEP_POINT, 0), play.point_count++, 0);
}

static void sums_check(uint64_t peak, uint64_t peak_at, uint64_t live)
{
	if (peak != play.header.peak_bytes ||
	    peak_at != play.header.peak_operation)
		die(STATUS_USE, "%s: the peak is not that of its operations, "
		    "which is %llu bytes at operation %llu", play.path,
		    (unsigned long long)peak, (unsigned long long)peak_at);
	if (live != play.header.final_bytes)
		die(STATUS_USE, "%s: %llu bytes are live at its end, and not "
		    "what its header says", play.path,
		    (unsigned long long)live);
}

/* Goes over all operations: once to count the steps, once to write them */
static void operations_add(void)
{
	const struct mi_script_op *op = mi_script_ops(script);
	uint64_t live = 0, peak = 0, peak_at = 0;
	uint32_t even = 0;

	play.point_count = 0;
	for (uint64_t i = 0; i < script->operations; i++, op++) {
		if (op->size >> (STEP_SIZE_BITS - 1))
			die(STATUS_USE, "%s: operation %llu: %llu bytes are "
			    "more than a process can have", play.path,
			    (unsigned long long)i,
			    (unsigned long long)op->size);
		live += op->size - operation_add(i, op);
		if (live > peak) {
			peak = live;
			peak_at = i;
		}
		point_add(i, op, &even);
	}
	sums_check(peak, peak_at, live);
}

/* What is known before the first operation */
static void states_make(void)
{
	slot_states = map_bytes(script->slots * sizeof(*slot_states));
	own.turns = map_bytes(play.slot_count * sizeof(*own.turns));
	own.queue = map_bytes(play.slot_count * sizeof(*own.queue));
	own.fresh = own.head = own.queued = 0;
}

static void states_drop(void)
{
	unmap_bytes(slot_states, script->slots * sizeof(*slot_states));
	unmap_bytes(own.turns, play.slot_count * sizeof(*own.turns));
	unmap_bytes(own.queue, play.slot_count * sizeof(*own.queue));
}

static void lane_make(struct lane *lane, struct lane_state *state)
{
	state->marked = 0;
	state->next = map_bytes(lane->count * sizeof(*lane->steps));
	lane->steps = state->next;
	lane->at = lane->first;
	if (play.kinds)
		lane->costs = map_bytes(KINDS * sizeof(*lane->costs));
}

static void steps_make(void)
{
	uint64_t bytes = play.lane_count * sizeof(*lane_states);

	lane_states = map_bytes(bytes);
	states_make();
	operations_add();
	states_drop();
	for (unsigned int i = 0; i < play.lane_count; i++)
		lane_make(&play.lanes[i], &lane_states[i]);
	if (play.point_count)
		play.points = map_bytes(play.point_count *
					sizeof(*play.points));
	states_make();
	operations_add();
	states_drop();
	unmap_bytes(lane_states, bytes);
}

static void slots_make(void)
{
	play.slot_count = script->slots;
	if (play.lane_count > 1)
		play.slot_count += SLOTS_MORE;
	if (play.slot_count > UINT32_MAX)
		die(STATUS_USE, "%s: too many slots", play.path);
	play.slots = map_bytes(play.slot_count * sizeof(*play.slots));
}

void plan_make(void)
{
	script_open();
	script_check();
	lanes_make(script);
	play.window = WINDOW;
	slots_make();
	steps_make();
	(void)munmap((void *)script,
		     (size_t)mi_script_bytes(script->operations));
}
