/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * steps THREADS: random calls of malloc and its kin, by threads in turn, and
 * after each a line with the live bytes that it counts itself.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define STEPS		2000
#define BLOCKS		100
#define THREADS_MAX	8

static char output[1 << 16];
static struct {
	char *block;
	size_t bytes;
} blocks[BLOCKS];
static size_t live;
static uint64_t state = 1;

static size_t random_below(size_t n)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(state >> 33) % n;
}

static void *made(size_t kind, size_t bytes)
{
	void *block = NULL;

	if (kind == 0)
		return malloc(bytes);
	if (kind == 1)
		return calloc(bytes, 1);
	return posix_memalign(&block, 64, bytes) ? NULL : block;
}

static void step(void)
{
	size_t i = random_below(BLOCKS), bytes = 1 + random_below(3000);

	live -= blocks[i].bytes;
	if (!blocks[i].block) {
		blocks[i].block = made(random_below(3), bytes);
	} else if (random_below(2)) {
		blocks[i].block = realloc(blocks[i].block, bytes);
	} else {
		free(blocks[i].block);
		blocks[i].block = NULL;
		bytes = 0;
	}
	blocks[i].bytes = bytes;
	live += bytes;
	printf("%zu\n", live);
}

static void *work(void *unused)
{
	for (size_t i = 0; i < STEPS / THREADS_MAX; i++)
		step();
	return unused;
}

int main(int argc, char **argv)
{
	size_t threads = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	pthread_t thread;

	(void)setvbuf(stdout, output, _IOFBF, sizeof(output));
	for (size_t i = 0; i < THREADS_MAX; i++) {
		if (i >= threads)
			(void)work(NULL);
		else if (pthread_create(&thread, NULL, work, NULL) ||
			 pthread_join(thread, NULL))
			return 1;
	}
	return 0;
}
