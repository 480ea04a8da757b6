/* SPDX-License-Identifier: BSD-3-Clause */
/* A block is freed after its heap was destroyed. */
#include "crime.h"

int main(int argc, char **argv)
{
	size_t n = crime_size(argc, argv, 32);
	mi_heap_t *heap = mi_heap_new();
	void *p = mi_heap_malloc(heap, n);

	mi_heap_destroy(heap);
	mi_free(accuse(p));
	return survive();
}
