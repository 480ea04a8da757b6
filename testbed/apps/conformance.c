/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The contract of ukalloc, row by row, against the default allocator.
 *
 *   arguments: [seed, 1 when left out [strict | unlearned]]
 *
 * "strict" skips nothing: it shows that what is skipped for the reference
 * allocators would fail. "unlearned": the allocator keeps no frames but those
 * of its budget.
 *
 * Prints SUCCESS, or the line of the check that failed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <testbed/testbed.h>

#include "conformance/check.h"

static const struct {
	const char *alloc;
	unsigned int lacks;
} known[] = {
	{ "buddy", LACKS_ERRNO | LACKS_EMPTY | LACKS_PART_PFREE
		   | LACKS_GIVE_BACK | LACKS_REFUSAL },
	{ "bump", LACKS_ERRNO | LACKS_PART_PFREE | LACKS_GIVE_BACK
		  | LACKS_REFUSAL | LACKS_FREE },
	{ "tlsf", LACKS_ERRNO | LACKS_PART_PFREE | LACKS_GIVE_BACK
		  | LACKS_REFUSAL },
	{ "mimalloc", 0 },
};

static uint64_t random_state;
static bool strict, unlearned;

uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

bool suite_learns(void)
{
	return !unlearned;
}

bool suite_lacks(unsigned int what, const char *skipped)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (strict || strcmp(known[i].alloc, testbed_alloc_name())
		    || !(known[i].lacks & what))
			continue;
		printf("skipped, %s lacks it: %s\n", testbed_alloc_name(),
		       skipped);
		return true;
	}
	return false;
}

void check_failed(const char *file, int line, const char *text)
{
	printf("FAILED: %s:%d: %s\n", file, line, text);
	exit(1);
}

/* Whole words, and the last bytes one by one. */
void pattern_write(void *block, size_t bytes, uint64_t seed)
{
	uint64_t value = seed * 0x9e3779b97f4a7c15;
	unsigned char *at = block;
	size_t i;

	for (i = 0; i + 8 <= bytes; i += 8)
		memcpy(at + i, &value, 8);
	for (; i < bytes; i++)
		at[i] = (unsigned char)(seed + i);
}

bool pattern_holds(const void *block, size_t bytes, uint64_t seed)
{
	uint64_t value = seed * 0x9e3779b97f4a7c15;
	const unsigned char *at = block;
	size_t i;

	for (i = 0; i + 8 <= bytes; i += 8)
		if (memcmp(at + i, &value, 8))
			return false;
	for (; i < bytes; i++)
		if (at[i] != (unsigned char)(seed + i))
			return false;
	return true;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(struct uk_alloc *a);
	} suites[] = {
		{ "verbs", suite_verbs }, { "pages", suite_pages },
		{ "instances", suite_instances }, { "threads", suite_threads },
		{ "fill and drain", suite_fill },
		{ "give back", suite_give_back },
		{ "verbs once more", suite_verbs },
	};
	struct uk_alloc *a = uk_alloc_get_default();

	random_state = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	strict = argc > 2 && !strcmp(argv[2], "strict");
	unlearned = argc > 2 && !strcmp(argv[2], "unlearned");
	CHECK(random_state);
	printf("conformance: alloc %s, mode %s, seed %lu, %ld bytes free\n",
	       testbed_alloc_name(), testbed_mode_name(),
	       (unsigned long)random_state, (long)uk_alloc_availmem(a));
	for (size_t i = 0; i < sizeof(suites) / sizeof(*suites); i++) {
		suites[i].run(a);
		printf("ok: %s\n", suites[i].name);
		fflush(stdout);
	}
	puts("SUCCESS");
	return 0;
}
