/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much of a small arena is for blocks. The arena of 8 MiB starts at an
 * odd address, and there is no other memory.
 */
#include "unit.h"

#define ARENA_BYTES	(8 * MIB)
#define BLOCK		4096

static char *manage_odd_memory(void)
{
	char *memory = zero_memory(ARENA_BYTES + UNIT_SIZE) + 1234;

	memset(memory, DIRT, ARENA_BYTES);
	return mi_manage_os_memory(memory, ARENA_BYTES, true, false, false, -1)
	       ? memory : NULL;
}

static int small_blocks(void)
{
	static char *blocks[ARENA_BYTES / BLOCK];
	char *memory = manage_odd_memory();
	size_t count = 0, i;

	need(memory);
	while ((blocks[count] = mi_malloc(BLOCK))) {
		need(blocks[count] >= memory);
		need(blocks[count] + BLOCK <= memory + ARENA_BYTES);
		pattern_write(blocks[count], BLOCK, count);
		count++;
	}
	need(errno == ENOMEM);
	printf("%.2f", 100.0 * (double)(count * BLOCK) / (double)ARENA_BYTES);
	for (i = 0; i < count; i++)
		need(pattern_holds(blocks[i], BLOCK, i));
	for (i = 0; i < count; i++)
		mi_free(blocks[i]);
	need(all_is_valid(&default_instance));
	return 0;
}

/* The largest block that is to be had */
static int single_block(void)
{
	size_t size = ARENA_BYTES;
	char *memory = manage_odd_memory(), *block;

	need(memory);
	while (!(block = mi_malloc(size)))
		size -= UNIT_SIZE;
	printf("%.2f", 100.0 * (double)size / (double)ARENA_BYTES);
	need(block >= memory && block + size <= memory + ARENA_BYTES);
	pattern_write(block, size, 1);
	need(all_is_valid(&default_instance));
	need(pattern_holds(block, size, 1));
	mi_free(block);
	need(all_is_valid(&default_instance));
	return 0;
}

static double percent_of(const char *mode)
{
	static const char *const settings[] = {
		"MIMALLOC_DISALLOW_OS_ALLOC=1", NULL,
	};
	struct check_run run;

	check_run_self(&run, mode, settings);
	check(run.status == 0, "status %#x: %s", (unsigned int)run.status,
	      run.err);
	printf("# 8 MiB as %s: %s %%\n", mode, run.out);
	return strtod(run.out, NULL);
}

static void blocks_of_4_kib_fill_97_percent(void **state)
{
	(void)state;
	assert_true(percent_of("blocks") >= 97.0);
}

static void one_block_fills_96_percent(void **state)
{
	(void)state;
	assert_true(percent_of("one block") >= 96.0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_of_4_kib_fill_97_percent),
		cmocka_unit_test(one_block_fills_96_percent),
	};

	if (argc > 1)
		return strcmp(argv[1], "blocks") == 0 ? small_blocks() :
		       single_block();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
