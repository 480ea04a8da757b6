/* SPDX-License-Identifier: BSD-3-Clause */
/* The validators of an instance: of its arenas, their runs and the slab. */
#include "valid.h"

static struct arena *arena;
static struct large *large;
/* before | gap | behind: the gap is free, and all of it is dirty */
static struct run *before, *behind;
static struct free_run *gap;

static struct run *units(size_t count)
{
	const struct run_request request = {
		.units = count, .align_units = 1, .kind = RUN_PALLOC,
	};
	struct run *run = instance_run_alloc(&instance, &request);

	assert_non_null(run);
	return run;
}

static int begin(void **state)
{
	struct run *middle;
	void *block;

	(void)state;
	valid_begin();
	arena = instance.arenas;
	block = heap_malloc(&heap, 100 * KIB);
	large = large_of_run(block_run_quiet(&instance, block));
	before = units(3);
	middle = units(3);
	behind = units(3);
	instance_run_free(&instance, middle);
	gap = free_run_of(before->phys.next);
	assert_non_null(gap);
	assert_ptr_equal(gap->phys.next, behind);
	assert_int_equal(gap->units, 3);
	assert_true(gap->flags & RUN_DIRTY);
	assert_int_equal(gap->dirty[0].to - gap->dirty[0].from, gap->units);
	assert_true(all_is_valid(&instance));
	return 0;
}

/* -------- runs of every kind -------- */

static void runs_of_an_arena(void **state)
{
	static struct run none;

	(void)state;
	change(before->arena_number, arena->number + 1);
	instance_notices("a run of another arena");
	change(before->kind, RUN_NONE);
	instance_notices("a run whose descriptor is not in use");
	change(before->units, before->units - 1);
	instance_notices("a run that does not reach the next one");
	change(before->units, before->units + 1);
	instance_notices("a run that reaches into the next one");
	change(behind->phys.prev, before);
	instance_notices("a run that the next one does not know");
	none = *before;
	none.origin = run_end(before);
	none.units = 0;
	none.phys.prev = before;
	none.phys.next = &gap->run;
	change(before->phys.next, &none);
	change(gap->phys.prev, &none);
	instance_notices("a run of no units");
	change(before->flags, before->flags | RUN_PROMISED);
	instance_notices("a promise that is not counted");
	change(instance.units_promised, instance.units_promised + 1);
	instance_notices("a promise that no run has made");
}

static void ends_of_an_arena(void **state)
{
	(void)state;
	change(arena->start, arena->start - UNIT_SIZE);
	instance_notices("an arena that starts before its first run");
	change(arena->end, arena->end + UNIT_SIZE);
	instance_notices("an arena that ends behind its last run");
	change(arena->phys.first->phys.prev, before);
	instance_notices("a run before the first");
	change(arena->phys.last, before);
	instance_notices("a last run with others behind it");
}

/* A free that comes to what is no page has to stop there */
static void runs_are_void(void **state)
{
	struct run *runs[4], *run;
	size_t i;

	(void)state;
	runs[0] = before;
	runs[1] = &gap->run;
	runs[2] = &large->run;
	runs[3] = &arena->first_chunk->run;
	for (i = 0; i < ARRAY_LENGTH(runs); i++) {
		run = runs[i];
		change(run->credit, 1);
		instance_notices("a credit of what is no page");
		change(run->reciprocal, 1);
		instance_notices("a reciprocal of what is no page");
		change(run->block_size, BLOCK_ALIGN);
		change(run->origin, run->origin - BLOCK_ALIGN);
		instance_notices("blocks in what is no page");
	}
}

static void large_runs(void **state)
{
	(void)state;
	change(large->block, run_start(&large->run) + UNIT_SIZE);
	instance_notices("a large block behind its first unit");
	change(large->block, run_start(&large->run) - BLOCK_ALIGN);
	instance_notices("a large block before its run");
	/* while it is made it has none */
	change(large->block, NULL);
	assert_true(instance_is_valid(&instance));
	undo();
}

/* -------- free runs -------- */

static void free_runs(void **state)
{
	struct free_run *beside = (struct free_run *)before;

	(void)state;
	change(gap->owner, heap.owner);
	instance_notices("a free run with an owner");
	/* in the bin of the gap, and counted */
	change(before->kind, RUN_FREE);
	change(beside->bin, gap->bin);
	change(beside->list.next, gap);
	change(beside->list.prev, NULL);
	change(gap->list.prev, beside);
	change(arena->bins[gap->bin], beside);
	change(arena->units_free, arena->units_free + before->units);
	instance_notices("a free run beside another");
}

static void dirty_parts(void **state)
{
	struct span *first = &gap->dirty[0], *second = &gap->dirty[1];

	(void)state;
	change(first->from, first->from - 1);
	change(first->to, first->to - 1);
	instance_notices("a dirty part before the run");
	change(first->from, first->from + 1);
	change(first->to, first->to + 1);
	instance_notices("a dirty part behind the run");
	change(instance.units_dirty, instance.units_dirty - gap->units);
	change(first->from, first->to);
	instance_notices("a dirty part of no units");
	change(instance.units_dirty, instance.units_dirty - 1);
	change(second->from, first->from + 2);
	change(second->to, first->from + 3);
	change(first->to, first->from + 1);
	assert_true(instance_is_valid(&instance));
	undo();
	change(second->from, first->to - 1);
	change(second->to, first->to);
	change(first->to, first->to - 1);
	instance_notices("two dirty parts that are one");
	change(instance.units_dirty, instance.units_dirty + 1);
	change(second->from, first->to + 1);
	change(second->to, first->to + 2);
	instance_notices("a second dirty part behind the run");
	change(gap->flags, gap->flags & ~RUN_DIRTY);
	instance_notices("a dirty part that is counted and not there");
	change(instance.units_dirty, instance.units_dirty + 1);
	instance_notices("a dirty unit of no run");
}

static void bins(void **state)
{
	unsigned int bin = gap->bin, word = bin / 64;
	uint64_t bit = UINT64_C(1) << (bin % 64);

	(void)state;
	assert_null(gap->list.next);
	change(gap->bin, bin + 1);
	instance_notices("a free run in another bin than it says");
	change(gap->list.prev, gap);
	instance_notices("a first run of a bin with one before it");
	change(arena->bins_used[word], arena->bins_used[word] & ~bit);
	instance_notices("a bin that is used, and no bit of it");
	change(arena->bins[bin], NULL);
	instance_notices("a bit of a bin that is empty");
	change(arena->bins[bin], NULL);
	change(arena->bins_used[word], arena->bins_used[word] & ~bit);
	instance_notices("a free run in no bin");
	change(arena->bins[bin], NULL);
	change(arena->bins_used[word], arena->bins_used[word] & ~bit);
	change(arena->units_free, arena->units_free - gap->units);
	instance_notices("a free run in no bin that is not counted");
	/* as many units of another run are free, and in no bin */
	change(gap->kind, RUN_PURGING);
	change(instance.units_dirty, instance.units_dirty - gap->units);
	change(before->kind, RUN_FREE);
	assert_int_equal(before->units, gap->units);
	instance_notices("a run in a bin that is out of service");
	change(arena->units_free, arena->units_free + 1);
	instance_notices("a free unit of no run");
}

/* -------- the slab -------- */

static void chunks_with_free_slots(void **state)
{
	static struct chunk other = {
		.kind = RUN_META, .slots = 1, .used = 1,
	};
	struct chunk *chunk = arena->first_chunk;
	struct slot *slot = chunk->free;
	size_t count = (size_t)chunk->slots - chunk->used;

	(void)state;
	assert_ptr_equal(arena->chunks.first, chunk);
	assert_true(count > 0 && arena->descriptors_free == count);
	change(chunk->used, chunk->used + 1);
	change(arena->descriptors_free, count - 1);
	instance_notices("a chunk with more slots used than are");
	change(chunk->used, chunk->used - 1);
	change(arena->descriptors_free, count + 1);
	instance_notices("a chunk with fewer slots used than are");
	change(chunk->kind, RUN_PALLOC);
	instance_notices("a chunk of another kind");
	change(slot->run.kind, RUN_PALLOC);
	instance_notices("a free slot with a kind");
	change(slot->next, slot);
	instance_notices("a list of slots without an end");
	change(chunk->free, NULL);
	change(chunk->used, chunk->slots);
	change(arena->descriptors_free, 0);
	instance_notices("a list of chunks with one that is used up");
	change(chunk->list.prev, chunk);
	instance_notices("a first chunk with one before it");
	change(arena->descriptors_free, count + 1);
	instance_notices("a free descriptor of no chunk");
	change(arena->first_chunk, &other);
	instance_notices("a chunk that describes another unit");
}

/* The first chunk is looked at where it is on no list, too */
static void chunk_that_is_used_up(void **state)
{
	struct chunk *chunk = arena->first_chunk;
	size_t i;

	(void)state;
	for (i = 0; i < 100 && chunk->free; i++)
		(void)units(1);
	assert_null(chunk->free);
	assert_ptr_not_equal(arena->chunks.first, chunk);
	assert_true(all_is_valid(&instance));
	change(chunk->used, chunk->used - 1);
	instance_notices("a first chunk with fewer slots used than are");
	change(chunk->kind, RUN_PALLOC);
	instance_notices("a first chunk of another kind");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(runs_of_an_arena),
		T(ends_of_an_arena),
		T(runs_are_void),
		T(large_runs),
		T(free_runs),
		T(dirty_parts),
		T(bins),
		T(chunks_with_free_slots),
		T(chunk_that_is_used_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
