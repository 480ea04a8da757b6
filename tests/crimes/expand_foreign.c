/* SPDX-License-Identifier: BSD-3-Clause */
/* A pointer to static memory is to be expanded. */
#include "crime.h"

static char fixed[4096];

int main(void)
{
	demand(mi_expand(accuse(fixed + 64), 10) == NULL, "a block");
	return survive();
}
