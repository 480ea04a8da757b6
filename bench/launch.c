/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * launch RESULT SECONDS PRELOAD PROGRAM ARGUMENT...: runs a program with
 * PRELOAD preloaded ("-": nothing), ends it after so many SECONDS, and writes
 * one line to the file RESULT: its exit status (128 and the number of a signal
 * that ended it), seconds by the clock, seconds of processor time, and the peak
 * of its resident memory in KiB, that of the largest process with it and all
 * those that it waited for.
 *
 * This is a program of its own because Linux counts what was resident before
 * execve() as the new program's: Python's 10 MiB and more.
 */
#include "bench.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

static pid_t child;

/* What the child started is in its group and ends with it */
static void stop(int number)
{
	(void)number;
	if (child > 0)
		(void)kill(-child, SIGKILL);
}

static double now_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double seconds(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

static void child_start(char **argv)
{
	child = fork();
	if (child < 0)
		die("no process");
	(void)setpgid(child, child);
	if (child)
		return;
	if (strcmp(argv[3], "-") == 0)
		(void)unsetenv("LD_PRELOAD");
	else if (setenv("LD_PRELOAD", argv[3], 1))
		die("no memory");
	(void)execvp(argv[4], &argv[4]);
	die(strerror(errno));
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = stop };
	struct rusage used;
	double started = now_s();
	int status;
	FILE *result;

	if (argc < 5)
		die("launch RESULT SECONDS PRELOAD PROGRAM ARGUMENT...");
	(void)sigaction(SIGALRM, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
	(void)alarm((unsigned int)argument(argc, argv, 2));
	child_start(argv);
	while (wait4(child, &status, 0, &used) < 0)
		if (errno != EINTR)
			die(strerror(errno));
	started = now_s() - started;
	result = fopen(argv[1], "w");
	if (!result)
		die(strerror(errno));
	fprintf(result, "%d %.6f %.6f %ld\n",
		WIFSIGNALED(status) ? 128 + WTERMSIG(status)
				    : WEXITSTATUS(status),
		started, seconds(&used.ru_utime) + seconds(&used.ru_stime),
		used.ru_maxrss);
	return fclose(result) != 0;
}
