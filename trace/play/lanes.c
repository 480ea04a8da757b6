/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which lane plays which threads of a script, and which operations are a lane's
 * first and last.
 */
#include "play.h"

struct lane *lane_of(const struct mi_script_op *op)
{
	return &play.lanes[op->thread % play.lane_count];
}

/* Sorts lanes by what `key` gives; Shell's way, as qsort() may call malloc */
static void lanes_sort(unsigned int *order, uint64_t (*key)(unsigned int))
{
	static const unsigned int gaps[] = { 29524, 9841, 3280, 1093, 364, 121,
					     40, 13, 4, 1 };
	unsigned int j;

	for (size_t g = 0; g < sizeof(gaps) / sizeof(gaps[0]); g++) {
		unsigned int gap = gaps[g];

		for (unsigned int i = gap; i < play.lane_count; i++) {
			unsigned int lane = order[i];

			for (j = i; j >= gap && key(order[j - gap]) > key(lane);
			     j -= gap)
				order[j] = order[j - gap];
			order[j] = lane;
		}
	}
}

static uint64_t first_of(unsigned int lane)
{
	return play.lanes[lane].first;
}

static uint64_t last_of(unsigned int lane)
{
	return play.lanes[lane].last;
}

/* The lanes in both orders, and how many live at once */
static void lanes_order(void)
{
	unsigned int ended = 0;

	for (unsigned int i = 0; i < play.lane_count; i++)
		play.by_first[i] = play.by_last[i] = i;
	lanes_sort(play.by_first, first_of);
	lanes_sort(play.by_last, last_of);
	play.at_once = 0;
	for (unsigned int i = 0; i < play.lane_count; i++) {
		while (last_of(play.by_last[ended]) <
		       first_of(play.by_first[i]))
			ended++;
		if (i + 1 - ended > play.at_once)
			play.at_once = i + 1 - ended;
	}
}

/* First and last operation of each lane, and the lanes' order */
static void lanes_bound(const struct mi_script_header *script,
			unsigned int count)
{
	const struct mi_script_op *op = mi_script_ops(script);

	play.lane_count = count;
	for (uint64_t i = 0; i < script->operations; i++, op++) {
		struct lane *lane = lane_of(op);

		if (!lane->started)
			lane->first = i;
		lane->started = true;
		lane->last = i;
	}
	for (unsigned int i = 0; i < count; i++) {
		if (!play.lanes[i].started)
			die(STATUS_USE, "%s: thread %u does nothing",
			    play.path, i);
		play.lanes[i].started = false;
	}
	lanes_order();
}

/*
 * As many lanes as the script has threads, if so many may live at once;
 * otherwise thread N of the script is played by lane N modulo the limit.
 */
void lanes_make(const struct mi_script_header *script)
{
	unsigned int threads = script->threads;

	play.lanes = map_bytes((threads + 1) * sizeof(*play.lanes));
	play.by_first = map_bytes(threads * sizeof(*play.by_first));
	play.by_last = map_bytes(threads * sizeof(*play.by_last));
	play.threads = threads;
	lanes_bound(script, threads);
	if (play.at_once > play.lane_limit)
		lanes_bound(script, play.lane_limit);
}
