/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "measure.h"

#define BUCKETS		65
/* Swings are counted for 64 KiB and each doubling of it */
#define SWING_SHIFT	16
#define SWINGS		30

static const char *const kind_names[] = {
	[MI_SCRIPT_MALLOC] = "malloc", [MI_SCRIPT_CALLOC] = "calloc",
	[MI_SCRIPT_REALLOC] = "realloc", [MI_SCRIPT_ALIGNED] = "aligned",
	[MI_SCRIPT_FREE] = "free",
};

/* The block of a slot; size is kept beside born, for a size may be 0 */
struct block {
	uint64_t size;
	uint64_t born;		/* index of its operation */
	uint32_t thread;
	bool	 lives;
};

struct bucket {
	uint64_t blocks;
	uint64_t bytes;
};

/*
 * How often the live bytes fell by a depth or more and rose by as much again.
 * `edge` is the highest value since they rose or the lowest since they fell.
 */
struct swing {
	uint64_t edge;
	uint64_t times;
	bool	 fallen;
};

/* All that is counted; static, for a process measures one script */
static struct {
	struct block *slots;
	uint64_t live_bytes;
	uint64_t live_blocks;
	uint64_t peak_bytes;
	uint64_t peak_blocks;
	uint64_t peak_at;
	uint64_t asked_bytes;	/* by all calls, each realloc as a new block */
	uint64_t crossed;	/* frees by a thread that did not make it */
	uint64_t kinds[MI_SCRIPT_FREE + 1];
	struct bucket asked[BUCKETS];
	struct bucket at_peak[BUCKETS];
	struct bucket lived[BUCKETS];
	struct bucket kept;	/* never freed */
	struct swing swings[SWINGS];
} count;

_Noreturn void fail(const char *about, const char *what)
{
	fprintf(stderr, "mi-trace-measure: %s: %s\n", about, what);
	exit(1);
}

/* The first bucket whose bound is value or more */
static unsigned int bucket_of(uint64_t value)
{
	return value <= 1 ? 0 : 64 - (unsigned int)__builtin_clzll(value - 1);
}

static void bucket_add(struct bucket *bucket, uint64_t bytes)
{
	bucket->blocks++;
	bucket->bytes += bytes;
}

static void swing_step(struct swing *swing, uint64_t depth, uint64_t live)
{
	if (swing->fallen) {
		if (live < swing->edge) {
			swing->edge = live;
		} else if (live - swing->edge >= depth) {
			swing->fallen = false;
			swing->edge = live;
			swing->times++;
		}
	} else if (live > swing->edge) {
		swing->edge = live;
	} else if (swing->edge - live >= depth) {
		swing->fallen = true;
		swing->edge = live;
	}
}

static void swings_step(void)
{
	for (unsigned int i = 0; i < SWINGS; i++)
		swing_step(&count.swings[i], UINT64_C(1) << (i + SWING_SHIFT),
			   count.live_bytes);
}

/* The bytes of a block, old or new, in the live ones */
static void live_add(struct block *block, uint64_t size)
{
	block->size = size;
	count.live_bytes += size;
}

static void fill(struct block *block, const struct mi_script_op *op,
		 uint64_t at)
{
	block->born = at;
	block->thread = op->thread;
	block->lives = true;
	count.live_blocks++;
	live_add(block, op->size);
}

static void empty(struct block *block, const struct mi_script_op *op,
		  uint64_t at)
{
	bucket_add(&count.lived[bucket_of(at - block->born)], block->size);
	if (block->thread != op->thread)
		count.crossed++;
	block->lives = false;
	count.live_blocks--;
	count.live_bytes -= block->size;
}

static void step(const struct mi_script_op *op, uint64_t at)
{
	struct block *block = &count.slots[op->slot];

	count.kinds[op->kind]++;
	if (op->kind == MI_SCRIPT_FREE) {
		empty(block, op, at);
		return;
	}
	count.asked_bytes += op->size;
	bucket_add(&count.asked[bucket_of(op->size)], op->size);
	if (op->kind == MI_SCRIPT_REALLOC) {
		count.live_bytes -= block->size;
		live_add(block, op->size);
	} else {
		fill(block, op, at);
	}
	if (count.live_bytes > count.peak_bytes) {
		count.peak_bytes = count.live_bytes;
		count.peak_blocks = count.live_blocks;
		count.peak_at = at;
	}
}

/* Prints one point for each part of the operations, with the most in it */
static void run(const struct mi_script_header *script, uint64_t points)
{
	const struct mi_script_op *op = mi_script_ops(script);
	uint64_t part = script->operations / points + 1;
	uint64_t most = 0;

	printf("\"live\": [");
	for (uint64_t at = 0; at < script->operations; at++, op++) {
		step(op, at);
		swings_step();
		if (count.live_bytes > most)
			most = count.live_bytes;
		if ((at + 1) % part && at + 1 < script->operations)
			continue;
		printf("%s[%" PRIu64 ", %" PRIu64 "]", at < part ? "" : ", ",
		       at, most);
		most = count.live_bytes;
	}
	printf("],\n");
}

/* Which sizes lived at the peak: goes through the operations up to it again */
static void look_at_peak(const struct mi_script_header *script)
{
	const struct mi_script_op *op = mi_script_ops(script);

	for (uint64_t i = 0; i < script->slots; i++)
		count.slots[i].lives = false;
	for (uint64_t at = 0; script->operations && at <= count.peak_at;
	     at++, op++) {
		count.slots[op->slot].lives = op->kind != MI_SCRIPT_FREE;
		count.slots[op->slot].size = op->size;
	}
	for (uint64_t i = 0; i < script->slots; i++) {
		const struct block *block = &count.slots[i];

		if (block->lives)
			bucket_add(&count.at_peak[bucket_of(block->size)],
				   block->size);
	}
}

static void count_kept(const struct mi_script_header *script)
{
	for (uint64_t i = 0; i < script->slots; i++) {
		if (count.slots[i].lives)
			bucket_add(&count.kept, count.slots[i].size);
	}
}

/* The buckets that hold something, the next ones to their left included */
static void print_buckets(const char *name, const struct bucket *buckets)
{
	unsigned int end = BUCKETS;

	while (end && !buckets[end - 1].blocks)
		end--;
	printf("\"%s\": [", name);
	for (unsigned int i = 0; i < end; i++)
		printf("%s{\"to\": %.0f, \"blocks\": %" PRIu64
		       ", \"bytes\": %" PRIu64 "}", i ? ", " : "",
		       i < 64 ? (double)(UINT64_C(1) << i) : 0x1p64,
		       buckets[i].blocks, buckets[i].bytes);
	printf("],\n");
}

static void print_kinds(void)
{
	printf("\"kinds\": {");
	for (unsigned int i = MI_SCRIPT_MALLOC; i <= MI_SCRIPT_FREE; i++)
		printf("%s\"%s\": %" PRIu64, i == MI_SCRIPT_MALLOC ? "" : ", ",
		       kind_names[i], count.kinds[i]);
	printf("},\n");
}

static void print_swings(void)
{
	printf("\"swings\": [");
	for (unsigned int i = 0; i < SWINGS && count.swings[i].times; i++)
		printf("%s{\"bytes\": %" PRIu64 ", \"times\": %" PRIu64 "}",
		       i ? ", " : "", UINT64_C(1) << (i + SWING_SHIFT),
		       count.swings[i].times);
	printf("]}\n");
}

void measure(const struct mi_script_header *script, uint64_t points)
{
	uint64_t final_bytes;

	count.slots = calloc(script->slots + 1, sizeof(*count.slots));
	if (!count.slots)
		fail("the blocks' state", "out of memory");
	printf("{\"operations\": %" PRIu64 ", \"threads\": %" PRIu32
	       ", \"slots\": %" PRIu64 ",\n", script->operations,
	       script->threads, script->slots);
	run(script, points);
	final_bytes = count.live_bytes;
	count_kept(script);
	look_at_peak(script);
	print_kinds();
	printf("\"asked_bytes\": %" PRIu64 ", \"peak_bytes\": %" PRIu64
	       ", \"peak_blocks\": %" PRIu64 ", \"peak_operation\": %" PRIu64
	       ", \"final_bytes\": %" PRIu64 ", \"crossed_frees\": %" PRIu64
	       ",\n", count.asked_bytes, count.peak_bytes, count.peak_blocks,
	       count.peak_at, final_bytes, count.crossed);
	print_buckets("sizes", count.asked);
	print_buckets("sizes_at_peak", count.at_peak);
	print_buckets("lifetimes", count.lived);
	printf("\"never_freed\": {\"blocks\": %" PRIu64 ", \"bytes\": %" PRIu64
	       "},\n", count.kept.blocks, count.kept.bytes);
	print_swings();
	free(count.slots);
}
