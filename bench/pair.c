/* SPDX-License-Identifier: BSD-3-Clause */
/* pair SIZE COUNT: one block at a time, allocated and freed. */
#include "bench.h"

int main(int argc, char **argv)
{
	size_t size = argument(argc, argv, 1);
	size_t count = argument(argc, argv, 2);
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += drop(touch(malloc(size), size));
	return print_sum(sum);
}
