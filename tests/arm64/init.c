/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first and only program of a guest of ours. It runs what /tests lists, a
 * line each,
 *
 *	NAME SECONDS [VARIABLE=VALUE]... PROGRAM [ARGUMENT]...
 *
 * one after the other, and tells on the console, where the kernel may write as
 * well, by the first character of a line:
 *
 *	@NAME		a program begins
 *	|TEXT		a line of its standard output
 *	!TEXT		a line of its standard error
 *	=TEXT		how it ended: "exit 0", "signal 11", "time"
 *	.		time passes
 *	$NUMBER		all is done, so many programs have run
 *
 * Then the machine is turned off.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORDS_MAX	64
#define BEAT_SECONDS	10
#define LINE_BYTES	500

/* A pipe from the program, and what is read of its next line */
struct stream {
	int fd;			/* -1: ended */
	char mark;
	size_t length;
	char line[LINE_BYTES];
};

__attribute__((noreturn)) static void power_off(void)
{
	fflush(NULL);
	sync();
	(void)reboot(RB_POWER_OFF);
	_exit(1);
}

__attribute__((noreturn, format(printf, 1, 2)))
static void fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	printf("init: ");
	vprintf(format, arguments);
	va_end(arguments);
	printf(": %s\n", strerror(errno));
	power_off();
}

static void mount_on(const char *kind, const char *folder)
{
	(void)mkdir(folder, 0755);
	if (mount(kind, folder, kind, 0, NULL) != 0 && errno != EBUSY)
		fail("mount %s", folder);
}

static void mount_all(void)
{
	mount_on("devtmpfs", "/dev");
	for (int fd = 0; fd < 3; fd++)
		if (dup2(open("/dev/console", O_RDWR), fd) < 0)
			_exit(1);
	mount_on("proc", "/proc");
	mount_on("sysfs", "/sys");
	mount_on("tmpfs", "/tmp");
	mount_on("tmpfs", "/dev/shm");
}

static time_t seconds_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void stream_flush(struct stream *stream)
{
	printf("%c%.*s\n", stream->mark, (int)stream->length, stream->line);
	stream->length = 0;
}

static void stream_read(struct stream *stream)
{
	char text[4096];
	ssize_t got = read(stream->fd, text, sizeof(text));

	if (got <= 0) {
		if (stream->length)
			stream_flush(stream);
		close(stream->fd);
		stream->fd = -1;
	}
	for (ssize_t i = 0; i < got; i++) {
		if (text[i] != '\n')
			stream->line[stream->length++] = text[i];
		if (text[i] == '\n' || stream->length == LINE_BYTES)
			stream_flush(stream);
	}
}

/* The words are variables, then a program and its arguments */
__attribute__((noreturn)) static void child_run(char **words, int out, int err)
{
	if (dup2(out, 1) < 0 || dup2(err, 2) < 0 ||
	    dup2(open("/dev/null", O_RDONLY), 0) < 0)
		_exit(126);
	for (; *words && strchr(*words, '='); words++)
		(void)putenv(*words);
	if (*words)
		execv(*words, words);
	fprintf(stderr, "%s: %s\n", *words ? *words : "nothing to run",
		strerror(errno));
	_exit(127);
}

/* Both streams have ended, or the time is over, which is told */
static bool follow(struct stream streams[2], time_t end)
{
	struct pollfd polls[2];

	while (streams[0].fd >= 0 || streams[1].fd >= 0) {
		for (int i = 0; i < 2; i++)
			polls[i] = (struct pollfd){ streams[i].fd, POLLIN, 0 };
		if (poll(polls, 2, BEAT_SECONDS * 1000) == 0)
			printf(".\n");
		for (int i = 0; i < 2; i++)
			if (streams[i].fd >= 0 && polls[i].revents)
				stream_read(&streams[i]);
		if (seconds_now() > end)
			return true;
	}
	return false;
}

/* Waits for the child, and ends all that it has left behind */
static int reap(pid_t child)
{
	int status, of_child = 0;
	pid_t ended;

	do {
		ended = waitpid(child, &of_child, 0);
	} while (ended < 0 && errno == EINTR);
	(void)kill(-1, SIGKILL);
	while (waitpid(-1, &status, 0) > 0)
		;
	return of_child;
}

static void run(char **words, long seconds)
{
	struct stream streams[2] = { { .mark = '|' }, { .mark = '!' } };
	int out[2], err[2], status;
	bool late;
	pid_t child;

	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		fail("pipe");
	fflush(NULL);
	child = fork();
	if (child < 0)
		fail("fork");
	if (child == 0)
		child_run(words, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	streams[0].fd = out[0];
	streams[1].fd = err[0];
	late = follow(streams, seconds_now() + seconds);
	if (late)
		(void)kill(-1, SIGKILL);
	status = reap(child);
	if (late)
		printf("=time\n");
	else if (WIFEXITED(status))
		printf("=exit %d\n", WEXITSTATUS(status));
	else
		printf("=signal %d\n", WTERMSIG(status));
	for (int i = 0; i < 2; i++)
		if (streams[i].fd >= 0)
			close(streams[i].fd);
}

int main(void)
{
	char line[4096], *words[WORDS_MAX + 1], *rest;
	int programs = 0;
	FILE *list;

	mount_all();
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	(void)setenv("CMOCKA_MESSAGE_OUTPUT", "TAP", 1);
	(void)setenv("PATH", "/bin", 1);
	list = fopen("/tests", "re");
	if (!list)
		fail("/tests");
	while (fgets(line, sizeof(line), list)) {
		size_t count = 0;

		rest = line;
		while (count < WORDS_MAX &&
		       (words[count] = strsep(&rest, " \n")) != NULL)
			if (*words[count])
				count++;
		words[count] = NULL;
		if (count < 3)
			continue;
		printf("@%s\n", words[0]);
		run(words + 2, atol(words[1]));
		programs++;
	}
	printf("$%d\n", programs);
	power_off();
}
