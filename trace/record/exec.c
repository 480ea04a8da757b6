/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The functions that put another image in the process' place, and one that ends
 * it unseen. Where they fail the recording goes on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "record.h"

typedef int daemon_function(int, int);
typedef int execvp_function(const char *, char *const *);
typedef int execvpe_function(const char *, char *const *, char *const *);
typedef int fexecve_function(int, char *const *, char *const *);

static int failed(int error)
{
	process_flush(MI_TRACE_RUNNING);
	errno = error;
	return -1;
}

RECORD_EXPORT int execve(const char *path, char *const *words,
			 char *const *variables)
{
	process_flush(MI_TRACE_EXECUTED);
	syscall(SYS_execve, path, words, variables);
	return failed(errno);
}

RECORD_EXPORT int execv(const char *path, char *const *words)
{
	return execve(path, words, environ);
}

RECORD_EXPORT int execvpe(const char *name, char *const *words,
			  char *const *variables)
{
	execvpe_function *next = NEXT(NEXT_EXECVPE, execvpe_function);

	process_flush(MI_TRACE_EXECUTED);
	if (next)
		next(name, words, variables);
	return failed(next ? errno : ENOSYS);
}

RECORD_EXPORT int execvp(const char *name, char *const *words)
{
	execvp_function *next = NEXT(NEXT_EXECVP, execvp_function);

	process_flush(MI_TRACE_EXECUTED);
	if (next)
		next(name, words);
	return failed(next ? errno : ENOSYS);
}

RECORD_EXPORT int fexecve(int descriptor, char *const *words,
			  char *const *variables)
{
	fexecve_function *next = NEXT(NEXT_FEXECVE, fexecve_function);

	process_flush(MI_TRACE_EXECUTED);
	if (next)
		next(descriptor, words, variables);
	return failed(next ? errno : ENOSYS);
}

RECORD_EXPORT int execveat(int folder, const char *path, char *const *words,
			   char *const *variables, int flags)
{
	process_flush(MI_TRACE_EXECUTED);
	syscall(SYS_execveat, folder, path, words, variables, flags);
	return failed(errno);
}

/* It ends the process within the C library, once there is a child */
RECORD_EXPORT int daemon(int keep_folder, int keep_descriptors)
{
	daemon_function *next = NEXT(NEXT_DAEMON, daemon_function);
	int result = -1;

	process_flush(MI_TRACE_ENDED);
	if (next)
		result = next(keep_folder, keep_descriptors);
	return result == 0 ? 0 : failed(next ? errno : ENOSYS);
}

/* How many words stand before the NULL */
static size_t count(va_list *more)
{
	size_t words = 0;

	while (va_arg(*more, char *))
		words++;
	return words;
}

/* The first one and those that follow it, up to the NULL */
static void gather(char **words, const char *first, va_list *more)
{
	*words = (char *)(uintptr_t)first;
	while (*words)
		*++words = va_arg(*more, char *);
}

enum list { LIST, LIST_SEARCHED, LIST_WITH_VARIABLES };

/* The words that the caller was given, and behind their NULL its variables */
static int execute(enum list list, const char *file, const char *first,
		   va_list given)
{
	char *const *variables = environ;
	va_list more;

	va_copy(more, given);
	char *words[count(&more) + 2];
	va_end(more);
	va_copy(more, given);
	gather(words, first, &more);
	if (list == LIST_WITH_VARIABLES)
		variables = va_arg(more, char *const *);
	va_end(more);
	return list == LIST_SEARCHED ? execvp(file, words) :
				       execve(file, words, variables);
}

#define EXECUTE_LIST(name, list)					\
	RECORD_EXPORT int name(const char *file, const char *first, ...) \
	{								\
		va_list more;						\
		int result;						\
									\
		va_start(more, first);					\
		result = execute(list, file, first, more);		\
		va_end(more);						\
		return result;						\
	}								\
	_Static_assert(1, "for the semicolon")

EXECUTE_LIST(execl, LIST);
EXECUTE_LIST(execlp, LIST_SEARCHED);
EXECUTE_LIST(execle, LIST_WITH_VARIABLES);
