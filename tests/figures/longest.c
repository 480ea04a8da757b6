/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * longest malloc|free: another thread frees what this one has allocated,
 * 3 million blocks of 64 bytes, all but a few. Then CALLS calls of malloc (or
 * of free, of those few) are counted by single steps. Prints the largest
 * count of instructions; a call of more than a million is not waited for.
 */
#include "steps.h"

#include <pthread.h>

#include <mimalloc.h>

#define BLOCKS		3000000
#define SIZE		64
#define STEP		1024	/* every such block is not freed by the other */
#define MALLOCS		400	/* most of them are short */
#define FREES		8	/* each takes the slow path */

static void *(*volatile malloc_called)(size_t) = mi_malloc;
static void (*volatile free_called)(void *) = mi_free;
static void *blocks[BLOCKS];
static int all, calls;

static void *free_most(void *unused)
{
	for (size_t i = 0; i < BLOCKS; i++)
		if (all || i % STEP)
			free_called(blocks[i]);
	return unused;
}

static void child_run(void)
{
	pthread_t thread;

	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(EXIT_NO_PTRACE);
	for (size_t i = 0; i < BLOCKS; i++) {
		blocks[i] = malloc_called(SIZE);
		*(char *)blocks[i] = 1;
	}
	if (pthread_create(&thread, NULL, free_most, NULL) ||
	    pthread_join(thread, NULL))
		_exit(2);
	raise(SIGSTOP);
	for (int i = 0; i < calls; i++)
		if (all)
			(void)malloc_called(SIZE);
		else
			free_called(blocks[(size_t)i * STEP]);
	_exit(0);
}

int main(int argc, char **argv)
{
	long longest = 0, count;
	uintptr_t entry;
	pid_t child;

	if (argc != 2)
		return 2;
	all = strcmp(argv[1], "malloc") == 0;
	entry = all ? (uintptr_t)malloc_called : (uintptr_t)free_called;
	calls = all ? MALLOCS : FREES;
	child = fork();
	if (child < 0)
		return 2;
	if (child == 0)
		child_run();
	(void)child_wait(child);
	for (int i = 0; i < calls; i++) {
		count = child_call(child, entry);
		if (count > longest)
			longest = count;
	}
	(void)kill(child, SIGKILL);
	printf("%ld\n", longest);
	return 0;
}
