/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The player: mi-trace-play carries out a script on the malloc of its process.
 *
 *	play.c		the command line, what is measured around it all
 *	play_plan.c	a script, as a list of steps for each thread that plays
 *	play_lanes.c	which of these plays which threads of the script
 *	play_thread.c	one list, from its first step to its last
 *	play_crew.c	the threads: when each is started, and for whom it waits
 *	play_memory.c	resident memory, and what the player has of it itself
 *	play_early.c	what the allocator has before that
 *	play_clock.c	seconds, instructions, what each kind of call costs
 *	play_map.c	the heap's areas, where the allocator tells them
 *	play_print.c	the result, as JSON
 *
 * Nothing here calls malloc: tables are mapped, and resident before the first
 * step, so that what becomes resident afterwards is the allocator's.
 *
 * A lane is a thread that plays. Each thread of the script has one, unless more
 * of them lived at once than there may be lanes; then some share one.
 */
#ifndef TRACE_PLAY_H
#define TRACE_PLAY_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "script.h"

/*
 * Statuses of mi-trace-play. One who calls it can tell an allocator that does
 * not do what it has to from a script or an argument that is wrong.
 */
#define STATUS_ALLOCATOR	1	/* no memory, or in the wrong */
#define STATUS_USE		2	/* wrong arguments, script or system */

/* Up to so many bytes of a block are all written, of a longer one further one
 * byte in so many and the last: its memory is really taken. */
#define WRITTEN_BYTES		4096

/* A block begins with a tag of so many bytes, or as many as it has */
#define TAG_BYTES		sizeof(uint64_t)

#define LANES_MAX		1024	/* that live at once */
#define LANES_DEFAULT		256
#define POINTS_MAX		100000	/* of a timeline */

/*
 * What a lane does next. `turn` is how many operations on the slot stand before
 * this one in the script; the step waits until they are done.
 *
 *	63  62 61     58 57       52 51  48 47            0
 *	 0   0 |  tagged |  align   | kind |     size      |
 *
 * `kind` is one of the script's or one below. `tagged` is, for REALLOC and
 * FREE, how many bytes of tag the block has that the slot holds; `size` is, for
 * FREE, that block's.
 */
struct step {
	uint64_t word;
	uint32_t slot;
	uint32_t turn;
};

enum {
	STEP_OLD_SIZE = 6,	/* follows a REALLOC: the size before */
	STEP_MARK = 7,		/* size: index of the operation that follows */
	STEP_POINT = 8,		/* a point of the timeline, number `slot` */
};

#define STEP_SIZE_BITS		48

static inline uint64_t step_size(const struct step *step)
{
	return step->word & ((UINT64_C(1) << STEP_SIZE_BITS) - 1);
}

static inline unsigned int step_kind(const struct step *step)
{
	return step->word >> STEP_SIZE_BITS & 15;
}

static inline unsigned int step_align(const struct step *step)
{
	return step->word >> 52 & 63;
}

static inline unsigned int step_tagged(const struct step *step)
{
	return step->word >> 58 & 15;
}

/*
 * `turn` is the partner of itself in other lanes: whoever has done a step on
 * the slot stores turn + 1 with release, and who waits for that reads it with
 * acquire, so that the block's address and contents are seen, too.
 */
struct slot {
	void *block;
	_Atomic uint32_t turn;
};

struct point {
	uint64_t operation;	/* how many operations stand before the point */
	uint64_t live_bytes;	/* as the player counted them */
	uint64_t resident_bytes;
};

#define KINDS			6	/* indexed by the script's kinds */
#define COST_CLASSES		256	/* four for each doubling */

/* What calls of one kind took, in ticks of the clock that play_clock.c has */
struct cost {
	uint64_t calls;
	uint64_t ticks;
	uint64_t classes[COST_CLASSES];
};

struct lane {
	const struct step *steps;
	uint64_t count;
	/* Indices of its first and last operation in the script */
	uint64_t first, last;
	struct cost *costs;	/* KINDS of them, or NULL */
	pthread_t thread;
	unsigned int stack;	/* which one it has */
	bool started;			/* used while lanes are made */

	/*
	 * Written by the lane only, at marks, and read by others as a hint of
	 * how far it is: relaxed, an old value makes them wait longer at most.
	 */
	_Alignas(128) _Atomic uint64_t at;	/* all before is done */
	_Atomic uint64_t live_bytes;	/* made less freed: may be negative */
	/*
	 * Only the lane's own thread uses these two: how often it waited, and
	 * the operation up to which it need not look who is behind it.
	 */
	uint64_t waits, limit;
};

struct play {
	const char *path;		/* of the script */
	int script;			/* its open file */
	struct mi_script_header header;
	struct slot *slots;
	uint64_t slot_count;
	struct lane *lanes;
	unsigned int lane_count, lane_limit;
	unsigned int threads;		/* of the script that do something */
	unsigned int at_once;		/* lanes that live at once, at most */
	unsigned int *by_first, *by_last; /* in that order */
	uint64_t window;		/* see play_crew.c */

	struct point *points;
	uint32_t point_count, points_wanted;
	uint32_t peak_point;		/* the one of the peak of live bytes */

	bool verify, drain, kinds, map;

	/* These are the results. */
	double seconds, processor_seconds;
	bool has_instructions;
	uint64_t instructions;
	const char *no_instructions;	/* why there are none */
	uint64_t early_bytes, baseline_bytes;
	uint64_t peak_bytes, final_bytes, drained_bytes;
	bool has_peak;
};

extern struct play play;

/* play.c */
_Noreturn void die(int status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Zeroed memory that is resident */
void *map_bytes(uint64_t bytes);
void unmap_bytes(void *data, uint64_t bytes);

/* play_lanes.c */
void lanes_make(const struct mi_script_header *script);
struct lane *lane_of(const struct mi_script_op *op);

/* play_plan.c: reads play.path, fills lanes, slots and points */
void plan_make(void);

/* play_thread.c */
void lane_play(struct lane *lane);
void slots_drain(void);

/* play_crew.c */
void crew_play(void);
void crew_prepare(void);
void lane_catch_up(struct lane *lane, uint64_t index);
void slot_wait(struct lane *lane, const struct slot *slot, uint32_t turn);

/* play_early.c */
struct mapping {
	uintptr_t from, to;
	bool is_read;
	const char *name;	/* within the line; may be empty */
};

uint64_t memory_early(void);
/* Calls `take` with each line of a file of /proc, which it may change */
void lines_read(const char *path, void (*take)(char *line));
/* Reads a line of /proc/self/maps; false where it is something else */
bool mapping_parse(char *line, struct mapping *mapping);

/* play_memory.c */
void memory_prepare(void);
uint64_t memory_live(void);
uint64_t memory_resident(void);
bool memory_peak(uint64_t *bytes);
void memory_point(uint32_t number);

/* play_clock.c */
uint64_t clock_ticks(void);
double clock_seconds(void);
double clock_processor_seconds(void);
void clock_prepare(void);
void cost_add(struct cost *cost, uint64_t ticks);
double ticks_seconds(uint64_t ticks);
uint64_t cost_quantile(const struct cost *cost, unsigned int percent);
void instructions_start(void);
void instructions_stop(void);

/* play_map.c */
void map_prepare(void);
void map_take(void);
void map_print(void);

/* play_print.c */
const char *allocator_path(void *function);
void result_print(void);
void print_string(const char *text);

#endif /* TRACE_PLAY_H */
