/* SPDX-License-Identifier: BSD-3-Clause */
/* A foreign pointer goes to mi_reallocf(). */
#include "crime.h"

static char fixed[4096];

int main(void)
{
	demand(mi_reallocf(accuse(fixed + 64), 1000) == NULL, "a new block");
	return survive();
}
