/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Forks while a library, whose constructor ran before the allocator's, has
 * handlers for forks that allocate, or that end, join and start a thread.
 *
 *   fork-handlers small|large|threads
 *
 * With -DLIBRARY this is the library. The program says "served" where
 * malloc is the allocator under test, and "fine" when all forks are done.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FORKS = 10, SLOTS = 64, SECONDS = 60 };

/* What the handlers are to do; handlers of the library read it */
extern int handlers_allocate_bytes;
extern int handlers_use_threads;
extern int handlers_called;

#ifdef LIBRARY

int handlers_allocate_bytes, handlers_use_threads, handlers_called;

static unsigned char *slots[SLOTS];

static void allocate(void)
{
	size_t bytes;
	int i;

	handlers_called++;
	if (!handlers_allocate_bytes)
		return;
	for (i = 0; i < SLOTS; i++) {
		if (slots[i] && slots[i][0] != i)
			abort();
		free(slots[i]);
		bytes = (size_t)(handlers_allocate_bytes * (i + 1));
		slots[i] = malloc(bytes);
		if (!slots[i])
			abort();
		memset(slots[i], i, bytes);
	}
}

static pthread_t worker;
static bool worker_runs;
static int wake[2];

/* Holds small and large blocks while it sleeps, and so does its heap */
static void *work(void *unused)
{
	void *small = malloc(100), *large = malloc(100000);
	char byte;

	if (!small || !large || read(wake[0], &byte, 1) != 1)
		abort();
	free(large);
	free(small);
	return unused;
}

static void worker_start(void)
{
	if (!handlers_use_threads)
		return;
	if (pipe(wake) || pthread_create(&worker, NULL, work, NULL))
		abort();
	worker_runs = true;
}

static void worker_end(void)
{
	if (!worker_runs)
		return;
	if (write(wake[1], "", 1) != 1 || pthread_join(worker, NULL))
		abort();
	close(wake[0]);
	close(wake[1]);
	worker_runs = false;
}

static void before(void)
{
	allocate();
	worker_end();
	worker_start();
	worker_end();
}

static void after(void)
{
	allocate();
	worker_start();
	worker_end();
	worker_start();
}

__attribute__((constructor(101))) static void library_start(void)
{
	pthread_atfork(before, after, after);
}

#else

__attribute__((weak)) bool mi_is_in_heap_region(const void *p);

static bool is_served(void)
{
	void *p = malloc(100);
	bool served = mi_is_in_heap_region && mi_is_in_heap_region(p);

	free(p);
	return served;
}

static void child(void)
{
	alarm(SECONDS);
	free(malloc(100));
	free(malloc(100000));
	_exit(0);
}

int main(int count, char **arguments)
{
	const char *mode = count > 1 ? arguments[1] : "";
	int i, status;
	pid_t pid;

	alarm(SECONDS);
	if (is_served())
		puts("served");
	fflush(stdout);
	handlers_use_threads = !strcmp(mode, "threads");
	handlers_allocate_bytes = !strcmp(mode, "large") ? 5000 : 40;
	for (i = 0; i < FORKS; i++) {
		pid = fork();
		if (pid == 0)
			child();
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
			return 1;
	}
	if (handlers_called != 2 * FORKS)
		return 2;
	puts("fine");
	return 0;
}

#endif
