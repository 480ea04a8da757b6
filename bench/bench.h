/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the benchmarks share. Each is one program that calls malloc and free,
 * under whatever allocator is preloaded, and prints nanoseconds for one
 * operation and the peak of its resident memory in KiB.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KIB	((size_t)1024)
#define MIB	((size_t)1 << 20)

/* S. Vigna's splitmix64; seeds are fixed, so every run does the same */
static inline uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Multiplied, not divided: the random number must cost little */
static inline size_t random_below(uint64_t *state, size_t n)
{
	return (size_t)(((random_next(state) >> 32) * n) >> 32);
}

/* Hides from the compiler that a pointer is malloc's, and writes a byte */
static inline void *touch(void *p)
{
	__asm__ volatile("" : "+r"(p) : : "memory");
	if (!p) {
		fprintf(stderr, "bench: no memory\n");
		_exit(3);
	}
	*(char *)p = 1;
	return p;
}

/* An argument as a number, or what stands for it */
static inline size_t argument(int argc, char **argv, int i, size_t otherwise)
{
	return i < argc ? (size_t)strtoull(argv[i], NULL, 10) : otherwise;
}

static inline double now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static inline long resident_peak_kib(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[256];
	long kib = 0;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "VmHWM: %ld", &kib) == 1)
			break;
	if (file)
		(void)fclose(file);
	return kib;
}

static inline int report(double started_ns, size_t operations)
{
	double ns = now_ns() - started_ns;

	printf("%.3f %ld\n", ns / (double)operations, resident_peak_kib());
	return 0;
}

#endif /* BENCH_BENCH_H */
