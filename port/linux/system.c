/* SPDX-License-Identifier: BSD-3-Clause */
/* What the system tells, and is told: environment, output, figures, errno. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "system.h"
#include "ground/port.h"

static struct timespec started;

void system_start(void)
{
	(void)clock_gettime(CLOCK_MONOTONIC, &started);
}

void port_message(const char *text)
{
	int error = errno;
	size_t length = strlen(text);
	ssize_t written;

	while (length > 0) {
		written = syscall(SYS_write, STDERR_FILENO, text, length);
		if (written <= 0 && errno != EINTR)
			break;
		if (written > 0) {
			text += written;
			length -= (size_t)written;
		}
	}
	errno = error;
}

/* The C library knows no name before its own start, and the system always */
void port_program(char *name, size_t bytes)
{
	char given[16] = "";	/* as long as it ever is there */
	const char *known = program_invocation_short_name;
	size_t i;

	if (!known || !*known) {
		(void)prctl(PR_GET_NAME, given);
		known = given;
	}
	for (i = 0; i + 1 < bytes && known[i]; i++)
		name[i] = known[i];
	name[i] = 0;
}

size_t port_process_id(void)
{
	return (size_t)getpid();
}

int port_errno(void)
{
	return errno;
}

void port_set_errno(int error)
{
	errno = error;
}

void port_abort(void)
{
	abort();
}

const char *port_option_text(const char *name)
{
	static const char prefix[] = "mimalloc_";
	extern char **environ;
	char **entry;
	const char *text, *p;

	if (!environ)
		return NULL;
	for (entry = environ; *entry; entry++) {
		if (strncasecmp(*entry, prefix, sizeof(prefix) - 1) != 0)
			continue;
		text = *entry + sizeof(prefix) - 1;
		p = strchr(text, '=');
		if (p && strlen(name) == (size_t)(p - text) &&
		    strncasecmp(text, name, (size_t)(p - text)) == 0)
			return p + 1;
	}
	return NULL;
}

const char *port_environment(const char *name)
{
	return getenv(name);
}

char *port_realpath(const char *path, char *resolved)
{
	return realpath(path, resolved);
}

static size_t resident_bytes(void)
{
	int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	size_t pages = 0;
	char text[64], *p;
	ssize_t length;

	if (file < 0)
		return 0;
	length = read(file, text, sizeof(text) - 1);
	(void)close(file);
	if (length <= 0)
		return 0;
	text[length] = 0;
	p = strchr(text, ' ');
	for (p = p ? p + 1 : text; *p >= '0' && *p <= '9'; p++)
		pages = pages * 10 + (size_t)(*p - '0');
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static size_t msecs(long seconds, long nanoseconds)
{
	return (size_t)(seconds * 1000 + nanoseconds / 1000000);
}

void port_process(struct port_process *process)
{
	struct rusage usage;
	struct timespec now;
	int error = errno;

	memset(process, 0, sizeof(*process));
	if (clock_gettime(CLOCK_MONOTONIC, &now) == 0)
		process->elapsed_msecs =
			msecs(now.tv_sec - started.tv_sec,
			      now.tv_nsec - started.tv_nsec);
	if (getrusage(RUSAGE_SELF, &usage) == 0) {
		process->user_msecs = msecs(usage.ru_utime.tv_sec,
					    usage.ru_utime.tv_usec * 1000);
		process->system_msecs = msecs(usage.ru_stime.tv_sec,
					      usage.ru_stime.tv_usec * 1000);
		process->resident_peak = (size_t)usage.ru_maxrss * 1024;
		process->page_faults = (size_t)usage.ru_majflt;
	}
	process->resident = resident_bytes();
	errno = error;
}
