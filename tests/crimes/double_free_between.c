/* SPDX-License-Identifier: BSD-3-Clause */
/* A block is freed twice, others in between. */
#include "crime.h"

int main(int argc, char **argv)
{
	size_t n = crime_size(argc, argv, 32);
	struct witnesses w = witnesses_call(n);
	void *p = mi_malloc(n);
	void *others[3] = { mi_malloc(n), mi_malloc(n), mi_malloc(n) };

	mi_free(others[0]);
	mi_free(p);
	mi_free(others[1]);
	mi_free(others[2]);
	mi_free(accuse(p));
	witnesses_dismiss(&w);
	return survive();
}
