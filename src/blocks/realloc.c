/* SPDX-License-Identifier: BSD-3-Clause */
#include "blocks/blocks.h"

/* From this size on contents are moved by exchanging mappings */
#define MOVE_BYTES_MIN		((size_t)1 << 20)

static bool resize(struct instance *instance, struct run *run, void *p,
		   size_t size)
{
	size_t shift, units;

	if (run->kind != RUN_LARGE)
		return size <= run->block_size;
	if (size > port_request_max())
		return false;
	shift = (uintptr_t)p - run_start(run);
	units = units_of(shift + (size ? size : 1));
	if (units > run->units)
		return units <= UINT32_MAX &&
		       instance_run_grow(instance, run, units - run->units);
	if (units < run->units)
		instance_run_shrink(instance, run, units);
	return true;
}

/* To tools that watch it is free meanwhile: another thread may get its end */
bool block_resize(struct instance *instance, struct run *run, void *p,
		  size_t size)
{
	bool resized;

	if (!MI_TRACK)
		return resize(instance, run, p, size);
	track_free(p, block_usable(run));
	resized = resize(instance, run, p, size);
	track_alloc(p, block_usable(run), true);
	return resized;
}

/* Neither wastes half of the block nor keeps a run for a small block */
static bool stays(const struct run *run, size_t usable, size_t size)
{
	if (run->kind == RUN_LARGE)
		return size > CLASSED_SIZE_MAX || usable <= UNIT_SIZE;
	return size <= usable && size >= usable / 2;
}

/* Memory that was handed over may be shared: its mappings stay */
static bool mappings_may_move(struct instance *instance,
			      const struct run *run)
{
	return run->kind == RUN_LARGE &&
	       !arena_by_number(instance, run->arena_number)->fixed;
}

/*
 * Moves what is in whole pages of the system, if the port can. The rest is
 * copied first: what was moved cannot be read any more.
 */
static enum port_moved contents_exchange(struct instance *instance,
					 struct run *to, struct run *from,
					 size_t bytes)
{
	size_t whole = align_down(bytes, port_page_bytes());
	char *target = large_of_run(to)->block, *source = large_of_run(from)->block;
	enum port_moved moved;

	if (!instance_move_begin(instance, to))
		return PORT_NOT_MOVED;
	memory_copy(target + whole, source + whole, bytes - whole);
	moved = port_move(target, source, whole);
	instance_move_end(instance, moved == PORT_MOVED ||
			  moved == PORT_MOVED_AWAY ? from : to);
	return moved;
}

static bool unit_is_zero(const char *unit)
{
	const uintptr_t *word = (const uintptr_t *)unit;
	size_t i = 0;

	while (i < UNIT_SIZE / sizeof(*word) &&
	       (word[i] | word[i + 1] | word[i + 2] | word[i + 3]) == 0)
		i += 4;
	return i == UNIT_SIZE / sizeof(*word);
}

/*
 * Whole units that are zero are not written to units that are zero: what was
 * touched on neither side stays untouched.
 */
static void copy_units(char *to, const char *from, size_t bytes)
{
	size_t whole = align_down(bytes, port_page_bytes());

	if (port_copy_touched(to, from, whole)) {
		to += whole;
		from += whole;
		bytes -= whole;
	}
	for (; bytes >= UNIT_SIZE; bytes -= UNIT_SIZE) {
		if (!unit_is_zero(from) || !unit_is_zero(to))
			memory_copy(to, from, UNIT_SIZE);
		to += UNIT_SIZE;
		from += UNIT_SIZE;
	}
	memory_copy(to, from, bytes);
}

static enum port_moved contents_move(struct instance *instance,
				     struct run *run, void *to,
				     struct run *old, void *from,
				     size_t bytes)
{
	enum port_moved moved = PORT_NOT_MOVED;

	if (bytes >= MOVE_BYTES_MIN && mappings_may_move(instance, run) &&
	    mappings_may_move(instance, old))
		moved = contents_exchange(instance, run, old, bytes);
	if (moved != PORT_NOT_MOVED)
		return moved;
	if (bytes >= MOVE_BYTES_MIN &&
	    (((uintptr_t)to | (uintptr_t)from) & (UNIT_SIZE - 1)) == 0)
		copy_units(to, from, bytes);
	else
		memory_copy(to, from, bytes);
	return moved;
}

/* What is larger than before, or than its size, is zero: see heap_realloc() */
static void *realloc_here(struct instance *instance, struct run *run,
			  void *p, size_t size, bool zero)
{
	size_t usable = block_usable(run), new_usable;

	if (!block_resize(instance, run, p, size))
		return NULL;
	new_usable = block_usable(run);
	if (zero && size < usable && size < new_usable)
		memory_zero((char *)p + size, (new_usable < usable ?
			    new_usable : usable) - size);
	if (zero && new_usable > usable)
		memory_zero((char *)p + usable, new_usable - usable);
	return p;
}

static void *realloc_elsewhere(struct heap *heap, struct instance *instance,
			       struct run *run, void *p, size_t size,
			       bool zero)
{
	size_t usable = block_usable(run), kept, new_usable;
	enum port_moved how;
	struct run *to;
	void *moved;

	kept = usable < size ? usable : size;
	do {	/* bounded: each round a target is lost to the system */
		moved = heap_malloc(heap, size);
		if (unlikely(!moved))
			return NULL;
		to = block_run_quiet(instance, moved);
		new_usable = block_usable(to);
		if (MI_TRACK) {
			track_touch(moved, new_usable);
			track_touch(p, usable);
		}
		how = contents_move(instance, to, moved, run, p, kept);
		if (unlikely(how == PORT_MOVE_LOST))
			large_lose(instance, large_of_run(to));
	} while (unlikely(how == PORT_MOVE_LOST));
	if (zero)
		memory_zero((char *)moved + kept, new_usable - kept);
	if (MI_TRACK) {
		track_block(instance, moved, true);
		track_unblock(instance, p);
	}
	if (unlikely(how == PORT_MOVED_AWAY))
		large_lose(instance, large_of_run(run));
	else
		instance_free(instance, p);
	return moved;
}

/*
 * With `zero`, the block was zero to its end when it was made, and stays
 * zero beyond its size: what is cut off is cleared, what is added is zero.
 */
void *heap_realloc(struct heap *heap, void *p, size_t size, bool zero)
{
	struct instance *instance;
	struct run *run;
	void *result;

	if (!p)
		return zero ? heap_zalloc(heap, size) : heap_malloc(heap, size);
	instance = heap_instance(heap);
	run = block_run(instance, p, "realloc");
	if (unlikely(!run))
		return NULL;
	if (stays(run, block_usable(run), size)) {
		result = realloc_here(instance, run, p, size, zero);
		if (likely(result))
			return result;
	}
	result = realloc_elsewhere(heap, instance, run, p, size, zero);
	/* no memory, but what is there is large enough, or too large */
	if (unlikely(!result) && size <= block_usable(run))
		result = realloc_here(instance, run, p, size, zero);
	return result;
}
