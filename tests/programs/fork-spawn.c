/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Starts programs in every way but fork(): posix_spawn, system, popen, vfork
 * and exec, while threads allocate and free. Says "served" where malloc is the
 * allocator under test, and "fine" at the end.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 3, ROUNDS = 15, SECONDS = 200, SLOTS = 256 };

__attribute__((weak)) bool mi_is_in_heap_region(const void *p);

extern char **environ;
static atomic_bool stop;
static char *const words[] = { "sh", "-c", "exit 7", NULL };

static void *exchange(void *number)
{
	unsigned int state = (unsigned int)(size_t)number * 2654435761u + 1;
	unsigned char *slots[SLOTS] = { NULL };
	unsigned int i, bytes;

	while (!stop) {
		state = state * 1103515245u + 12345;
		i = state >> 16 & (SLOTS - 1);
		bytes = state >> 24 ? 1 + (state >> 12) % 5000 : 150000;
		if (slots[i] && slots[i][0] != i)
			abort();
		free(slots[i]);
		slots[i] = malloc(bytes);
		if (!slots[i])
			abort();
		memset(slots[i], (int)i, bytes);
	}
	for (i = 0; i < SLOTS; i++)
		free(slots[i]);
	return number;
}

static bool ends_with_7(pid_t pid)
{
	int status = 0;

	return pid > 0 && waitpid(pid, &status, 0) == pid &&
	       WIFEXITED(status) && WEXITSTATUS(status) == 7;
}

static bool spawned(void)
{
	pid_t pid;

	return posix_spawnp(&pid, "sh", NULL, NULL, words, environ) == 0 &&
	       ends_with_7(pid);
}

static bool vforked(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execv("/bin/sh", words);
		_exit(1);
	}
	return ends_with_7(pid);
}

static bool opened(void)
{
	FILE *file = popen("echo text; exit 7", "r");
	char line[16] = "";
	int status;

	if (!file || !fgets(line, sizeof(line), file))
		return false;
	status = pclose(file);
	return !strcmp(line, "text\n") && WEXITSTATUS(status) == 7;
}

int main(void)
{
	pthread_t threads[THREADS];
	void *p = malloc(100);
	bool good = true;
	int i, status;

	alarm(SECONDS);
	if (mi_is_in_heap_region && mi_is_in_heap_region(p))
		puts("served");
	fflush(stdout);
	free(p);
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, exchange,
				   (void *)(size_t)(i + 1)))
			return 2;
	for (i = 0; i < ROUNDS && good; i++) {
		status = system("exit 7");
		good = WIFEXITED(status) && WEXITSTATUS(status) == 7 &&
		       spawned() && vforked() && opened();
	}
	stop = true;
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	if (good)
		puts("fine");
	return !good;
}
