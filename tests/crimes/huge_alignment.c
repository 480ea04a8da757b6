/* SPDX-License-Identifier: BSD-3-Clause */
/* An alignment beyond all memory is asked for. */
#include "crime.h"

int main(void)
{
	for (size_t a = SIZE_MAX / 2 + 1; a >= (size_t)1 << 50; a /= 2) {
		errno = 0;
		demand(mi_malloc_aligned(100, launder_size(a)) == NULL,
		       "a block");
		demand(errno == ENOMEM, "another errno");
	}
	return survive();
}
