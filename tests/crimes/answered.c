/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests that the documentation answers with NULL and errno. */
#include "crime.h"

/* Alignments that are no power of two are asked for. */
CRIME(bad_alignment)
{
	static const size_t bad[] = { 0, 3, 24, 100, 4095, SIZE_MAX };
	static char mark;
	void *p = &mark;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		size_t a = launder_size(bad[i]);

		errno = 0;
		demand(mi_malloc_aligned(100, a) == NULL, "a block");
		demand(errno == EINVAL, "another errno");
		demand(mi_posix_memalign(&p, a, 9) == EINVAL, "no EINVAL");
		demand(p == &mark, "a pointer was stored");
	}
	return survive();
}

/* An alignment beyond all memory is asked for. */
CRIME(huge_alignment)
{
	for (size_t a = SIZE_MAX / 2 + 1; a >= (size_t)1 << 50; a /= 2) {
		errno = 0;
		demand(mi_malloc_aligned(100, launder_size(a)) == NULL,
		       "a block");
		demand(errno == ENOMEM, "another errno");
	}
	return survive();
}

/* Products and sizes that overflow are asked for. */
CRIME(size_overflow)
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
