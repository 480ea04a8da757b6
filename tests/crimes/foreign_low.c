/* SPDX-License-Identifier: BSD-3-Clause */
/* A pointer into the page of NULL is freed. */
#include "crime.h"

int main(void)
{
	mi_free(mi_malloc(100));
	mi_free(accuse((void *)(uintptr_t)0x10));
	return survive();
}
