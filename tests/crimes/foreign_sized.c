/* SPDX-License-Identifier: BSD-3-Clause */
/* A foreign pointer goes to the frees that take a size. */
#include "crime.h"

static char fixed[4096];

int main(void)
{
	accuse(fixed + 64);
	mi_free_size(launder(fixed + 64), 100);
	mi_free_size_aligned(launder(fixed + 64), 100, 16);
	mi_free_aligned(launder(fixed + 64), 16);
	return survive();
}
