/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs of one arena: two-level segregated fit (Masmano et al. 2004) over
 * descriptors instead of tags in memory.
 *
 * No two free runs touch. Each free run stands in the bin of its size:
 * exact for 1..15 units, an eighth of an octave above.
 */
#include "runs/budget.h"
#include "runs/runs.h"

static unsigned int bin_of(size_t units)
{
	unsigned int octave;

	if (units < 8)
		return (unsigned int)units;
	octave = log2_floor(units);
	return (octave - 2) * 8 + (unsigned int)((units >> (octave - 3)) & 7);
}

/* The first bin of which every run has at least `units` */
static unsigned int bin_above(size_t units)
{
	if (units >= 16)
		units += ((size_t)1 << (log2_floor(units) - 3)) - 1;
	return bin_of(units);
}

static unsigned int bin_next_used(const struct arena *arena, unsigned int bin)
{
	unsigned int word = bin / 64;
	uint64_t bits;

	if (bin >= BIN_COUNT)
		return BIN_COUNT;
	bits = arena->bins_used[word] & (~UINT64_C(0) << (bin % 64));
	while (!bits) {
		if (++word == BIN_WORDS)
			return BIN_COUNT;
		bits = arena->bins_used[word];
	}
	return word * 64 + (unsigned int)__builtin_ctzll(bits);
}

static void run_bin(struct arena *arena, struct free_run *run)
{
	unsigned int bin = bin_of(run->units);

	run->kind = RUN_FREE;
	run->bin = (uint8_t)bin;
	LIST_PUSH(arena->bins[bin], run, list);
	arena->bins_used[bin / 64] |= UINT64_C(1) << (bin % 64);
}

void run_unbin(struct arena *arena, struct free_run *run)
{
	unsigned int bin = run->bin;

	LIST_REMOVE(arena->bins[bin], run, list);
	if (!arena->bins[bin])
		arena->bins_used[bin / 64] &= ~(UINT64_C(1) << (bin % 64));
}

/* The run in its bin has `units` from now on, and goes to the bin of these */
static void run_rebin(struct arena *arena, struct free_run *run, size_t units)
{
	if (bin_of(units) == run->bin) {
		run->units = (uint32_t)units;
		return;
	}
	run_unbin(arena, run);
	run->units = (uint32_t)units;
	run_bin(arena, run);
}

/*
 * Units to skip at the front of a free run so that the request is aligned, or
 * SIZE_MAX: it does not fit behind them
 */
static size_t run_fits(const struct free_run *run,
		       const struct run_request *r)
{
	size_t unit = run_start(&run->run) >> UNIT_SHIFT;
	size_t skip = (0 - (unit + r->phase_units)) & (r->align_units - 1);

	if (skip > run->units || run->units - skip < r->units)
		return SIZE_MAX;
	return skip;
}

static struct free_run *bin_scan(struct free_run *run,
				 const struct run_request *r)
{
	unsigned int left = BIN_SCAN_MAX;

	for (; run && left; run = run->list.next, left--)
		if (run_fits(run, r) != SIZE_MAX)
			return run;
	return NULL;
}

static struct free_run *run_find(const struct arena *arena,
				 const struct run_request *r)
{
	size_t units = r->units + r->align_units - 1, room = r->room_units;
	unsigned int bin, sure;
	struct free_run *run;

	if (unlikely(r->units > arena->units_free))
		return NULL;
	/* less room is better than none, and none better than no run */
	for (;; room /= 2) {
		sure = bin_next_used(arena, bin_above(units + room));
		if (likely(sure < BIN_COUNT))
			return arena->bins[sure];
		if (likely(!room))
			break;
	}
	bin = bin_next_used(arena, bin_of(r->units));
	for (; bin < BIN_COUNT; bin = bin_next_used(arena, bin + 1)) {
		run = bin_scan(arena->bins[bin], r);
		if (run)
			return run;
	}
	return NULL;
}

size_t run_largest(const struct arena *arena)
{
	unsigned int word = BIN_WORDS, bin, left = BIN_SCAN_MAX;
	const struct free_run *run;
	size_t largest = 0;

	while (word > 0 && !arena->bins_used[word - 1])
		word--;
	if (word == 0)
		return 0;
	bin = word * 64 - 1 -
	      (unsigned int)__builtin_clzll(arena->bins_used[word - 1]);
	for (run = arena->bins[bin]; run && left; run = run->list.next, left--)
		if (run->units > largest)
			largest = run->units;
	return largest;
}

/*
 * Cuts `units` out of a free run, behind `skip` units. The free run's own
 * descriptor goes to what is left behind the cut, which so keeps its age on the
 * list of dirty runs, or else to the cut itself:
 *
 *	free run:	| skip .......|  units   | rest ...... |
 *	descriptors:	| front (new) | cut (new)| run         |
 *	no rest:	| front (new) | run, which is the cut  |
 *
 * All descriptors are taken before anything is changed, so that the run is as
 * it was where they are used up. What is dirty goes with the parts in which it
 * lies. The cut is told its part, too, so that no more is cleared than must be.
 */
static struct run *run_cut_from(struct arena *arena, struct free_run *run,
				size_t skip, size_t units)
{
	uintptr_t start = run_start(&run->run);
	uintptr_t cut_start = start + (skip << UNIT_SHIFT);
	uintptr_t cut_end = cut_start + (units << UNIT_SHIFT);
	struct free_run *front = NULL;
	struct run *cut = &run->run;
	struct span dirty[2];

	if (skip) {
		front = (struct free_run *)descriptor_take(arena);
		if (!front)
			return NULL;
	}
	dirty[0] = run->dirty[0];
	dirty[1] = run->dirty[1];
	if (skip + units < run->units) {
		cut = descriptor_take(arena);
		if (!cut) {
			if (front)
				descriptor_give(arena, &front->run);
			return NULL;
		}
		run_rebin(arena, run, run->units - skip - units);
		run->origin = cut_end;
		run_clip_dirty(arena, run);
		DEQUE_INSERT_BEFORE(&arena->phys, &run->run, cut, phys);
	} else {
		run_unbin(arena, run);
		run_clear_dirty(arena, run);
	}
	cut->origin = cut_start;
	cut->units = (uint32_t)units;
	run_tell_touched(arena, cut, dirty);
	if (front) {
		front->origin = start;
		front->units = (uint32_t)skip;
		front->dirty[0] = front->dirty[1] = SPAN_NONE;
		DEQUE_INSERT_BEFORE(&arena->phys, cut, &front->run, phys);
		run_bin(arena, front);
		run_put_dirty(arena, front, dirty);
	}
	cut->flags = 0;
	return cut;
}

void run_reach(struct arena *arena, uintptr_t end)
{
	size_t from, to;

	if (end <= arena->high_water)
		return;
	if (arena->map && !arena_in_window(arena)) {
		from = arena->map->limit;
		to = (end - arena->map->base) >> UNIT_SHIFT;
		memory_zero(&arena->map->distance[from],
			    (to - from) * sizeof(uintptr_t));
		/* relaxed: whose block is there was given it after this */
		atomic_write(&arena->map->limit, to);
	}
	arena->high_water = end;
}

static struct run *run_cut_of(struct arena *arena, struct free_run *run,
			      const struct run_request *request)
{
	size_t skip = run_fits(run, request);
	size_t dirty = arena->instance->units_dirty;
	struct run *cut;

	mi_assert(skip != SIZE_MAX);
	cut = run_cut_from(arena, run, skip, request->units);
	if (!cut)
		return NULL;
	budget_cut(arena, run_start(cut), run_end(cut), dirty);
	cut->kind = (uint8_t)request->kind;
	track_touch((void *)run_start(cut), run_bytes(cut));
	arena->units_free -= request->units;
	if (unlikely(run_end(cut) > arena->high_water))
		run_reach(arena, run_end(cut));
	return cut;
}

struct run *run_cut(struct arena *arena, const struct run_request *request)
{
	struct free_run *run = run_find(arena, request);

	return likely(run) ? run_cut_of(arena, run, request) : NULL;
}

struct run *run_cut_front(struct arena *arena, struct free_run *run)
{
	const struct run_request request = {
		.units = 1, .align_units = 1, .kind = RUN_META,
	};

	return run_cut_of(arena, run, &request);
}

void run_move(struct arena *arena, struct free_run *run, struct run *slot)
{
	struct free_run *to = (struct free_run *)slot;

	*to = *run;
	DEQUE_RELINK(&arena->phys, slot, phys);
	LIST_RELINK(arena->bins[to->bin], to, list);
	if (to->flags & RUN_DIRTY)
		DEQUE_RELINK(&arena->dirty, to, age);
	descriptor_give(arena, &run->run);
}

/*
 * The descriptors of free runs gather in the first chunk: otherwise each of
 * many chunks could be kept by one of them, and in turn keep it from joining.
 */
static void run_settle(struct arena *arena, struct free_run *run)
{
	struct run *slot = descriptor_take_first(arena->pool, &run->run);

	if (slot)
		run_move(arena, run, slot);
}

/* A run that is gone: a neighbour has taken its units in */
static void run_dissolve(struct arena *arena, struct run *run)
{
	DEQUE_REMOVE(&arena->phys, run, phys);
	descriptor_give(arena, run);
}

/* A free run takes in the free run behind it, and what is dirty there */
static void run_join(struct arena *arena, struct free_run *run,
		     struct free_run *next)
{
	struct span dirty[2];

	run_take_dirty(arena, next, dirty);
	run_unbin(arena, next);
	run_rebin(arena, run, run->units + next->units);
	run_dissolve(arena, &next->run);
	run_put_dirty(arena, run, dirty);
}

/* A run that nobody uses any more becomes a free run of its own */
static struct free_run *run_begin_free(struct arena *arena, struct run *run)
{
	struct free_run *free = (struct free_run *)run;

	run->owner = 0;
	run->flags = 0;
	free->dirty[0] = free->dirty[1] = SPAN_NONE;
	run_bin(arena, free);
	return free;
}

/*
 * No two free runs touch, so that a free run is as large as it can be. What the
 * run is put beside keeps its descriptor and grows, and the run's own goes:
 *
 * - A free run is before it: that grows at its end. Where one is behind as
 *   well, these two touch now, and become one.
 * - One is behind it only: that grows at its start.
 * - Neither: the run is a free run of its own, with its descriptor.
 */
void run_put(struct arena *arena, struct run *run, bool dirty)
{
	struct free_run *prev = free_run_of(run->phys.prev);
	struct free_run *next = free_run_of(run->phys.next), *free;
	uintptr_t start = run_start(run), end = run_end(run);

	mi_assert(run->block_size == 0);
	arena->units_free += run->units;
	if (prev) {
		free = prev;
		run_rebin(arena, prev, prev->units + run->units);
		run_dissolve(arena, run);
		if (next)
			run_join(arena, prev, next);
	} else if (next) {
		free = next;
		next->origin = start;
		run_rebin(arena, next, next->units + run->units);
		run_dissolve(arena, run);
	} else {
		free = run_begin_free(arena, run);
	}
	if (dirty)
		run_add_dirty(arena, free, start, end);
	run_settle(arena, free);
}

struct run *run_split(struct arena *arena, struct run *run, size_t units)
{
	struct run *rest = descriptor_take(arena);

	if (!rest)
		return NULL;
	rest->origin = run_start(run) + (units << UNIT_SHIFT);
	rest->units = (uint32_t)(run->units - units);
	rest->kind = run->kind;
	run->units = (uint32_t)units;
	DEQUE_INSERT_BEHIND(&arena->phys, run, rest, phys);
	return rest;
}

bool run_grow(struct arena *arena, struct run *run, size_t units)
{
	struct free_run *next = free_run_of(run->phys.next);
	uintptr_t end = run_end(run) + (units << UNIT_SHIFT);
	size_t dirty = arena->instance->units_dirty;

	if (!run_may_grow(run, units))
		return false;
	if (next->units == units) {
		run_clear_dirty(arena, next);
		run_unbin(arena, next);
		run_dissolve(arena, &next->run);
	} else {
		run_rebin(arena, next, next->units - units);
		next->origin = end;
		run_clip_dirty(arena, next);
	}
	track_touch((void *)run_end(run), units << UNIT_SHIFT);
	budget_cut(arena, run_end(run), end, dirty);
	run->units += (uint32_t)units;
	arena->units_free -= units;
	run_reach(arena, end);
	return true;
}
