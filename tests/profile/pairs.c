/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls malloc and free, of a size, so many times. */
#include <stdlib.h>

int main(int argc, char **argv)
{
	size_t size = argc > 2 ? strtoul(argv[1], NULL, 10) : 0;
	long i, count = argc > 2 ? atol(argv[2]) : 0;
	void *volatile p;

	for (i = 0; i < count; i++) {
		p = malloc(size);
		free(p);
	}
	return 0;
}
