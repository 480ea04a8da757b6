/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the programs of memory.sh share: the process's own account of its
 * memory, read without an allocation, and random numbers.
 */
#ifndef TESTS_FIGURES_MEMORY_H
#define TESTS_FIGURES_MEMORY_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MIB		((size_t)1 << 20)

/* A field of a file in /proc, in KiB; ends the program if it is not there */
static inline long proc_kib(const char *path, const char *field)
{
	static char text[8192];
	size_t used = 0;
	ssize_t got = 1;
	char *at;
	int file = open(path, O_RDONLY);

	while (file >= 0 && got > 0 && used < sizeof(text) - 1) {
		got = read(file, text + used, sizeof(text) - 1 - used);
		if (got > 0)
			used += (size_t)got;
	}
	text[used] = 0;
	(void)close(file);
	at = strstr(text, field);
	if (!at)
		_exit(2);
	return strtol(at + strlen(field), NULL, 10);
}

static inline long private_dirty_kib(void)
{
	return proc_kib("/proc/self/smaps_rollup", "Private_Dirty:");
}

static inline long resident_kib(void)
{
	return proc_kib("/proc/self/smaps_rollup", "Rss:");
}

static inline long resident_peak_kib(void)
{
	return proc_kib("/proc/self/status", "VmHWM:");
}

/* So that the compiler can neither leave out nor foresee an allocation */
static inline void *launder(void *p)
{
	__asm__ volatile("" : "+r"(p) : : "memory");
	return p;
}

static inline void *must(void *p)
{
	if (!p)
		_exit(3);
	return launder(p);
}

/* Memory that is all there already, and not the allocator's */
static inline void *table_new(size_t bytes)
{
	void *table = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE |
			   MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (table == MAP_FAILED)
		_exit(3);
	return table;
}

/* S. Vigna's splitmix64; seeds are fixed, every run is the same */
static inline uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline size_t random_below(uint64_t *state, size_t n)
{
	return (size_t)(random_next(state) % n);
}

#endif /* TESTS_FIGURES_MEMORY_H */
