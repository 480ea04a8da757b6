/* SPDX-License-Identifier: BSD-3-Clause */
/* An aligned block is freed twice. */
#include "crime.h"

int main(int argc, char **argv)
{
	size_t n = crime_size(argc, argv, 200);
	struct witnesses w = witnesses_call(n);
	void *p = mi_malloc_aligned(n, 1024);

	mi_free(p);
	mi_free(accuse(p));
	witnesses_dismiss(&w);
	return survive();
}
