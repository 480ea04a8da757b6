/* SPDX-License-Identifier: BSD-3-Clause */
/* A pointer into a freed block is freed. */
#include "crime.h"

int main(int argc, char **argv)
{
	size_t n = crime_size(argc, argv, 100000);
	struct witnesses w = witnesses_call(n);
	char *p = mi_malloc(n);

	mi_free(p);
	mi_free(accuse(p + n / 2));
	witnesses_dismiss(&w);
	return survive();
}
