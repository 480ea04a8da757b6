/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * growth [between]: a block grows by realloc from 1 to 256 MiB, 1 MiB each
 * time, and each new MiB is written. With "between", a block of 64 KiB is
 * allocated and kept after each step. Prints microseconds and the peak of
 * what is resident, KiB, the part before the first step left out.
 */
#include <time.h>

#include "memory.h"

#define STEPS		256
#define BETWEEN_BYTES	65536

static long long now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	bool between = argc > 1 && strcmp(argv[1], "between") == 0;
	long resident;
	long long us;
	char *block;

	*(char *)must(malloc(8)) = 1;
	resident = resident_kib();
	us = now_us();
	block = NULL;
	for (size_t i = 0; i < STEPS; i++) {
		block = must(realloc(block, (i + 1) * MIB));
		memset(block + i * MIB, (int)i, MIB);
		if (between)
			*(char *)must(malloc(BETWEEN_BYTES)) = 1;
	}
	us = now_us() - us;
	resident = resident_peak_kib() - resident;
	for (size_t i = 0; i < STEPS; i++)
		if (block[i * MIB] != (char)i || block[(i + 1) * MIB - 1] !=
		    (char)i)
			return 3;
	printf("%lld %ld\n", us, resident);
	return 0;
}
