/* SPDX-License-Identifier: BSD-3-Clause */
/* Products and sizes that overflow are asked for. */
#include "crime.h"

int main(void)
{
	size_t half = launder_size(SIZE_MAX / 2 + 1);
	void *p = mi_malloc(100);

	errno = 0;
	demand(mi_calloc(half, 2) == NULL, "a block of calloc");
	demand(mi_mallocn(half, 3) == NULL, "a block of mallocn");
	demand(mi_reallocarray(p, half, 2) == NULL, "a block of realloc");
	demand(mi_malloc(half) == NULL, "a block of malloc");
	demand(mi_malloc(launder_size(SIZE_MAX)) == NULL, "a block of malloc");
	demand(mi_malloc_aligned(half, 4096) == NULL, "aligned");
	demand(mi_malloc_aligned_at(half, 64, 8) == NULL, "at");
	demand(errno == ENOMEM, "another errno");
	mi_free(p);
	return survive();
}
