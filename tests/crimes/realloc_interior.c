/* SPDX-License-Identifier: BSD-3-Clause */
/* A pointer into a block is reallocated. */
#include "crime.h"

int main(int argc, char **argv)
{
	size_t n = crime_size(argc, argv, 100);
	struct witnesses w = witnesses_call(n);
	char *p = mi_malloc(n);

	demand(mi_realloc(accuse(p + 16), n * 2) == NULL, "a new block");
	mi_free(p);
	witnesses_dismiss(&w);
	return survive();
}
