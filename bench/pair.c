/* SPDX-License-Identifier: BSD-3-Clause */
/* pair SIZE COUNT: one block at a time, allocated and freed. */
#include "bench.h"

int main(int argc, char **argv)
{
	size_t size = argument(argc, argv, 1, 16);
	size_t count = argument(argc, argv, 2, 10000000);
	double started;

	free(touch(malloc(size)));
	started = now_ns();
	for (size_t i = 0; i < count; i++)
		free(touch(malloc(size)));
	return report(started, count);
}
