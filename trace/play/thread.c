/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One lane, from its first step to its last: the calls of malloc and its kin,
 * what is written to their blocks, and what is found there again.
 *
 * A block begins with a tag that no other block has had. Who hands a block out
 * twice, or writes to one that is not free, is found when it is freed or given
 * another size. What else is written is the same for all blocks of a slot.
 */
#include "play.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What any block has that is large enough for it */
#define MALLOC_ALIGNMENT	sizeof(void *)

static uint64_t tag_of(uint32_t slot, uint32_t turn)
{
	uint64_t tag = (uint64_t)slot << 32 | turn;

	/* Each factor is odd, so that two tags are never the same */
	return (tag + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static unsigned char filling_of(uint32_t slot)
{
	return (unsigned char)(slot * UINT32_C(0x9e3779b1) >> 24);
}

/* The operation of the script that a step of a lane stands for */
static uint64_t operation_of(const struct lane *lane, const struct step *step)
{
	unsigned int number = (unsigned int)(lane - play.lanes);
	struct mi_script_op ops[256];
	uint64_t left = 0, index = 0;
	ssize_t got;

	for (const struct step *at = lane->steps; at < step; at++)
		left += step_kind(at) <= MI_SCRIPT_FREE;
	for (;;) {
		got = pread(play.script, ops, sizeof(ops),
			    (off_t)mi_script_bytes(index));
		if (got < (ssize_t)sizeof(ops[0]))
			return index;
		for (size_t i = 0; i < (size_t)got / sizeof(ops[0]); i++) {
			if (ops[i].thread % play.lane_count == number &&
			    left-- == 0)
				return index;
			index++;
		}
	}
}

static const char *const names[KINDS] = {
	"", "malloc", "calloc", "realloc", "an aligned allocation", "free"
};

_Noreturn static void fail(const struct lane *lane, const struct step *step,
			   const char *what)
{
	die(STATUS_ALLOCATOR, "operation %llu, %s (%llu bytes): %s",
	    (unsigned long long)operation_of(lane, step),
	    names[step_kind(step)],
	    (unsigned long long)step_size(step), what);
}

/* Writes the part of a block of `to` bytes that was not there before */
static void block_write(char *block, uint64_t from, uint64_t to,
			unsigned char filling)
{
	uint64_t whole = to < WRITTEN_BYTES ? to : WRITTEN_BYTES;
	uint64_t at = (from + WRITTEN_BYTES - 1) / WRITTEN_BYTES *
		      WRITTEN_BYTES;

	if (from < whole)
		memset(block + from, filling, (size_t)(whole - from));
	if (to <= WRITTEN_BYTES)
		return;
	if (at < WRITTEN_BYTES)
		at = WRITTEN_BYTES;
	for (; at < to; at += WRITTEN_BYTES)
		block[at] = (char)filling;
	block[to - 1] = (char)filling;
}

/* Whether that is still there, but for the first `skip` bytes; with 0, whether
 * a new block is zeroed where it will be written. */
static bool block_holds(const char *block, uint64_t skip, uint64_t bytes,
			unsigned char filling)
{
	uint64_t whole = bytes < WRITTEN_BYTES ? bytes : WRITTEN_BYTES;

	for (uint64_t i = skip; i < whole; i++) {
		if (block[i] != (char)filling)
			return false;
	}
	for (uint64_t i = WRITTEN_BYTES; i < bytes; i += WRITTEN_BYTES) {
		if (block[i] != (char)filling)
			return false;
	}
	return bytes == 0 || bytes <= skip || block[bytes - 1] == (char)filling;
}

static void tag_write(char *block, uint64_t bytes, const struct step *step)
{
	uint64_t tag = tag_of(step->slot, step->turn);

	if (bytes >= TAG_BYTES)
		memcpy(block, &tag, TAG_BYTES);
	else
		memcpy(block, &tag, (size_t)bytes);
}

/* Whether a block begins with so many bytes of the tag of the step that gave it
 * its size, which was the last one on the slot. */
static bool tag_holds(const char *block, unsigned int bytes,
		      const struct step *step)
{
	uint64_t tag = tag_of(step->slot, step->turn - 1), found;

	if (bytes < TAG_BYTES)
		return bytes == 0 || memcmp(block, &tag, bytes) == 0;
	memcpy(&found, block, TAG_BYTES);
	return found == tag;
}

/* What a block of so many bytes has to hold before it is freed or moved */
static void block_check(const struct lane *lane, const struct step *step,
			const char *block, uint64_t bytes)
{
	if (!tag_holds(block, step_tagged(step), step))
		fail(lane, step, "the block does not hold what was written to "
				 "it");
	if (play.verify && !block_holds(block, TAG_BYTES, bytes,
					filling_of(step->slot)))
		fail(lane, step, "the block does not hold all that was "
				 "written to it");
}

/* What a new block of the allocator has to be */
static void block_judge(const struct lane *lane, const struct step *step,
			const char *block)
{
	uint64_t size = step_size(step);
	unsigned int kind = step_kind(step);
	uintptr_t alignment = size < MALLOC_ALIGNMENT ? 1 : MALLOC_ALIGNMENT;

	if (!block) {
		/* C leaves it to the allocator what none bytes are */
		if (size == 0 && kind != MI_SCRIPT_REALLOC)
			return;
		fail(lane, step, "no memory");
	}
	if (kind == MI_SCRIPT_ALIGNED)
		alignment = (uintptr_t)1 << step_align(step);
	if ((uintptr_t)block & (alignment - 1))
		fail(lane, step, "the block is not aligned as it has to be");
	if (kind == MI_SCRIPT_CALLOC &&
	    !block_holds(block, 0, play.verify || size < TAG_BYTES ?
				   size : TAG_BYTES, 0))
		fail(lane, step, "the block is not zeroed");
}

static void *aligned(const struct step *step)
{
	size_t alignment = (size_t)1 << step_align(step);
	void *block = NULL;

	if (alignment < sizeof(void *))
		alignment = sizeof(void *);
	return posix_memalign(&block, alignment, (size_t)step_size(step)) ?
	       NULL : block;
}

/* The call itself; realloc and free are given what the slot holds */
static inline void *call(const struct step *step, void *block)
{
	size_t size = (size_t)step_size(step);

	switch (step_kind(step)) {
	case MI_SCRIPT_MALLOC:
		return malloc(size);
	case MI_SCRIPT_CALLOC:
		return calloc(1, size);
	case MI_SCRIPT_REALLOC:
		return realloc(block, size);
	case MI_SCRIPT_ALIGNED:
		return aligned(step);
	default:
		free(block);
		return NULL;
	}
}

/* Judges what malloc and its kin gave, and writes it */
static void block_fill(const struct lane *lane, const struct step *step,
		       char *block, uint64_t old)
{
	uint64_t size = step_size(step);
	unsigned int tagged = step_tagged(step);

	block_judge(lane, step, block);
	if (step_kind(step) == MI_SCRIPT_REALLOC &&
	    !tag_holds(block, tagged < size ? tagged : (unsigned int)size,
		       step))
		fail(lane, step, "the block has lost what was written to it");
	if (size == 0)
		return;
	block_write(block, old, size, filling_of(step->slot));
	tag_write(block, size, step);
}

/* The call, timed where that is asked for */
static inline __attribute__((always_inline)) void *
call_timed(struct lane *lane, const struct step *step, void *block,
	   const bool timed)
{
	uint64_t start;

	if (!timed)
		return call(step, block);
	start = clock_ticks();
	block = call(step, block);
	cost_add(&lane->costs[step_kind(step)], clock_ticks() - start);
	return block;
}

/* One operation; tells by how much live bytes grew, modulo 2^64 */
static inline __attribute__((always_inline)) uint64_t
operation(struct lane *lane, const struct step *step, const bool timed)
{
	struct slot *slot = &play.slots[step->slot];
	unsigned int kind = step_kind(step);
	uint64_t size = step_size(step), old = 0;
	char *block;

	/* Acquire: the partner is the store below, in another lane */
	if (atomic_load_explicit(&slot->turn, memory_order_acquire) !=
	    step->turn)
		slot_wait(lane, slot, step->turn);
	if (kind == MI_SCRIPT_REALLOC || kind == MI_SCRIPT_FREE) {
		old = kind == MI_SCRIPT_FREE ? size : step_size(step + 1);
		block_check(lane, step, slot->block, old);
	}
	block = call_timed(lane, step, slot->block, timed);
	if (kind == MI_SCRIPT_FREE)
		size = 0;
	else
		block_fill(lane, step, block, old);
	slot->block = block;
	atomic_store_explicit(&slot->turn, step->turn + 1,
			      memory_order_release);
	return size - old;
}

static inline __attribute__((always_inline)) void
steps_play(struct lane *lane, const bool timed)
{
	const struct step *step = lane->steps, *end = step + lane->count;
	uint64_t live = 0;

	for (; step < end; step++) {
		switch (step_kind(step)) {
		case STEP_MARK:
			atomic_store_explicit(&lane->live_bytes, live,
					      memory_order_relaxed);
			lane_catch_up(lane, step_size(step));
			break;
		case STEP_POINT:
			atomic_store_explicit(&lane->live_bytes, live,
					      memory_order_relaxed);
			memory_point(step->slot);
			break;
		case MI_SCRIPT_REALLOC:
			live += operation(lane, step, timed);
			step++;		/* the one with the old size */
			break;
		default:
			live += operation(lane, step, timed);
			break;
		}
	}
	atomic_store_explicit(&lane->live_bytes, live, memory_order_relaxed);
}

void lane_play(struct lane *lane)
{
	if (play.kinds)
		steps_play(lane, true);
	else
		steps_play(lane, false);
	/* Release: what waits for the end of a lane sees all that it did */
	atomic_store_explicit(&lane->at, UINT64_MAX, memory_order_release);
}

void slots_drain(void)
{
	for (uint64_t i = 0; i < play.slot_count; i++) {
		free(play.slots[i].block);
		play.slots[i].block = NULL;
	}
}
