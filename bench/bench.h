/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the benchmarks share. Each is one program that calls malloc and free
 * under whatever allocator is preloaded, always the same calls, and prints a
 * sum of what it read from its blocks, which is the same under any allocator.
 * bench/launch takes the time.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KIB		((size_t)1024)
#define MIB		((size_t)1 << 20)
#define OS_PAGE		((size_t)4096)
#define WORKERS_MAX	1000

_Noreturn static inline void die(const char *why)
{
	fprintf(stderr, "bench: %s\n", why);
	_exit(3);
}

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

/* From min to below max, a power of two times that: each doubling as often */
static inline size_t random_size(uint64_t *state, size_t min, size_t max)
{
	size_t doublings = (size_t)__builtin_ctzll(max / min);
	size_t base = min << random_below(state, doublings);

	return base + random_below(state, base);
}

static inline void shuffle(size_t *order, size_t count)
{
	uint64_t random = 1;

	for (size_t i = count; i > 1; i--) {
		size_t j = random_below(&random, i), t = order[i - 1];

		order[i - 1] = order[j];
		order[j] = t;
	}
}

/*
 * Hides from the compiler that a block is malloc's, and writes its first and
 * its last byte: an allocator that gives no memory wins nothing.
 */
static inline void *touch(void *block, size_t size)
{
	volatile unsigned char *bytes;

	__asm__ volatile("" : "+r"(block) : : "memory");
	if (!block)
		die("no memory");
	bytes = block;
	bytes[size - 1] = (unsigned char)size;
	bytes[0] = (unsigned char)(size >> 1 | 1);
	return block;
}

/* The same, and a byte in each page of the system between them */
static inline void *touch_pages(void *block, size_t size)
{
	volatile unsigned char *bytes = touch(block, size);

	for (size_t i = OS_PAGE; i < size - 1; i += OS_PAGE)
		bytes[i] = 1;
	return block;
}

/* The same, and each byte between them */
static inline void *touch_all(void *block, size_t size)
{
	if (size > 2)
		memset((char *)touch(block, size) + 1, 1, size - 2);
	return touch(block, size);
}

/* Frees a block, or NULL, and tells what touch() wrote first */
static inline uint64_t drop(void *block)
{
	uint64_t first = block ? *(volatile unsigned char *)block : 0;

	free(block);
	return first;
}

/* An argument as a number */
static inline size_t argument(int argc, char **argv, int i)
{
	char *end = NULL;
	size_t value = i < argc ? (size_t)strtoull(argv[i], &end, 10) : 0;

	if (!value || *end)
		die("an argument has to be a number above 0");
	return value;
}

static inline bool has_word(int argc, char **argv, const char *word)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], word) == 0)
			return true;
	return false;
}

/* Of this process, without a call of malloc */
static inline size_t resident_kib(void)
{
	char text[128] = "";
	int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ssize_t got = read(file, text, sizeof(text) - 1);
	char *resident = strchr(text, ' ');

	(void)close(file);
	if (got <= 0 || !resident)
		die("/proc/self/statm cannot be read");
	return (size_t)strtoull(resident, NULL, 10) * (OS_PAGE / KIB);
}

/* A line that bench/run keeps beside time and peak, and does not compare */
static inline void print_left(size_t before_kib, size_t now_kib)
{
	printf("left %zu\n", now_kib > before_kib ? now_kib - before_kib : 0);
}

static inline int print_sum(uint64_t sum)
{
	printf("sum %llu\n", (unsigned long long)sum);
	return 0;
}

struct worker {
	pthread_t thread;
	uint64_t random;
	size_t index, count;
	uint64_t sum;
	void *given;
};

static struct worker workers[WORKERS_MAX];

static inline void worker_start(struct worker *worker, void *(*work)(void *))
{
	if (pthread_create(&worker->thread, NULL, work, worker))
		die("no thread");
}

static inline void worker_join(struct worker *worker)
{
	if (pthread_join(worker->thread, NULL))
		die("a thread cannot be joined");
}

/* Shares count among so many threads, and tells the sum of their sums */
static inline uint64_t workers_run(size_t threads, size_t count, uint64_t seed,
				   void *(*work)(void *))
{
	uint64_t sum = 0;

	if (threads > WORKERS_MAX)
		die("too many threads");
	for (size_t i = 0; i < threads; i++) {
		workers[i].index = i;
		workers[i].random = seed * WORKERS_MAX + i;
		workers[i].count = count / threads;
		workers[i].sum = 0;
		worker_start(&workers[i], work);
	}
	for (size_t i = 0; i < threads; i++) {
		worker_join(&workers[i]);
		sum += workers[i].sum;
	}
	return sum;
}

#endif /* BENCH_BENCH_H */
