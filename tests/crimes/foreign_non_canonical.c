/* SPDX-License-Identifier: BSD-3-Clause */
/* A pointer that no address can be is freed. */
#include "crime.h"

int main(void)
{
	mi_free(mi_malloc(100));
	mi_free(accuse((void *)((uintptr_t)0xdeadbeef << 32 | 0xbeef0)));
	return survive();
}
