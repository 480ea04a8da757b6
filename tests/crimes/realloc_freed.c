/* SPDX-License-Identifier: BSD-3-Clause */
/* A freed block is reallocated. */
#include "crime.h"

int main(int argc, char **argv)
{
	size_t n = crime_size(argc, argv, 32);
	struct witnesses w = witnesses_call(n);
	void *p = mi_malloc(n);

	mi_free(p);
	demand(mi_realloc(accuse(p), n * 2) == NULL, "a new block");
	witnesses_dismiss(&w);
	return survive();
}
