/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A few blocks live among many that are free: 120 MiB are allocated and
 * written, and one block in 16 stays. After mi_collect(true) little more than
 * what is live may be resident.
 */
#include "check.h"

#define TOTAL		(120 * MIB)
#define NTH		16
#define BLOCKS_MAX	(TOTAL / (2 * KIB))

static size_t total;

static size_t fill(struct check_random *r, size_t min, size_t max, char **block)
{
	size_t count = 0, bytes, sum;

	for (sum = 0; sum + max < total; sum += bytes) {
		bytes = min + check_below(r, max - min);
		block[count] = mi_malloc(bytes);
		assert_non_null(block[count]);
		memset(block[count], (int)(count & 127), bytes);
		count++;
	}
	return count;
}

static void sparse(struct check_random *r, size_t min, size_t max)
{
	char **block = system_memory(BLOCKS_MAX * sizeof(*block));
	size_t before, count, live = 0, after, i;

	memset(block, 1, BLOCKS_MAX * sizeof(*block));
	total = check_rounds(TOTAL / MIB) * MIB;
	before = resident_bytes();
	count = fill(r, min, max, block);
	for (i = 0; i < count; i++) {
		if (i % NTH)
			mi_free(block[i]);
		else
			live += mi_usable_size(block[i]);
	}
	assert_true(CHECK_SANITIZED || resident_bytes() > before + total / 2);
	mi_collect(true);
	after = resident_bytes() - before;
	/* each lies in a unit more than it fills, and one more is shared */
	check(CHECK_SANITIZED || sysconf(_SC_PAGESIZE) > 4096 ||
	      after < live + live / 2 + 2 * MIB,
	      "%zu KiB are resident, %zu KiB live, sizes %zu to %zu",
	      after / KIB, live / KIB, min, max);
	for (i = 0; i < count; i += NTH) {
		assert_int_equal(block[i][0], i & 127);
		assert_int_equal(block[i][min - 1], i & 127);
	}
	/* what was given back is there again */
	for (i = 0; i < count; i++)
		if (i % NTH) {
			block[i] = mi_malloc(min);
			assert_non_null(block[i]);
			memset(block[i], (int)(i & 127), min);
		}
	for (i = 0; i < count; i++) {
		assert_int_equal(block[i][0], i & 127);
		assert_int_equal(block[i][min - 1], i & 127);
		mi_free(block[i]);
	}
	mi_collect(true);
	munmap(block, BLOCKS_MAX * sizeof(*block));
}

static void of_all_sizes(void **state)
{
	sparse(*state, 4 * KIB, 32 * KIB);
}

static void of_a_unit(void **state)
{
	sparse(*state, 4 * KIB - 8, 4 * KIB);
}

static void large_ones(void **state)
{
	sparse(*state, 24 * KIB, 32 * KIB);
}

int main(void)
{
	struct check_random random = { check_seed("sparse") };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(of_all_sizes, &random),
		cmocka_unit_test_prestate(of_a_unit, &random),
		cmocka_unit_test_prestate(large_ones, &random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
