/* SPDX-License-Identifier: BSD-3-Clause */
/* A pointer to memory from the system is freed. */
#include "crime.h"

int main(void)
{
	char *p;

	mi_free(mi_malloc(100));
	p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mi_free(accuse(p + 4096));
	return survive();
}
