/* SPDX-License-Identifier: BSD-3-Clause */
/* A pointer to a function is freed. */
#include "crime.h"

int main(void)
{
	mi_free(mi_malloc(100));
	mi_free(accuse((void *)(uintptr_t)mi_version));
	return survive();
}
