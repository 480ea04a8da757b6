/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs of one arena: two-level segregated fit (Masmano et al. 2004) over
 * descriptors instead of tags in memory.
 *
 * No two free runs touch. Each free run stands in the bin of its size:
 * exact for 1..15 units, an eighth of an octave above.
 */
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

static void run_bin(struct arena *arena, struct page *run)
{
	unsigned int bin = bin_of(run->units);

	run->kind = RUN_FREE;
	run->class = (uint8_t)bin;
	LIST_PUSH(arena->bins[bin], run, list);
	arena->bins_used[bin / 64] |= UINT64_C(1) << (bin % 64);
}

void run_unbin(struct arena *arena, struct page *run)
{
	unsigned int bin = run->class;

	LIST_REMOVE(arena->bins[bin], run, list);
	if (!arena->bins[bin])
		arena->bins_used[bin / 64] &= ~(UINT64_C(1) << (bin % 64));
}

/* After the size of a binned run has changed */
static void run_rebin(struct arena *arena, struct page *run, size_t units)
{
	if (bin_of(units) == run->class) {
		run->units = (uint32_t)units;
		return;
	}
	run_unbin(arena, run);
	run->units = (uint32_t)units;
	run_bin(arena, run);
}

/* Units to skip at the front of a free run for the request, or SIZE_MAX */
static size_t run_fits(const struct page *run, const struct run_request *r)
{
	size_t unit = run_start(run) >> UNIT_SHIFT;
	size_t skip = (0 - (unit + r->phase_units)) & (r->align_units - 1);

	if (skip > run->units || run->units - skip < r->units)
		return SIZE_MAX;
	return skip;
}

static struct page *bin_scan(struct page *run, const struct run_request *r)
{
	unsigned int left = BIN_SCAN_MAX;

	for (; run && left; run = run->list.next, left--)
		if (run_fits(run, r) != SIZE_MAX)
			return run;
	return NULL;
}

static struct page *run_find(const struct arena *arena,
			     const struct run_request *r)
{
	unsigned int bin, sure;
	struct page *run;

	if (unlikely(r->units > arena->units_free))
		return NULL;
	sure = bin_next_used(arena, bin_above(r->units + r->align_units - 1));
	if (likely(sure < BIN_COUNT))
		return arena->bins[sure];
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
	const struct page *run;
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
 *	run:    | skip | request | rest |
 *	after:  | skip, free | cut | run, free |
 */
static struct page *run_cut_from(struct arena *arena, struct page *run,
				 size_t skip, size_t units)
{
	uintptr_t start = run_start(run);
	uintptr_t cut_start = start + (skip << UNIT_SHIFT);
	uintptr_t cut_end = cut_start + (units << UNIT_SHIFT);
	bool touched = (run->flags & PAGE_AGED) &&
		       run->dirty_start < cut_end && run->dirty_end > cut_start;
	struct page *cut = NULL, *front = NULL;
	uintptr_t dirty_start = run->dirty_start;
	uintptr_t dirty_end = run->dirty_end;

	if (skip) {
		front = descriptor_take(arena);
		if (!front)
			return NULL;
		front->origin = start;
		front->units = (uint32_t)skip;
		front->dirty_start = front->dirty_end = 0;
	}
	if (skip + units < run->units) {
		cut = descriptor_take(arena);
		if (!cut) {
			if (front)
				descriptor_give(arena, front);
			return NULL;
		}
		cut->origin = cut_start;
		cut->units = (uint32_t)units;
		run_rebin(arena, run, run->units - skip - units);
		run->origin = cut_end;
		run_clip_dirty(arena, run, cut_end, UINTPTR_MAX);
		DEQUE_INSERT_BEFORE(&arena->phys, run, cut, phys);
	} else {
		run_unbin(arena, run);
		run_set_dirty(arena, run, 0, 0);
		cut = run;
		cut->origin = cut_start;
		cut->units = (uint32_t)units;
	}
	if (front) {
		DEQUE_INSERT_BEFORE(&arena->phys, cut, front, phys);
		run_bin(arena, front);
		if (dirty_end > cut_start)
			dirty_end = cut_start;
		if (dirty_start < dirty_end)
			run_set_dirty(arena, front, dirty_start, dirty_end);
	}
	cut->owner = 0;
	cut->heap = NULL;
	cut->flags = !touched && arena->fresh_is_zero ? RUN_ZERO : 0;
	return cut;
}

void run_reach(struct arena *arena, uintptr_t end)
{
	size_t from, to;

	if (end <= arena->high_water)
		return;
	if (arena->map && !arena->map_is_window) {
		from = (arena->high_water - arena->map_base) >> UNIT_SHIFT;
		to = (end - arena->map_base) >> UNIT_SHIFT;
		memory_zero(&arena->map->distance[from],
			    (to - from) * sizeof(uintptr_t));
	}
	arena->high_water = end;
	if (!PORT_MAP_WINDOW && arena->instance->map == arena->map)
		arena->instance->map_limit =
			(end - arena->map_base) >> UNIT_SHIFT;
}

static struct page *run_cut_of(struct arena *arena, struct page *run,
			       const struct run_request *request)
{
	size_t skip = run_fits(run, request);
	struct page *cut;

	mi_assert(skip != SIZE_MAX);
	cut = run_cut_from(arena, run, skip, request->units);
	if (!cut)
		return NULL;
	cut->kind = (uint8_t)request->kind;
	track_touch((void *)run_start(cut), run_bytes(cut));
	arena->units_free -= request->units;
	if (unlikely(run_end(cut) > arena->high_water))
		run_reach(arena, run_end(cut));
	return cut;
}

struct page *run_cut(struct arena *arena, const struct run_request *request)
{
	struct page *run = run_find(arena, request);

	return likely(run) ? run_cut_of(arena, run, request) : NULL;
}

struct page *run_cut_front(struct arena *arena, struct page *run)
{
	const struct run_request request = {
		.units = 1, .align_units = 1, .kind = RUN_META,
	};

	return run_cut_of(arena, run, &request);
}

void run_move(struct arena *arena, struct page *run, struct page *to)
{
	*to = *run;
	DEQUE_RELINK(&arena->phys, to, phys);
	LIST_RELINK(arena->bins[to->class], to, list);
	if (to->flags & PAGE_AGED)
		DEQUE_RELINK(&arena->age, to, age);
}

/*
 * The descriptors of free runs gather in the first chunk: otherwise each of
 * many chunks could be kept by one of them, and in turn keep it from joining.
 */
static void run_settle(struct arena *arena, struct page *run)
{
	struct page *to = descriptor_take_first(arena->pool, run);

	if (!to)
		return;
	run_move(arena, run, to);
	descriptor_give(arena, run);
}

void run_put(struct arena *arena, struct page *run, bool dirty)
{
	struct page *next = run->phys.next, *prev = run->phys.prev, *gone;
	uintptr_t start = run_start(run), end = run_end(run);
	uintptr_t dirty_start = 0, dirty_end = 0;

	mi_assert(run->block_size == 0);
	arena->units_free += run->units;
	run->owner = 0;
	run->flags = 0;
	run->dirty_start = run->dirty_end = 0;
	if (dirty) {
		dirty_start = start;
		dirty_end = end;
	}
	if (next && next->kind == RUN_FREE) {
		next->origin = start;
		run_rebin(arena, next, next->units + run->units);
		gone = run;
		DEQUE_REMOVE(&arena->phys, run, phys);
		run = next;
	} else if (prev && prev->kind == RUN_FREE) {
		run_rebin(arena, prev, prev->units + run->units);
		gone = run;
		DEQUE_REMOVE(&arena->phys, run, phys);
		run = prev;
		prev = NULL;
	} else {
		gone = NULL;
		run_bin(arena, run);
		prev = NULL;
	}
	if (gone && prev && prev->kind == RUN_FREE) {
		/* free on both sides: all three become `prev` */
		uintptr_t other_start = run->dirty_start;
		uintptr_t other_end = run->dirty_end;

		if (!(prev->flags & PAGE_AGED))
			prev->flags = run->flags & RUN_GREW_UP;
		run_set_dirty(arena, run, 0, 0);
		run_unbin(arena, run);
		DEQUE_REMOVE(&arena->phys, run, phys);
		run_rebin(arena, prev, prev->units + run->units);
		run_widen_dirty(arena, prev, other_start, other_end);
		run_widen_dirty(arena, prev, dirty_start, dirty_end);
		descriptor_give(arena, run);
		run = prev;
	} else {
		run_widen_dirty(arena, run, dirty_start, dirty_end);
	}
	if (gone)
		descriptor_give(arena, gone);
	run_settle(arena, run);
}

struct page *run_split(struct arena *arena, struct page *run, size_t units)
{
	struct page *rest = descriptor_take(arena);

	if (!rest)
		return NULL;
	rest->origin = run_start(run) + (units << UNIT_SHIFT);
	rest->units = (uint32_t)(run->units - units);
	rest->kind = run->kind;
	rest->dirty_start = rest->dirty_end = 0;
	run->units = (uint32_t)units;
	DEQUE_INSERT_BEHIND(&arena->phys, run, rest, phys);
	return rest;
}

bool run_grow(struct arena *arena, struct page *run, size_t units)
{
	struct page *next = run->phys.next;
	uintptr_t end = run_end(run) + (units << UNIT_SHIFT);

	if (!run_may_grow(run, units))
		return false;
	if (next->units == units) {
		run_set_dirty(arena, next, 0, 0);
		run_unbin(arena, next);
		DEQUE_REMOVE(&arena->phys, next, phys);
		descriptor_give(arena, next);
	} else {
		run_rebin(arena, next, next->units - units);
		next->origin = end;
		run_clip_dirty(arena, next, end, UINTPTR_MAX);
	}
	track_touch((void *)run_end(run), units << UNIT_SHIFT);
	run->units += (uint32_t)units;
	arena->units_free -= units;
	run_reach(arena, end);
	return true;
}
