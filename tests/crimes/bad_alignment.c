/* SPDX-License-Identifier: BSD-3-Clause */
/* Alignments that are no power of two are asked for. */
#include "crime.h"

int main(void)
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
