/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counts the executed instructions of one function by single steps.
 *
 *	instructions malloc|malloc_small|free|free_remote
 *	instructions pair SIZE
 *
 * A child process warms up, stops, and makes CALLS calls through a pointer.
 * Its parent steps it from there on and counts from the function's first
 * instruction until it has returned; what the function calls is counted too.
 * Prints the most frequent count and how many of the calls took just that. Of
 * `pair` it counts PAIRS calls of malloc, each with the free that follows, and
 * prints their mean, with one decimal, and the dearest pair.
 *
 * Exit status 3: the system does not permit ptrace.
 */
#include "steps.h"

#include <pthread.h>
#include <semaphore.h>

#include <mimalloc.h>

#define CALLS		64
#define WARM_CALLS	16
#define PAIRS		2000
#define WARM_BLOCKS	1000
#define SIZE		32

static void *(*volatile malloc_called)(size_t) = mi_malloc;
static void *(*volatile malloc_small_called)(size_t) = mi_malloc_small;
static void (*volatile free_called)(void *) = mi_free;
static void *volatile blocks[WARM_BLOCKS];

/* Blocks come and go, and half of them stay, so that no page is empty */
static void warm_up(void)
{
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < WARM_BLOCKS; i++)
			blocks[i] = malloc_called(SIZE);
		for (int i = 0; i < WARM_BLOCKS; i += 2)
			free_called(blocks[i]);
	}
}

static void call_malloc(void *(*volatile *function)(size_t))
{
	raise(SIGSTOP);
	for (int i = 0; i < CALLS; i++)
		blocks[i] = (*function)(SIZE);
}

/* Blocks that follow each other, of pages that have given up some already */
static void call_free(void)
{
	for (int i = 0; i < CALLS; i++)
		blocks[i] = malloc_called(SIZE);
	raise(SIGSTOP);
	for (int i = 0; i < CALLS; i++)
		free_called(blocks[i]);
}

/* Takes the blocks, and sleeps as long as the process lives */
static void *take_and_sleep(void *taken)
{
	warm_up();
	for (int i = 0; i < CALLS + WARM_CALLS; i++)
		blocks[i] = malloc_called(SIZE);
	(void)sem_post(taken);
	for (;;)
		(void)pause();
	return NULL;
}

/*
 * The same, but of another thread, which is there. The first few, which the
 * owner is told of, and which the linker binds, are not counted.
 */
static void call_free_remote(void)
{
	pthread_t thread;
	sem_t taken;

	if (sem_init(&taken, 0, 0) ||
	    pthread_create(&thread, NULL, take_and_sleep, &taken))
		_exit(2);
	while (sem_wait(&taken) != 0)
		;
	free_called(malloc_called(SIZE));
	for (int i = CALLS; i < CALLS + WARM_CALLS; i++)
		free_called(blocks[i]);
	raise(SIGSTOP);
	for (int i = 0; i < CALLS; i++)
		free_called(blocks[i]);
}

/*
 * The only block of its size, taken and given back by turns. What makes the
 * heap is not counted: that is a block of another size.
 */
static void call_pairs(size_t size)
{
	free_called(malloc_called(2 * size));
	raise(SIGSTOP);
	for (int i = 0; i < PAIRS; i++) {
		blocks[0] = malloc_called(size);
		free_called(blocks[0]);
	}
}

static void child_run(const char *name, size_t size)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(EXIT_NO_PTRACE);
	if (size) {
		call_pairs(size);
		_exit(0);
	}
	if (strcmp(name, "free_remote") == 0) {
		call_free_remote();
		_exit(0);
	}
	warm_up();
	if (strcmp(name, "malloc") == 0)
		call_malloc(&malloc_called);
	else if (strcmp(name, "malloc_small") == 0)
		call_malloc(&malloc_small_called);
	else
		call_free();
	_exit(0);
}

static uintptr_t entry_of(const char *name)
{
	if (strcmp(name, "malloc") == 0)
		return (uintptr_t)malloc_called;
	if (strcmp(name, "malloc_small") == 0)
		return (uintptr_t)malloc_small_called;
	if (strncmp(name, "free", 4) == 0)
		return (uintptr_t)free_called;
	fprintf(stderr, "instructions: no function %s\n", name);
	exit(2);
}

static int compare_counts(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return (x > y) - (x < y);
}

/* The most frequent of the counts, which are sorted */
static long mode(const long *counts, int *took)
{
	long best = counts[0];
	int run = 0;

	*took = 0;
	for (int i = 0; i < CALLS; i++) {
		run = i && counts[i] == counts[i - 1] ? run + 1 : 1;
		if (run > *took) {
			*took = run;
			best = counts[i];
		}
	}
	return best;
}

/* A child that is stopped before its calls */
static pid_t child_begin(const char *name, size_t size)
{
	pid_t child = fork();

	if (child < 0)
		exit(2);
	if (child == 0)
		child_run(name, size);
	(void)child_wait(child);
	return child;
}

static int count_pairs(size_t size)
{
	pid_t child = child_begin("pair", size);
	long sum = 0, worst = 0, count;

	for (int i = 0; i < PAIRS; i++) {
		count = child_call(child, (uintptr_t)malloc_called);
		count += child_call(child, (uintptr_t)free_called);
		sum += count;
		if (count > worst)
			worst = count;
	}
	(void)kill(child, SIGKILL);
	printf("%.1f %ld\n", (double)sum / PAIRS, worst);
	return 0;
}

int main(int argc, char **argv)
{
	long counts[CALLS], count;
	int took;
	uintptr_t entry;
	pid_t child;

	if (argc == 3 && strcmp(argv[1], "pair") == 0 && atol(argv[2]) > 0)
		return count_pairs((size_t)atol(argv[2]));
	if (argc != 2)
		return 2;
	entry = entry_of(argv[1]);
	child = child_begin(argv[1], 0);
	for (int i = 0; i < CALLS; i++)
		counts[i] = child_call(child, entry);
	(void)kill(child, SIGKILL);
	qsort(counts, CALLS, sizeof(counts[0]), compare_counts);
	count = mode(counts, &took);
	printf("%ld %d %d\n", count, took, CALLS);
	return 0;
}
