/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs of an arena, against a model that knows each unit. */
#include "unit.h"

static struct instance instance;

static int renew(void **state)
{
	(void)state;
	instance_renew(&instance);
	return 0;
}

/* -------- random cuts -------- */

#define RUNS_MAX	600
#define UNITS_MAX	((size_t)16384)
#define WINDOW_UNITS	(MAP_WINDOW_BYTES_MIN / 8 >> UNIT_SHIFT)

struct model {
	struct check_random random;
	struct arena *arena;
	struct run *runs[RUNS_MAX];
	bool written[RUNS_MAX];		/* by the model, all of it */
	bool dirty[RUNS_MAX];		/* may be anything but zero */
	size_t count, units_cut, zero_runs, zero_parts;
	bool taken[WINDOW_UNITS];
};

static void model_take(struct model *model, const struct run *run, bool taken)
{
	size_t first = (run_start(run) - model->arena->start) >> UNIT_SHIFT;
	size_t i;

	assert_true(run_start(run) >= model->arena->start);
	assert_true(run_end(run) <= model->arena->end);
	for (i = first; i < first + run->units; i++) {
		assert_true(model->taken[i] != taken);
		model->taken[i] = taken;
	}
}

/* What the cut says is untouched reads as zero. True: that is all of it */
static bool check_untouched(struct model *model, struct run *run)
{
	const struct free_run *cut = (struct free_run *)run;
	uintptr_t start = run_start(run), end = run_end(run);

	if (cut->touched_start >= cut->touched_end) {
		assert_true(all_zero((void *)start, end - start));
		model->zero_runs++;
		return true;
	}
	assert_in_range(cut->touched_start, start, end - 1);
	assert_in_range(cut->touched_end, start + 1, end);
	assert_true(all_zero((void *)start, cut->touched_start - start));
	assert_true(all_zero((void *)cut->touched_end, end - cut->touched_end));
	if (cut->touched_end - cut->touched_start < end - start)
		model->zero_parts++;
	return false;
}

static void model_cut(struct model *model, size_t units_most)
{
	struct run_request request = {
		.units = 1 + check_log_size(&model->random, units_most),
		.align_units = 1, .kind = RUN_PALLOC,
	};
	struct arena *arena = model->arena;
	bool reads_as_zero;
	struct run *run;
	size_t largest;

	if (check_below(&model->random, 4) == 0) {
		request.align_units <<= check_below(&model->random, 9);
		request.phase_units = check_below(&model->random,
						  request.align_units);
	}
	(void)descriptors_reserve(arena);
	largest = run_largest(arena);
	run = run_cut(arena, &request);
	if (!run) {
		/* never by mistake, and never while there is room to spare */
		assert_true(largest < request.units + request.align_units - 1);
		return;
	}
	assert_int_equal(run->units, request.units);
	assert_int_equal(run->kind, RUN_PALLOC);
	assert_int_equal(((run_start(run) >> UNIT_SHIFT) + request.phase_units)
			 % request.align_units, 0);
	assert_true(arena_holds(arena, (void *)run_start(run)));
	assert_true(run_end(run) <= arena->high_water);
	model_take(model, run, true);
	reads_as_zero = check_untouched(model, run);
	/* who asks for memory need not touch it */
	model->written[model->count] = check_below(&model->random, 4) != 0;
	if (model->written[model->count])
		memset((void *)run_start(run), DIRT, run_bytes(run));
	model->dirty[model->count] = model->written[model->count] ||
				     !reads_as_zero;
	model->runs[model->count++] = run;
	model->units_cut += run->units;
}

static void model_put(struct model *model, size_t i)
{
	struct run *run = model->runs[i];

	if (model->written[i])
		assert_true(all_dirt((void *)run_start(run), run_bytes(run)));
	model_take(model, run, false);
	model->units_cut -= run->units;
	run_give_back(model->arena, run, model->dirty[i]);
	model->runs[i] = model->runs[--model->count];
	model->written[i] = model->written[model->count];
	model->dirty[i] = model->dirty[model->count];
}

/* In place: the rest of a run comes back, or more of what lies behind */
static void model_resize(struct model *model, size_t i)
{
	struct run *run = model->runs[i], *rest;
	size_t units = 1 + check_below(&model->random, run->units), before;

	if (!descriptors_reserve(model->arena))
		return;
	before = run->units;
	model_take(model, run, false);
	if (units < before && (rest = run_split(model->arena, run, units))) {
		assert_int_equal(run->units, units);
		assert_int_equal(rest->units, before - units);
		run_give_back(model->arena, rest, true);
	} else if (run_grow(model->arena, run, units)) {
		assert_int_equal(run->units, before + units);
		model->dirty[i] = true;
		if (model->written[i])
			memset((void *)run_start(run), DIRT, run_bytes(run));
	}
	model->units_cut += run->units - before;
	model_take(model, run, true);
}

/* What is neither the model's nor free is the engine's own */
static bool model_agrees(const struct model *model)
{
	const struct run *run = model->arena->phys.first;
	size_t own = 0, free = 0;

	for (; run; run = run->phys.next) {
		own += run->kind == RUN_META ? run->units : 0;
		free += run->kind == RUN_FREE ? run->units : 0;
	}
	return own + free + model->units_cut ==
	       (model->arena->end - model->arena->start) >> UNIT_SHIFT;
}

static void random_runs(struct model *model, size_t rounds, size_t units_most)
{
	size_t free_bytes = instance_free_bytes(&instance), i;
	size_t largest = instance_largest(&instance);
	size_t dice;

	for (i = 0; i < rounds; i++) {
		dice = check_below(&model->random, 16);
		/* fills up and drains in turn */
		if (model->count < RUNS_MAX &&
		    dice < (i / 500 % 2 ? 5u : 10u))
			model_cut(model, units_most);
		else if (model->count && dice < 14)
			model_put(model, check_below(&model->random,
						     model->count));
		else if (model->count)
			model_resize(model, check_below(&model->random,
							model->count));
		if (i % 16 == 0) {
			assert_true(all_is_valid(&instance));
			assert_true(model_agrees(model));
		}
	}
	while (model->count)
		model_put(model, check_below(&model->random, model->count));
	assert_true(all_is_valid(&instance));
	assert_true(model_agrees(model));
	check(instance_free_bytes(&instance) == free_bytes &&
	      instance_largest(&instance) == largest &&
	      arena_is_as_new(model->arena), "an arena of %zu bytes had %zu "
	      "bytes free and now has %zu, the largest run had %zu bytes and "
	      "now has %zu", model->arena->end - model->arena->start,
	      free_bytes, instance_free_bytes(&instance), largest,
	      instance_largest(&instance));
}

static void random_runs_in_dirt(void **state)
{
	static struct model model;
	size_t bytes, rounds = check_rounds(2500);
	char *memory = zero_memory(UNITS_MAX << UNIT_SHIFT);

	(void)state;
	model.random.state = check_seed("random runs in dirt");
	for (bytes = 16 * KIB; bytes <= UNITS_MAX << UNIT_SHIFT;
	     bytes += bytes / 2 + 3000) {
		memset(memory, DIRT, bytes);
		instance_renew(&instance);
		model.arena = arena_new(&instance, memory, bytes, false);
		assert_non_null(model.arena);
		random_runs(&model, rounds, 64);
		assert_true(all_dirt((void *)model.arena->high_water,
				     model.arena->end -
				     model.arena->high_water));
	}
	/* memory that came dirty is never called zero */
	assert_int_equal(model.zero_runs, 0);
	assert_int_equal(model.zero_parts, 0);
	munmap(memory, UNITS_MAX << UNIT_SHIFT);
}

static void random_runs_in_zeroes(void **state)
{
	static struct model model;
	char *memory = zero_memory(UNITS_MAX << UNIT_SHIFT);

	(void)state;
	model.random.state = check_seed("random runs in zeroes");
	model.arena = arena_new(&instance, memory, UNITS_MAX << UNIT_SHIFT,
				true);
	random_runs(&model, check_rounds(4000) * 2, 256);
	assert_true(model.zero_runs >= check_rounds(4000) / 200);
	assert_true(model.zero_parts >= check_rounds(4000) / 200);
	munmap(memory, UNITS_MAX << UNIT_SHIFT);
}

static void random_runs_in_a_window(void **state)
{
	static struct model model;
	size_t bytes = WINDOW_UNITS << UNIT_SHIFT;
	char *memory = zero_memory(bytes);

	(void)state;
	model.random.state = check_seed("random runs in a window");
	instance.config.outside = true;
	model.arena = arena_new(&instance, memory, bytes, true);
	assert_true(model.arena->map_is_window);
	assert_ptr_equal(instance.map, model.arena->map);
	random_runs(&model, check_rounds(3000), 512);
	assert_true(model.zero_runs > check_rounds(3000) / 150);
	munmap(memory, bytes);
}

/* -------- drained, full, not to be had -------- */

static struct run *cut_units(struct arena *arena, size_t units)
{
	(void)descriptors_reserve(arena);
	return run_cut(arena, &(struct run_request) {
		.units = units, .align_units = 1, .kind = RUN_PALLOC,
	});
}

/* Chunks of descriptors come with many runs and go with them */
static void drained_arena_is_as_new(void **state)
{
	static struct run *runs[512];
	size_t bytes, count, order, i, free_bytes;
	char *memory = zero_memory(2 * MIB);

	(void)state;
	for (bytes = 16 * KIB; bytes <= 2 * MIB; bytes += UNIT_SIZE) {
		for (order = 0; order < 3; order++) {
			struct arena *arena;

			instance_renew(&instance);
			memset(memory, DIRT, UNIT_SIZE);
			arena = arena_new(&instance, memory, bytes, false);
			free_bytes = instance_free_bytes(&instance);
			count = 0;
			while ((runs[count] = cut_units(arena, 1)))
				count++;
			assert_true(all_is_valid(&instance));
			/* first to last, last to first, even before odd */
			for (i = 0; i < count && order == 0; i++)
				run_give_back(arena, runs[i], true);
			for (i = count; i > 0 && order == 1; i--)
				run_give_back(arena, runs[i - 1], true);
			for (i = 0; i < count && order == 2; i += 2)
				run_give_back(arena, runs[i], true);
			for (i = 1; i < count && order == 2; i += 2)
				run_give_back(arena, runs[i], true);
			assert_true(all_is_valid(&instance));
			check(arena_is_as_new(arena),
			      "%zu bytes, %zu runs of a unit, order %zu: %zu "
			      "units are missing", bytes, count, order,
			      (free_bytes - instance_free_bytes(&instance)) >>
			      UNIT_SHIFT);
		}
	}
	munmap(memory, 2 * MIB);
}

/* The largest run is exact in every state that a filling arena goes through */
static void largest_run_is_exact(void **state)
{
	char *memory = zero_memory(2 * MIB);
	size_t bytes, largest;
	struct run *run;

	(void)state;
	for (bytes = 64 * KIB; bytes <= 2 * MIB; bytes *= 2) {
		instance_renew(&instance);
		memset(memory, DIRT, UNIT_SIZE);
		assert_non_null(arena_new(&instance, memory, bytes, false));
		while ((largest = instance_largest(&instance))) {
			struct run_request request = {
				.units = largest >> UNIT_SHIFT,
				.align_units = 1, .kind = RUN_PALLOC,
			};

			run = instance_run_alloc(&instance, &request);
			check(run, "%zu of %zu free bytes are said to be one "
			      "run, but are not to be had", largest,
			      instance_free_bytes(&instance));
			instance_run_free(&instance, run);
			request.units = (instance_largest(&instance) >>
					 UNIT_SHIFT) + 1;
			assert_null(instance_run_alloc(&instance, &request));
			request.units = 1;
			run = instance_run_alloc(&instance, &request);
			check(run, "%zu bytes free, but not one unit",
			      instance_free_bytes(&instance));
			assert_true(all_is_valid(&instance));
		}
		assert_int_equal(instance_free_bytes(&instance), 0);
	}
	munmap(memory, 2 * MIB);
}

static void too_much_changes_nothing(void **state)
{
	char *memory = dirty_memory(MIB);
	struct arena *arena = arena_new(&instance, memory, MIB, false);
	struct run_request request = {
		.units = 1, .align_units = 1, .kind = RUN_PALLOC,
	};
	size_t free_bytes = instance_free_bytes(&instance);
	size_t high_water = arena->high_water, units, shift;

	(void)state;
	for (units = run_largest(arena) + 1; units < (size_t)1 << 32;
	     units += units / 3) {
		request.units = units;
		assert_null(run_cut(arena, &request));
		assert_null(instance_run_alloc(&instance, &request));
	}
	request.units = 1;
	for (shift = 32; shift < 52; shift++) {
		request.align_units = (size_t)1 << shift;
		request.phase_units = 1;
		assert_null(instance_run_alloc(&instance, &request));
	}
	assert_true(all_is_valid(&instance));
	assert_true(arena_is_as_new(arena));
	assert_int_equal(instance_free_bytes(&instance), free_bytes);
	assert_int_equal(arena->high_water, high_water);
	assert_true(all_dirt((void *)high_water, arena->end - high_water));
	munmap(memory, MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(drained_arena_is_as_new, renew),
		cmocka_unit_test_setup(largest_run_is_exact, renew),
		cmocka_unit_test_setup(too_much_changes_nothing, renew),
		cmocka_unit_test_setup(random_runs_in_dirt, renew),
		cmocka_unit_test_setup(random_runs_in_zeroes, renew),
		cmocka_unit_test_setup(random_runs_in_a_window, renew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
