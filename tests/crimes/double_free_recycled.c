/* SPDX-License-Identifier: BSD-3-Clause */
/* A block is freed again when the list it is on was used and refilled. */
#include "crime.h"

#define BLOCKS	64	/* of these, every other one is freed */
#define TAKEN	16	/* blocks that are taken anew */

static bool is_among(const uintptr_t *taken, uintptr_t p)
{
	for (size_t i = 0; i < TAKEN; i++)
		if (taken[i] == p)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	size_t n = crime_size(argc, argv, 32);
	struct witnesses w = witnesses_call(n);
	uintptr_t block[BLOCKS];
	uintptr_t taken[TAKEN];
	size_t victim = 0;

	for (size_t i = 0; i < BLOCKS; i++)
		block[i] = (uintptr_t)mi_malloc(n);
	for (size_t i = 0; i < BLOCKS; i += 2)
		mi_free((void *)block[i]);
	for (size_t i = 0; i < TAKEN; i++)
		taken[i] = (uintptr_t)mi_malloc(n);
	while (is_among(taken, block[victim]))
		victim += 2;
	mi_free(accuse((void *)block[victim]));
	for (size_t i = 0; i < TAKEN; i++)
		mi_free((void *)taken[i]);
	for (size_t i = 1; i < BLOCKS; i += 2)
		mi_free((void *)block[i]);
	witnesses_dismiss(&w);
	return survive();
}
