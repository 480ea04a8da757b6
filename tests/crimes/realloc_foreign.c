/* SPDX-License-Identifier: BSD-3-Clause */
/* A pointer to static memory is reallocated. */
#include "crime.h"

static char fixed[4096];

int main(void)
{
	demand(mi_realloc(accuse(fixed + 64), 1000) == NULL, "a new block");
	return survive();
}
