/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An allocator on several CPUs.
 *
 *   arguments: [seed, 1 when left out] [part...], all when none is named: bare
 *   crowd exchange heaps exhaust ends second interrupts remote pairs, in this
 *   order
 *   boot parameter spare=16384 for a second allocator of 16 MiB
 *
 * Prints SUCCESS, or the line of the check that failed and its CPU. The figures
 * are executed instructions as QEMU counts them (-icount shift=0), of all CPUs
 * in sum, and want a run with only these parts: pairs, remote.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <testbed/testbed.h>

#include "cpus/cpus.h"

static const struct {
	const char *name;
	void (*run)(struct uk_alloc *a);
} parts[] = {
	{ "bare", part_bare }, { "crowd", part_crowd },
	{ "exchange", part_exchange }, { "heaps", part_heaps },
	{ "exhaust", part_exhaust }, { "ends", part_ends },
	{ "second", part_second }, { "interrupts", part_interrupts },
	{ "remote", part_remote }, { "pairs", pairs_together },
};

static bool wanted[ARRAY_SIZE(parts)];
static bool *const pairs_wanted = &wanted[ARRAY_SIZE(parts) - 1];

static void choose(const char *name)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(parts) && strcmp(parts[i].name, name))
		i++;
	if (i == ARRAY_SIZE(parts)) {
		printf("FAILED: there is no part %s\n", name);
		exit(1);
	}
	wanted[i] = true;
}

/* The first argument may be a number: the seed, 1 when it is left out */
static void arguments_read(int argc, char **argv, uint64_t *seed)
{
	int first = 1;

	*seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	if (*seed)
		first = 2;
	else
		*seed = 1;
	for (int i = first; i < argc; i++)
		choose(argv[i]);
	for (size_t i = 0; i < ARRAY_SIZE(parts) && argc <= first; i++)
		wanted[i] = true;
}

int main(int argc, char **argv)
{
	struct uk_alloc *a = uk_alloc_get_default();
	uint64_t seed;

	arguments_read(argc, argv, &seed);
	crew_seed(seed);
	printf("cpus %u, alloc %s, mode %s, seed %" PRIu64 "\n",
	       (unsigned int)ukplat_lcpu_count(), testbed_alloc_name(),
	       testbed_mode_name(), seed);
	fflush(stdout);
	if (*pairs_wanted)
		pairs_alone(a);
	crew_start();
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (i == 1)
			crew_schedule();
		if (!wanted[i])
			continue;
		parts[i].run(a);
		printf("ok: %s\n", parts[i].name);
		fflush(stdout);
	}
	puts("SUCCESS");
	return 0;
}
