/* SPDX-License-Identifier: BSD-3-Clause */
/* A pointer 8 bytes into a block is freed. */
#include "crime.h"

int main(int argc, char **argv)
{
	size_t n = crime_size(argc, argv, 32);
	struct witnesses w = witnesses_call(n);
	char *p = mi_malloc(n);

	mi_free(accuse(p + 8));
	mi_free(p);
	witnesses_dismiss(&w);
	return survive();
}
