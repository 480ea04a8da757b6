/* SPDX-License-Identifier: BSD-3-Clause */
/* A pointer to the stack is freed. */
#include "crime.h"

int main(void)
{
	char local[256] = { 0 };

	mi_free(mi_malloc(100));
	mi_free(accuse(local + 64));
	return survive();
}
