/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Forks while one thread flushes all files and so waits for another, which
 * reads a line that is yet to come, and then allocates memory for it.
 *
 * Each step is taken when the threads of the step before sleep. Says "served"
 * where malloc is the allocator under test, and "fine" at the end.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 5, LINE_BYTES = 300000, SECONDS = 60 };

__attribute__((weak)) bool mi_is_in_heap_region(const void *p);

static int line_pipe[2];
static FILE *line_file;
static pid_t reader_id, flusher_id, main_id;
static pthread_t reader, flusher, writer;

static pid_t thread_id(void)
{
	return (pid_t)syscall(SYS_gettid);
}

/* Waits until a thread of this process has begun, and sleeps */
static void wait_asleep(const pid_t *id)
{
	char path[64], text[256], *state;
	ssize_t length;
	int file;

	while (!__atomic_load_n(id, __ATOMIC_ACQUIRE))
		usleep(1000);
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)*id);
	for (;;) {
		usleep(5000);
		file = open(path, O_RDONLY);
		if (file < 0)
			abort();
		length = read(file, text, sizeof(text) - 1);
		close(file);
		if (length <= 0)
			abort();
		text[length] = 0;
		state = strrchr(text, ')');
		if (state && state[1] == ' ' && state[2] == 'S')
			return;
	}
}

static void *read_line(void *unused)
{
	char *line = NULL;
	size_t bytes = 0;

	__atomic_store_n(&reader_id, thread_id(), __ATOMIC_RELEASE);
	if (getline(&line, &bytes, line_file) != LINE_BYTES)
		abort();
	free(line);
	return unused;
}

static void *flush_all(void *unused)
{
	__atomic_store_n(&flusher_id, thread_id(), __ATOMIC_RELEASE);
	fflush(NULL);
	return unused;
}

static void *write_line(void *unused)
{
	static char line[LINE_BYTES];
	size_t done = 0;
	ssize_t written;

	memset(line, 'x', sizeof(line));
	line[LINE_BYTES - 1] = '\n';
	wait_asleep(&main_id);
	while (done < sizeof(line)) {
		written = write(line_pipe[1], line + done, sizeof(line) - done);
		if (written <= 0)
			abort();
		done += (size_t)written;
	}
	return unused;
}

/* Another thread needs what the forking one had */
static void child(void)
{
	alarm(SECONDS);
	free(malloc(100000));
	if (pthread_create(&flusher, NULL, flush_all, NULL) ||
	    pthread_join(flusher, NULL))
		_exit(1);
	_exit(0);
}

static bool fork_between(void)
{
	int status = 1;
	pid_t pid;

	reader_id = flusher_id = main_id = 0;
	if (pthread_create(&reader, NULL, read_line, NULL))
		return false;
	wait_asleep(&reader_id);
	if (pthread_create(&flusher, NULL, flush_all, NULL))
		return false;
	wait_asleep(&flusher_id);
	if (pthread_create(&writer, NULL, write_line, NULL))
		return false;
	__atomic_store_n(&main_id, thread_id(), __ATOMIC_RELEASE);
	pid = fork();
	if (pid == 0)
		child();
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return false;
	return !pthread_join(reader, NULL) && !pthread_join(flusher, NULL) &&
	       !pthread_join(writer, NULL) && status == 0;
}

int main(void)
{
	void *p = malloc(100);
	int i;

	alarm(SECONDS);
	if (mi_is_in_heap_region && mi_is_in_heap_region(p))
		puts("served");
	fflush(stdout);
	free(p);
	if (pipe(line_pipe))
		return 2;
	line_file = fdopen(line_pipe[0], "r");
	for (i = 0; line_file && i < ROUNDS; i++)
		if (!fork_between())
			return 1;
	puts("fine");
	return 0;
}
