/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames, one bit for each: 1 is free. The bits lie in the first frames after
 * the image.
 */
#include <uk/assert.h>
#include <uk/essentials.h>

#include "layout.h"
#include "memory.h"

#define FRAMES_IN_WORD 64
#define WORDS_IN_LARGE (LARGE_FRAME_BYTES / FRAME_BYTES / FRAMES_IN_WORD)

static uint64_t *bits;
static size_t word_count;
static size_t first_word;		/* none below it has a free frame */
static size_t first_large;		/* none below it is free as a whole */
static struct uk_falloc counters;

static void frame_mark_free(uintptr_t frame)
{
	size_t index = (frame - MEMORY_START) >> FRAME_SHIFT;

	bits[index / FRAMES_IN_WORD] |= 1UL << index % FRAMES_IN_WORD;
	counters.free_memory += FRAME_BYTES;
}

void frames_init(void)
{
	struct memory_range *last = &memory_ranges[memory_range_count - 1];
	size_t bytes;

	word_count = DIV_ROUND_UP((last->end - MEMORY_START) >> FRAME_SHIFT,
				  (size_t)FRAMES_IN_WORD);
	bytes = ALIGN_UP(word_count * sizeof(*bits), (size_t)FRAME_BYTES);
	if (last->end - last->start <= bytes)
		UK_CRASH("too little memory for the map of frames\n");
	bits = (uint64_t *)last->start;
	last->start += bytes;
	for (size_t i = 0; i < word_count; i++)
		bits[i] = 0;

	for (unsigned int i = 0; i < memory_range_count; i++)
		for (uintptr_t frame = memory_ranges[i].start;
		     frame < memory_ranges[i].end; frame += FRAME_BYTES)
			frame_mark_free(frame);
	counters.total_memory = counters.free_memory;
}

uintptr_t frame_take(void)
{
	for (; first_word < word_count; first_word++) {
		uint64_t word = bits[first_word];
		size_t bit;

		if (!word)
			continue;
		bit = (size_t)__builtin_ctzl(word);
		bits[first_word] = word & (word - 1);
		counters.free_memory -= FRAME_BYTES;
		return MEMORY_START
			+ ((first_word * FRAMES_IN_WORD + bit) << FRAME_SHIFT);
	}
	return 0;
}

uintptr_t frame_take_large(void)
{
	for (; first_large + WORDS_IN_LARGE <= word_count;
	     first_large += WORDS_IN_LARGE) {
		uint64_t all = ~0UL;

		for (size_t i = 0; i < WORDS_IN_LARGE; i++)
			all &= bits[first_large + i];
		if (~all)
			continue;
		for (size_t i = 0; i < WORDS_IN_LARGE; i++)
			bits[first_large + i] = 0;
		counters.free_memory -= LARGE_FRAME_BYTES;
		return MEMORY_START
			+ (first_large * FRAMES_IN_WORD << FRAME_SHIFT);
	}
	return 0;
}

void frame_give(uintptr_t frame)
{
	size_t index = (frame - MEMORY_START) >> FRAME_SHIFT;
	size_t word = index / FRAMES_IN_WORD;
	size_t bit = index % FRAMES_IN_WORD;

	if (word >= word_count || bits[word] >> bit & 1)
		UK_CRASH("frame %lx given back twice\n", frame);
	frame_mark_free(frame);
	if (word < first_word)
		first_word = word;
	if (word < first_large)
		first_large = ALIGN_DOWN(word, (size_t)WORDS_IN_LARGE);
}

struct uk_falloc *frame_counters(void)
{
	return &counters;
}
