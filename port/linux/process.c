/* SPDX-License-Identifier: BSD-3-Clause */
/* A Linux process: its start and end, threads, fork, environment, output. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "mimalloc.h"
#include "fork.h"
#include "blocks/blocks.h"
#include "api/options.h"

struct instance default_instance = {
	.map = (struct map *)&map_of_none,
	.os_enabled = true,
	.outside = true,
	.purge_enabled = true,
	.reclaim_on_free = true,
	.budget_bytes = (size_t)6 << 20,
	.budget_share = 4,
};

struct port_lock init_lock;
bool initialised;
static pthread_key_t thread_key;
static bool thread_key_made;
static struct timespec started;

static void thread_ended(void *unused)
{
	(void)unused;
	heaps_thread_done();
}

/* May run before libc is ready, so it asks for nothing but memory */
void port_init(void)
{
	if (__atomic_load_n(&initialised, __ATOMIC_ACQUIRE))
		return;
	fork_register();	/* perhaps before others' handlers */
	port_lock(&init_lock);
	if (!initialised) {
		options_init();
		instance_init(&default_instance);
		thread_key_made = pthread_key_create(&thread_key,
						     thread_ended) == 0;
		__atomic_store_n(&initialised, true, __ATOMIC_RELEASE);
	}
	port_unlock(&init_lock);
}

void port_thread_started(void)
{
	if (thread_key_made)
		(void)pthread_setspecific(thread_key, &thread_key);
}

/* Runs before the C library's own constructor, see the Makefile */
__attribute__((constructor(101)))
static void process_start(int count, char **arguments, char **environment)
{
	extern char **environ;

	(void)count;
	(void)arguments;
#ifdef __GLIBC__	/* others call constructors without arguments */
	if (!environ)
		environ = environment;
#else
	(void)environment;
#endif
	fork_register();
	(void)clock_gettime(CLOCK_MONOTONIC, &started);
	options_init();
	mi_process_init();
}

__attribute__((destructor(101))) static void process_end(void)
{
	options_process_end();
#ifdef PORT_TLS_DYNAMIC	/* this code may be about to be unloaded */
	if (thread_key_made) {
		thread_key_made = false;
		(void)pthread_key_delete(thread_key);
	}
#endif
}

void port_message(const char *text)
{
	int error = errno;
	size_t length = strlen(text);
	ssize_t written;

	while (length > 0) {
		written = write(STDERR_FILENO, text, length);
		if (written <= 0 && errno != EINTR)
			break;
		if (written > 0) {
			text += written;
			length -= (size_t)written;
		}
	}
	errno = error;
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
