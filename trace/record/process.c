/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The beginning and the end of a process, and its other images: what was
 * recorded is written before it would be gone.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "record.h"

extern int __cxa_atexit(void (*function)(void *), void *argument, void *object);
extern int __cxa_at_quick_exit(void (*function)(void *), void *object);

static struct {
	bool *known;		/* to the recorder; false in a child, by the
				 * system, or by the handler of fork */
	int id;
	bool has_key;
	pthread_key_t key;
} process;

bool process_is_new(void)
{
	return !process.known || !*process.known;
}

/* A child that runs in its parent's memory, until it calls exec */
static bool process_is_shared(void)
{
	return system_process() != process.id;
}

/* At the first call of a process. After a fork the only thread calls this,
 * with its ring if it has one, and the number of the event that it is at. */
void process_restart(struct thread *thread, uint64_t number)
{
	if (process.known) {
		file_restart();
		pack_restart();
		recorder_restart(thread, number);
	} else {
		process.known = system_memory(sizeof(*process.known));
		if (!process.known)
			return;
	}
	process.id = system_process();
	*process.known = true;
}

/* The end of the calling thread, whose ring is new, will be told */
void process_key(struct thread *thread)
{
	int error = errno;

	if (process.has_key)
		pthread_setspecific(process.key, thread);
	errno = error;
}

/* For a system that leaves to a child what it should zero */
static void forked(void)
{
	if (!process.known)
		return;
	*process.known = false;
	if (recorder_thread)
		recorder_thread->limit = 0;
}

void process_flush(uint32_t state)
{
	struct system_state entry;

	system_enter(&entry);
	if (!process_is_new() && !process_is_shared()) {
		recorder_flush();
		file_state(state);
	}
	system_leave(&entry);
}

static void ended(void *unused)
{
	(void)unused;
	process_flush(MI_TRACE_ENDED);
}

/*
 * What is registered here, before the program's first function, is called at
 * the very end: after the destructors of all objects.
 */
__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("MI_TRACE_OUTPUT");
	struct system_state state;

	system_enter(&state);
	if (process_is_new())
		process_restart(NULL, 0);
	if (path && path[0] == '/')
		file_begin(path);
	process.has_key = pthread_key_create(&process.key,
					     recorder_thread_end) == 0;
	system_leave(&state);
	if (recorder_thread)
		process_key(recorder_thread);
	pthread_atfork(NULL, NULL, forked);
	__cxa_atexit(ended, NULL, NULL);
	__cxa_at_quick_exit(ended, NULL);
	for (int i = NEXT_EXECVP; i <= NEXT_DAEMON; i++)
		next_find((enum next)i, NULL);
}

RECORD_EXPORT _Noreturn void _exit(int status)
{
	process_flush(MI_TRACE_ENDED);
	for (;;)
		syscall(SYS_exit_group, status);
}

RECORD_EXPORT _Noreturn void _Exit(int status)
{
	_exit(status);
}
