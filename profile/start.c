/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the start of a process to its end: when samples are taken, and when
 * reports are written.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "ground/text.h"
#include "mimalloc-profile.h"
#include "options.h"
#include "report.h"

#define OWNER	"MIMALLOC_PROFILE_OWNER"

static struct options options;
static char folder[PATH_BYTES];		/* that the process began in */
static uint64_t started_ns;
static pid_t process;
static bool is_child;			/* was forked */
static bool is_apart;			/* has files with a number of its own */
static bool ended;
static size_t written;			/* profiles, by this process */
static int writing;

static int write_snapshot(struct snapshot *snapshot, const char *name)
{
	static char path[PATH_BYTES];
	struct out out = { .bytes = NULL };
	int status = ENAMETOOLONG;

	encode(&out, snapshot, sampling_rate(), started_ns);
	if (path_expand(path, name, folder, is_apart, written))
		status = out_write(&out, path);
	out_free(&out);
	if (status)
		message("error", "cannot write ", path,
			strerrordesc_np(status));
	written++;
	return status;
}

static int write_leaks(struct snapshot *snapshot)
{
	static char path[PATH_BYTES];
	const char *name = options.leaks_file;
	struct out out = { .bytes = NULL };
	int status = ENAMETOOLONG;

	leaks_text(&out, snapshot, sampling_rate(), options.leaks);
	if (!name)
		status = out_write(&out, NULL);
	else if (path_expand(path, name, folder, is_apart, 0))
		status = out_write(&out, path);
	out_free(&out);
	if (status && name)
		message("error", "cannot write ", path,
			strerrordesc_np(status));
	return status;
}

/* Either may be asked for; 0 or an errno */
static int report(const char *profile, bool leaks)
{
	struct snapshot snapshot;
	int status;

	if (sampling_state() != SAMPLING_ON)
		return ENODATA;
	if (__atomic_exchange_n(&writing, 1, __ATOMIC_ACQUIRE))
		return EBUSY;
	status = snapshot_take(&snapshot);
	if (status == ENOMEM) {
		message("error", "no profile is written", "",
			strerrordesc_np(status));
	} else if (!status) {
		if (profile)
			status = write_snapshot(&snapshot, profile);
		if (leaks)
			write_leaks(&snapshot);
		snapshot_free(&snapshot);
	}
	__atomic_store_n(&writing, 0, __ATOMIC_RELEASE);
	return status;
}

EXPORT int mi_profile_write(const char *file)
{
	int old_errno = errno, status;

	if (!file)
		file = options.profile;
	status = file ? report(file, false) : ENOENT;
	errno = old_errno;
	return status;
}

static void write_now(void)
{
	int old_errno = errno;

	if (options.profile && report(options.profile, false) == EAGAIN)
		sampling_afterwards(write_now);
	errno = old_errno;
}

static void on_signal(int number)
{
	(void)number;
	write_now();
}

/* Another thread may be writing a profile: a second is enough for that */
static void at_end(void)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	int tries = 1000, status;

	if (ended || getpid() != process)
		return;
	ended = true;
	do
		status = report(options.profile, options.leaks > 0);
	while (status == EBUSY && tries-- && !nanosleep(&moment, NULL));
	if (status == EAGAIN)
		message("error", "no profile is written", "",
			"the process ended inside of malloc or free");
	else if (status == EBUSY)
		message("error", "no profile of the end is written", "",
			"another one is being written");
}

static void at_exit(int status, void *arg)
{
	(void)status;
	(void)arg;
	at_end();
}

/*
 * exit() does not come here. A child that was forked ends so when it wants none
 * of its parent's work at exit to be done again.
 */
static _Noreturn void end_at_once(int status)
{
	if (sampling_state() == SAMPLING_ON && !is_child)
		at_end();
	for (;;)
		syscall(SYS_exit_group, status);
}

EXPORT _Noreturn void _exit(int status)
{
	end_at_once(status);
}

EXPORT _Noreturn void _Exit(int status)
{
	end_at_once(status);
}

static void in_child(void)
{
	process = getpid();
	is_child = true;
	is_apart = true;
	ended = false;
	written = 0;
	writing = 0;
	lock_in_child();
	if (!options.seed_is_set)
		sampling_in_child();
}

/* Of NULL: what it was */
static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; text && *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return hash;
}

/*
 * Whether a process before this one has these names of files. The first one
 * leaves its number and their hash to all that it starts, wherever they end up.
 */
static bool has_owner(void)
{
	const char *owner = getenv(OWNER);
	struct text text = { .length = 0 };
	size_t own;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	hash = hash_text(hash, option_entry(environ, "PROFILE"));
	hash = hash_text(hash, option_entry(environ, "PROFILE_LEAKS_FILE"));
	text_number(&text, (size_t)getpid(), 1);
	text_string(&text, ":");
	own = text.length;
	text_hex(&text, hash);
	if (owner && strchr(owner, ':') &&
	    !strcmp(strchr(owner, ':'), text.line + own - 1))
		return strcmp(owner, text.line) != 0;
	setenv(OWNER, text.line, 1);
	return false;
}

static void take_signal(int number)
{
	struct sigaction action = { .sa_handler = on_signal,
				    .sa_flags = SA_RESTART | SA_ONSTACK };

	if (sigaction(number, &action, NULL))
		message("warning", "MIMALLOC_PROFILE_SIGNAL", "",
			strerrordesc_np(errno));
}

static uint64_t choose_seed(void)
{
	const uint64_t *random;
	uint64_t seed = started_ns;

	if (options.seed_is_set)
		return options.seed;
	random = (const void *)(uintptr_t)getauxval(AT_RANDOM);
	if (random)
		seed ^= *random;
	return seed + ((uint64_t)getpid() << 32);
}

static __attribute__((constructor)) void start(void)
{
	struct timespec now;
	uint64_t seed;

	options_read(&options);
	if (!options.on) {
		sampling_never();
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	started_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	process = getpid();
	if (!getcwd(folder, sizeof(folder)))
		folder[0] = 0;
	is_apart = has_owner();
	unwind_start();
	/* Not atexit(): after the destructors of all libraries */
	on_exit(at_exit, NULL);
	pthread_atfork(NULL, NULL, in_child);
	if (options.signal)
		take_signal(options.signal);
	seed = choose_seed();
	sampling_start(options.rate, &seed);
}
