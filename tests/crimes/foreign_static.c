/* SPDX-License-Identifier: BSD-3-Clause */
/* A pointer to static memory is freed. */
#include "crime.h"

static char fixed[4096];

int main(void)
{
	mi_free(mi_malloc(100));
	mi_free(accuse(fixed + 64));
	return survive();
}
