/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * grow half|step COUNT: a block grows by realloc, by half of itself from 16
 * bytes to 16 MiB, or by 1 MiB from 1 to 64 MiB; the last byte is written
 * each time. One operation is a growth from the beginning to the end.
 */
#include "bench.h"

static void grow_by_half(void)
{
	char *block = NULL;

	for (size_t n = 16; n < 16 * MIB; n += n / 2) {
		block = touch(realloc(block, n));
		block[n - 1] = 1;
	}
	free(block);
}

static void grow_by_step(void)
{
	char *block = NULL;

	for (size_t n = MIB; n <= 64 * MIB; n += MIB) {
		block = touch(realloc(block, n));
		block[n - 1] = 1;
	}
	free(block);
}

int main(int argc, char **argv)
{
	bool step = argc > 1 && strcmp(argv[1], "step") == 0;
	size_t count = argument(argc, argv, 2, 100);
	double started = now_ns();

	for (size_t i = 0; i < count; i++)
		step ? grow_by_step() : grow_by_half();
	return report(started, count);
}
