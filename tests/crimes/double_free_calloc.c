/* SPDX-License-Identifier: BSD-3-Clause */
/* A zeroed block is freed twice. */
#include "crime.h"

int main(int argc, char **argv)
{
	size_t n = crime_size(argc, argv, 32);
	struct witnesses w = witnesses_call(n);
	void *p = mi_calloc(1, n);

	mi_free(p);
	mi_free(accuse(p));
	witnesses_dismiss(&w);
	return survive();
}
