/* SPDX-License-Identifier: BSD-3-Clause */
#include "blocks/blocks.h"

/* From this size on contents are moved by exchanging mappings */
#define MOVE_BYTES_MIN		((size_t)1 << 20)

/* A block, and what it shall hold; with `zero` see heap_realloc() */
struct resize {
	struct instance *instance;
	struct run *run;	/* of the block */
	void *block;
	size_t size;
	bool zero;
};

/* In place, also where pages stand behind it that are empty and kept */
static bool large_grow(struct instance *instance, struct large *large,
		       size_t units)
{
	do {	/* bounded: each round some page less */
		if (instance_run_grow(instance, &large->run, units))
			return true;
	} while (heap_pages_give_way(instance, &large->run, units));
	return false;
}

static bool large_resize(struct instance *instance, struct large *large,
			 size_t size)
{
	size_t shift = (uintptr_t)large->block - run_start(&large->run), units;

	if (size > port_request_max())
		return false;
	units = units_of(shift + (size ? size : 1));
	if (units > large->units)
		return units <= UINT32_MAX &&
		       large_grow(instance, large, units - large->units);
	if (units < large->units)
		instance_run_shrink(instance, &large->run, units);
	return true;
}

/* To tools that watch it is free meanwhile: another thread may get its end */
bool block_resize(struct instance *instance, struct run *run, void *p,
		  size_t size)
{
	bool resized;

	if (run->kind != RUN_LARGE)
		return size <= run->block_size;
	if (!MI_TRACK)
		return large_resize(instance, large_of_run(run), size);
	track_free(p, block_usable(run));
	resized = large_resize(instance, large_of_run(run), size);
	track_alloc(p, block_usable(run), true);
	return resized;
}

/* Neither wastes half of the block nor keeps a run for a small block */
static bool stays(const struct run *run, size_t usable, size_t size)
{
	if (run->kind == RUN_LARGE &&
	    (size > GROWN_CLASSED_MAX || usable <= UNIT_SIZE))
		return true;
	return size <= usable && size >= usable / 2;
}

/*
 * For a block of no more than GROWN_CLASSED_MAX that grows, as it will most
 * likely grow again. Where its class has no page, one would be made for this
 * block alone, and the next one as soon as it grows: so it gets about half
 * more, and stays for a while. But not where that class has a page either, so
 * where many blocks grow a little only the first of them has too much. Of many
 * heaps none makes a page for that.
 * NULL: it gets what it needs.
 */
static void *block_with_room(struct heap *heap, size_t size)
{
	unsigned int class = size_class_of(size);
	unsigned int more = size_class_of(size + size / 2);

	/* relaxed: whether there are many heaps */
	if (heap == &empty_heap ||
	    atomic_read(&heap->instance->heap_count) > KEPT_HEAPS_MAX ||
	    (heap->page_count[class] | heap->page_count[more]))
		return NULL;
	return heap_alloc(heap, more);
}

/* A little more for a small one; quiet: NULL where that is not to be had */
static void *block_with_little_room(struct heap *heap, size_t size)
{
	unsigned int class = size_class_of(size + size / GROWN_PART);

	if (heap == &empty_heap)
		return NULL;
	if (!page_list_is_empty(heap->queues[class].first))
		return heap_malloc(heap, size_class_bytes(class));
	return heap_alloc(heap, class);
}

/*
 * A block for what does not stay. One that grows and is no small one any more
 * gets a run of its own, so that it grows in place from there on.
 */
static void *block_to_move_to(struct heap *heap, size_t size, bool grows)
{
	void *block;

	if (grows) {
		block = size > GROWN_CLASSED_MAX ?
			large_alloc(heap, size, BLOCK_ALIGN, 0, LARGE_GROWS) :
			block_with_room(heap, size);
		if (!block && size <= DIRECT_SIZE_MAX)
			block = block_with_little_room(heap, size);
		if (block || size > CLASSED_SIZE_MAX)
			return block;
	}
	return heap_malloc(heap, size);
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
					 struct large *to, struct large *from,
					 size_t bytes)
{
	size_t whole = align_down(bytes, port_page_bytes());
	char *target = to->block, *source = from->block;
	enum port_moved moved;

	if (!instance_move_begin(instance, &to->run))
		return PORT_NOT_MOVED;
	memory_copy(target + whole, source + whole, bytes - whole);
	moved = port_move(target, source, whole);
	instance_move_end(instance, moved == PORT_MOVED ||
			  moved == PORT_MOVED_AWAY ? &from->run : &to->run);
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

/* The contents go to a block at `target`, in the run `to` */
static enum port_moved contents_move(const struct resize *from, struct run *to,
				     void *target, size_t bytes)
{
	enum port_moved moved = PORT_NOT_MOVED;
	struct instance *instance = from->instance;
	uintptr_t both = (uintptr_t)target | (uintptr_t)from->block;
	bool ours = bytes >= MOVE_BYTES_MIN &&
		    mappings_may_move(instance, to) &&
		    mappings_may_move(instance, from->run);

	if (ours)
		moved = contents_exchange(instance, large_of_run(to),
					  large_of_run(from->run), bytes);
	if (moved != PORT_NOT_MOVED)
		return moved;
	if (ours && (both & (UNIT_SIZE - 1)) == 0)
		copy_units(target, from->block, bytes);
	else
		memory_copy(target, from->block, bytes);
	return moved;
}

/* What is larger than before, or than its size, is zero: see heap_realloc() */
static void *realloc_here(const struct resize *r)
{
	size_t usable = block_usable(r->run), new_usable;
	char *block = r->block;

	if (!block_resize(r->instance, r->run, block, r->size))
		return NULL;
	new_usable = block_usable(r->run);
	if (r->zero && r->size < usable && r->size < new_usable)
		memory_zero(block + r->size, (new_usable < usable ?
			    new_usable : usable) - r->size);
	if (r->zero && new_usable > usable)
		memory_zero(block + usable, new_usable - usable);
	return block;
}

static void *realloc_elsewhere(struct heap *heap, const struct resize *r)
{
	size_t usable = block_usable(r->run), kept, new_usable;
	struct instance *instance = r->instance;
	enum port_moved how;
	struct run *to;
	char *moved;

	kept = usable < r->size ? usable : r->size;
	do {	/* bounded: each round a target is lost to the system */
		moved = block_to_move_to(heap, r->size, r->size > usable);
		if (unlikely(!moved))
			return NULL;
		to = block_run_quiet(instance, moved);
		new_usable = block_usable(to);
		if (MI_TRACK) {
			track_touch(moved, new_usable);
			track_touch(r->block, usable);
		}
		how = contents_move(r, to, moved, kept);
		if (unlikely(how == PORT_MOVE_LOST))
			large_lose(instance, large_of_run(to));
	} while (unlikely(how == PORT_MOVE_LOST));
	if (r->zero)
		memory_zero(moved + kept, new_usable - kept);
	if (MI_TRACK) {
		track_block(instance, moved, true);
		track_unblock(instance, r->block);
	}
	if (unlikely(how == PORT_MOVED_AWAY))
		large_lose(instance, large_of_run(r->run));
	else
		block_free(instance, r->block);
	return moved;
}

/*
 * The short way, for most calls: a block of a page that can hold the size, and
 * of which no half would be wasted. False: more has to be looked at.
 */
static inline bool block_stays(struct instance *instance, const void *p,
			       size_t size)
{
	struct run *run = run_of(instance, p);
	size_t usable = run->block_size;	/* 0: it is no page */

	return !MI_TRACK && size - 1 < usable && size >= usable / 2 &&
	       run_starts_block(run, p) && !block_has_tag(page_of_run(run), p);
}

static NOINLINE void *realloc_slow(struct heap *heap, void *p, size_t size,
				   bool zero)
{
	struct instance *instance = heap_instance(heap);
	struct resize r = {
		.instance = instance, .run = block_run(instance, p),
		.block = p, .size = size, .zero = zero,
	};
	size_t usable;
	void *result;

	if (unlikely(!r.run))
		return block_refuse(instance, p, "realloc");
	usable = block_usable(r.run);
	if (stays(r.run, usable, size)) {
		result = realloc_here(&r);
		if (likely(result))
			return result;
	}
	result = realloc_elsewhere(heap, &r);
	/* no memory, but what is there is large enough, or too large */
	if (unlikely(!result) && size <= usable)
		result = realloc_here(&r);
	return result;
}

/*
 * With `zero`, the block was zero to its end when it was made, and stays
 * zero beyond its size: what is cut off is cleared, what is added is zero.
 */
void *heap_realloc(struct heap *heap, void *p, size_t size, bool zero)
{
	if (!p)
		return zero ? heap_zalloc(heap, size) : heap_malloc(heap, size);
	if (likely(!zero) && block_stays(heap_instance(heap), p, size))
		return p;
	return realloc_slow(heap, p, size, zero);
}
