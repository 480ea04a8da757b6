/* SPDX-License-Identifier: BSD-3-Clause */
/* A pointer into an aligned block is freed. */
#include "crime.h"

int main(int argc, char **argv)
{
	size_t n = crime_size(argc, argv, 300);
	struct witnesses w = witnesses_call(n);
	char *p = mi_malloc_aligned(n, 4096);

	mi_free(accuse(p + 16));
	mi_free(p);
	witnesses_dismiss(&w);
	return survive();
}
