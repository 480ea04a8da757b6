/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The dirty parts of a free run: what may have been touched since the system
 * handed it out. Runs with one stand on a list, oldest first, and their units
 * are counted, for purge.c.
 *
 *	| clean | dirty[0] | clean | dirty[1] | clean |
 *
 * A run knows two of them. Where a third one comes, the two with the smallest
 * gap become one, and what is clean between them counts as dirty.
 */
#include "runs/runs.h"

static struct span span_of(const struct arena *arena, uintptr_t start,
			   uintptr_t end)
{
	return (struct span) {
		.from = (uint32_t)((start - arena->start) >> UNIT_SHIFT),
		.to = (uint32_t)((end - arena->start) >> UNIT_SHIFT),
	};
}

size_t run_dirty_units(const struct free_run *run)
{
	return (size_t)(run->dirty[0].to - run->dirty[0].from) +
	       (run->dirty[1].to - run->dirty[1].from);
}

/* `second` is empty where `first` is. The run's age stays */
static void dirty_set(struct arena *arena, struct free_run *run,
		      struct span first, struct span second)
{
	arena->instance->units_dirty -= run_dirty_units(run);
	run->dirty[0] = first;
	run->dirty[1] = second;
	arena->instance->units_dirty += run_dirty_units(run);
	if (first.to) {
		if (run->flags & RUN_DIRTY)
			return;
		run->flags |= RUN_DIRTY;
		DEQUE_APPEND(&arena->dirty, run, age);
	} else if (run->flags & RUN_DIRTY) {
		run->flags &= (uint8_t)~RUN_DIRTY;
		DEQUE_REMOVE(&arena->dirty, run, age);
	}
}

void run_clear_dirty(struct arena *arena, struct free_run *run)
{
	if (run->flags & RUN_DIRTY)
		dirty_set(arena, run, SPAN_NONE, SPAN_NONE);
}

static struct span span_clip(struct span span, struct span to)
{
	if (span.from < to.from)
		span.from = to.from;
	if (span.to > to.to)
		span.to = to.to;
	return span.from < span.to ? span : SPAN_NONE;
}

void run_clip_dirty(struct arena *arena, struct free_run *run)
{
	const struct span own = span_of(arena, run_start(&run->run),
					run_end(&run->run));
	struct span first, second;

	if (!(run->flags & RUN_DIRTY))
		return;
	first = span_clip(run->dirty[0], own);
	second = span_clip(run->dirty[1], own);
	if (!first.to) {
		first = second;
		second = SPAN_NONE;
	}
	dirty_set(arena, run, first, second);
}

/* Of three spans in order, or two: those that touch, or else are nearest */
static void spans_join(struct span *spans, unsigned int i)
{
	if (spans[i].to < spans[i + 1].to)
		spans[i].to = spans[i + 1].to;
	spans[i + 1] = i == 0 ? spans[2] : SPAN_NONE;
	spans[2] = SPAN_NONE;
}

static void dirty_add(struct arena *arena, struct free_run *run,
		      struct span span)
{
	struct span spans[3] = { run->dirty[0], run->dirty[1], SPAN_NONE };
	unsigned int i = spans[1].to ? 2 : 1;

	for (; i > 0 && spans[i - 1].from > span.from; i--)
		spans[i] = spans[i - 1];
	spans[i] = span;
	if (spans[2].to && spans[1].to >= spans[2].from)
		spans_join(spans, 1);
	if (spans[0].to >= spans[1].from)
		spans_join(spans, 0);
	if (spans[2].to)
		spans_join(spans, spans[2].from - spans[1].to <
				  spans[1].from - spans[0].to);
	dirty_set(arena, run, spans[0], spans[1]);
	/* the youngest of all */
	DEQUE_REMOVE(&arena->dirty, run, age);
	DEQUE_APPEND(&arena->dirty, run, age);
}

/*
 * A fixed arena is never purged, nor known to be zero. Nor is any one where
 * Unikraft has no demand paging: there is nobody to give memory back to, and
 * the dirty parts would be kept for nothing.
 */
static bool arena_knows_dirty(const struct arena *arena)
{
	return !arena->fixed && (PORT_MAP_WINDOW || arena->fresh_is_zero ||
				 arena->instance->config.purge_enabled);
}

void run_add_dirty(struct arena *arena, struct free_run *run, uintptr_t start,
		   uintptr_t end)
{
	if (!arena_knows_dirty(arena))
		return;
	if (run->flags & RUN_DIRTY)
		dirty_add(arena, run, span_of(arena, start, end));
	else
		dirty_set(arena, run, span_of(arena, start, end), SPAN_NONE);
}

void run_take_dirty(struct arena *arena, struct free_run *run,
		    struct span *dirty)
{
	dirty[0] = run->dirty[0];
	dirty[1] = run->dirty[1];
	run_clear_dirty(arena, run);
}

void run_put_dirty(struct arena *arena, struct free_run *run,
		   const struct span *dirty)
{
	const struct span own = span_of(arena, run_start(&run->run),
					run_end(&run->run));
	struct span span;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		span = span_clip(dirty[i], own);
		if (!span.to)
			continue;
		if (run->flags & RUN_DIRTY)
			dirty_add(arena, run, span);
		else
			dirty_set(arena, run, span, SPAN_NONE);
	}
}

void run_tell_touched(const struct arena *arena, struct run *cut,
		      const struct span *dirty)
{
	struct free_run *view = (struct free_run *)cut;
	const struct span own = span_of(arena, run_start(cut), run_end(cut));
	struct span first, second;

	if (!arena->fresh_is_zero) {
		view->touched_start = run_start(cut);
		view->touched_end = run_end(cut);
		return;
	}
	first = span_clip(dirty[0], own);
	second = span_clip(dirty[1], own);
	if (!first.to)
		first = second;
	if (second.to)
		first.to = second.to;
	view->touched_start = arena->start +
			      ((uintptr_t)first.from << UNIT_SHIFT);
	view->touched_end = arena->start + ((uintptr_t)first.to << UNIT_SHIFT);
}
