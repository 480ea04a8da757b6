/* SPDX-License-Identifier: BSD-3-Clause */
/* One malloc(8) in a fresh process; prints its private dirty memory, KiB. */
#include "memory.h"

int main(void)
{
	long dirty;

	*(char *)must(malloc(8)) = 1;
	dirty = private_dirty_kib();
	printf("%ld\n", dirty);
	return 0;
}
