/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A process with nothing but a small arena: filled until NULL, drained,
 * filled again. What is said to be the largest request is exactly that.
 */
#include "unit.h"

#define BLOCKS_MAX	((size_t)1 << 20)

static void **blocks;

static const size_t arena_sizes[] = {
	16 * KIB, 20 * KIB, 64 * KIB, 250 * KIB, MIB, 8 * MIB,
};

static void manage(size_t bytes)
{
	char *memory = zero_memory(bytes + UNIT_SIZE);

	memset(memory, DIRT, bytes + UNIT_SIZE);
	must(mi_manage_os_memory(memory + UNIT_SIZE / 2, bytes + UNIT_SIZE / 2,
				 true, false, false, -1));
	blocks = system_memory(BLOCKS_MAX * sizeof(*blocks));
}

static bool is_valid(void)
{
	return heap_is_valid(heap_current()) &&
	       all_is_valid(&default_instance);
}

static size_t fill(size_t size)
{
	size_t count = 0;

	errno = ERRNO_UNTOUCHED;
	while ((blocks[count] = mi_malloc(size))) {
		pattern_write(blocks[count], size, count);
		must(++count < BLOCKS_MAX);
	}
	must(errno == ENOMEM);
	must(is_valid());
	return count;
}

/* Even numbers first, then odd ones */
static void drain(size_t size, size_t count)
{
	size_t i, k;

	for (k = 0; k < 2; k++) {
		for (i = k; i < count; i += 2) {
			must(pattern_holds(blocks[i], size, i));
			mi_free(blocks[i]);
		}
		must(is_valid());
	}
}

static int fill_and_drain(size_t bytes)
{
	size_t size, count, again, free_bytes, largest;

	manage(bytes);
	mi_free(mi_malloc(1));
	mi_collect(true);
	free_bytes = instance_free_bytes(&default_instance);
	largest = instance_largest(&default_instance);
	for (size = 1; size <= bytes; size += size < 2000 ? size / 8 + 1 :
					      size / 3) {
		count = fill(size);
		drain(size, count);
		/* an empty page that was kept may stand in the way of a run */
		again = fill(size);
		must(again + 1 + count / 50 >= count);
		drain(size, again);
		mi_collect(true);
		again = fill(size);
		if (again != count)
			fprintf(stderr, "%zu blocks of %zu bytes, then %zu\n",
				count, size, again);
		must(again == count);
		drain(size, again);
		mi_collect(true);
		must(is_valid());
		if (instance_largest(&default_instance) != largest)
			fprintf(stderr, "after %zu blocks of %zu bytes\n",
				count, size);
		must(instance_free_bytes(&default_instance) == free_bytes);
		must(instance_largest(&default_instance) == largest);
	}
	return 0;
}

/* After each of the many states that a filling arena goes through */
static int largest_is_exact(size_t bytes)
{
	struct check_random random = { check_number("MI_TEST_SEED", 1) };
	size_t count = 0, largest, i;
	void *p;

	manage(bytes);
	for (;;) {
		mi_collect(true);
		largest = instance_largest(&default_instance);
		if (largest == 0)
			break;
		p = mi_malloc(largest);
		if (!p)
			fprintf(stderr, "%zu bytes are said to be had, of %zu "
				"that are free, %zu blocks are out\n", largest,
				instance_free_bytes(&default_instance), count);
		must(p);
		mi_free(p);
		mi_collect(true);
		/* a request may also get a free block of a larger class */
		largest = heap_largest_block(heap_current(),
				instance_largest(&default_instance));
		must(!mi_malloc(largest + 1));
		must(is_valid());
		blocks[count] = mi_malloc(4096 * (1 + check_below(&random, 3)));
		if (!blocks[count])
			break;
		count++;
		if (check_below(&random, 4) == 0) {
			i = check_below(&random, count);
			mi_free(blocks[i]);
			blocks[i] = blocks[--count];
		}
	}
	must(count > 0);
	return 0;
}

/* Many sizes at once, until nothing goes any more; all contents hold */
static int mixed(size_t bytes)
{
	struct check_random random = { check_number("MI_TEST_SEED", 1) };
	static size_t sizes[BLOCKS_MAX / 16];
	size_t count = 0, kept, i, round, misses;

	manage(bytes);
	for (round = 0; round < 20; round++) {
		for (misses = 0; misses < 50;) {
			sizes[count] = 1 + check_log_size(&random, bytes / 8);
			blocks[count] = mi_malloc(sizes[count]);
			if (!blocks[count]) {
				misses++;
				continue;
			}
			pattern_write(blocks[count], sizes[count], count);
			must(++count < ARRAY_LENGTH(sizes));
		}
		must(is_valid());
		for (i = 0; i < count; i++)
			must(pattern_holds(blocks[i], sizes[i], i));
		/* nine of ten go, so that pieces stay in between */
		for (i = 0, kept = 0; i < count; i++) {
			if (i % 10 == round % 10 && round < 19) {
				blocks[kept] = blocks[i];
				sizes[kept] = sizes[i];
				pattern_write(blocks[kept], sizes[kept], kept);
				kept++;
			} else {
				mi_free(blocks[i]);
			}
		}
		count = kept;
		must(is_valid());
	}
	mi_collect(true);
	must(runs_of_kind(&default_instance, RUN_PAGE) == 0);
	must(runs_of_kind(&default_instance, RUN_LARGE) == 0);
	must(is_valid());
	return 0;
}

static void in_arenas(const char *what)
{
	static struct check_run run;
	char mode[64], seed[64];
	const char *const settings[] = {
		"MIMALLOC_DISALLOW_OS_ALLOC=1", seed, NULL,
	};
	size_t i;

	snprintf(seed, sizeof(seed), "MI_TEST_SEED=%" PRIu64,
		 check_seed(what));
	for (i = 0; i < ARRAY_LENGTH(arena_sizes); i++) {
		/* large ones are for long runs */
		if (arena_sizes[i] > check_rounds(64 * MIB))
			continue;
		snprintf(mode, sizeof(mode), "%c%zu", what[0], arena_sizes[i]);
		check_run_self(&run, mode, settings);
		check(run.status == 0, "%zu KiB: status %#x: %s",
		      arena_sizes[i] / KIB, (unsigned int)run.status, run.err);
	}
}

static void fills_and_drains(void **state)
{
	(void)state;
	in_arenas("fill and drain");
}

static void largest_request_is_exact(void **state)
{
	(void)state;
	in_arenas("largest");
}

static void mixed_sizes(void **state)
{
	(void)state;
	in_arenas("mixed");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_and_drains),
		cmocka_unit_test(largest_request_is_exact),
		cmocka_unit_test(mixed_sizes),
	};
	size_t bytes;

	if (argc < 2)
		return cmocka_run_group_tests(tests, NULL, NULL);
	bytes = strtoull(argv[1] + 1, NULL, 10);
	if (argv[1][0] == 'f')
		return fill_and_drain(bytes);
	return argv[1][0] == 'l' ? largest_is_exact(bytes) : mixed(bytes);
}
