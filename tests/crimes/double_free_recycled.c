/* SPDX-License-Identifier: BSD-3-Clause */
/* A block is freed again when the list it is on was used and refilled. */
#include "crime.h"

#define FREED	64
#define TAKEN	32

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
	uintptr_t freed[FREED];
	uintptr_t taken[TAKEN];
	size_t victim = 0;

	for (size_t i = 0; i < FREED; i++)
		freed[i] = (uintptr_t)mi_malloc(n);
	for (size_t i = 0; i < FREED; i++)
		mi_free((void *)freed[i]);
	for (size_t i = 0; i < TAKEN; i++)
		taken[i] = (uintptr_t)mi_malloc(n);
	while (is_among(taken, freed[victim]))
		victim++;
	mi_free(accuse((void *)freed[victim]));
	for (size_t i = 0; i < TAKEN; i++)
		mi_free((void *)taken[i]);
	witnesses_dismiss(&w);
	return survive();
}
