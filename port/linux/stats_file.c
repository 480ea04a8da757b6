/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Statistics at the end, in a file: for programs that close standard error, and
 * for those of many processes. What goes wrong is told, and the program's
 * end is as it would be without.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "stats_file.h"
#include "api/options.h"
#include "ground/text.h"

#ifndef PORT_TLS_DYNAMIC

static char name[PORT_PATH_MAX];	/* the folder that it is meant from */
static const char *pattern;		/* and what was given, within it */
static size_t first_process;

/* %p and %%, and no other sign of that kind */
static bool pattern_is_good(const char *text)
{
	for (; *text; text++)
		if (*text == '%' && *++text != 'p' && *text != '%')
			return false;
	return true;
}

static void complain(const char *what, const char *path, int error)
{
	struct text text = { .length = 0 };

	text_begin(&text, "mimalloc: error: MIMALLOC_STATS_FILE: ");
	text_string(&text, what);
	text_given(&text, path);
	text_string(&text, "': ");
	text_string(&text, strerror(error));
	text_string(&text, "\n");
	text_print(&text);
}

void stats_file_prepare(void)
{
	const char *given = port_option_text("stats_file");
	size_t length = 0;

	if (!given || !*given)
		return;
	/* who starts such a program must not choose what it writes to */
	if (getauxval(AT_SECURE)) {
		complain("not for this program: '", given, EPERM);
		return;
	}
	if (*given != '/' && getcwd(name, sizeof(name) - 1)) {
		length = strlen(name);
		name[length++] = '/';
	}
	if (!pattern_is_good(given) || strlen(given) >= sizeof(name) - length) {
		text_warn_bad_value("MIMALLOC_", "stats_file", given);
		return;
	}
	pattern = memcpy(name + length, given, strlen(given) + 1);
	first_process = port_process_id();
}

struct path {
	char text[PORT_PATH_MAX + 64];
	size_t length;
};

static void path_add(struct path *path, const char *text, size_t length)
{
	if (length > sizeof(path->text) - 1 - path->length)
		length = sizeof(path->text) - 1 - path->length;
	memcpy(path->text + path->length, text, length);
	path->length += length;
	path->text[path->length] = 0;
}

static void path_add_number(struct path *path, size_t number)
{
	struct text digits = { .length = 0 };

	text_number(&digits, number, 1);
	path_add(path, digits.line, digits.length);
}

/* A forked child has a file of its own: its number is added to the name */
static void path_make(struct path *path)
{
	size_t process = port_process_id();
	bool is_own = process == first_process;
	const char *at;

	path->length = 0;
	path_add(path, name, (size_t)(pattern - name));
	for (at = pattern; *at; at++) {
		if (*at == '%' && *++at == 'p') {
			path_add_number(path, process);
			is_own = true;
		} else {
			path_add(path, at, 1);
		}
	}
	if (!is_own) {
		path_add(path, ".", 1);
		path_add_number(path, process);
	}
}

struct file {
	int descriptor;
	int error;		/* the first one */
};

static void file_write(const char *message, void *arg)
{
	struct file *file = arg;
	size_t length = strlen(message);
	ssize_t written;

	while (length > 0 && !file->error) {
		written = write(file->descriptor, message, length);
		if (written < 0 && errno != EINTR)
			file->error = errno;
		if (written > 0) {
			message += written;
			length -= (size_t)written;
		}
	}
}

/* A pipe that nobody reads is refused, and not waited for */
static int file_open(const char *path)
{
	int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC |
			      O_NOCTTY | O_NONBLOCK, 0666);

	if (descriptor >= 0)
		(void)fcntl(descriptor, F_SETFL, 0);
	return descriptor;
}

bool stats_file_write(void)
{
	struct file file = { .error = 0 };
	struct path path;

	if (!pattern)
		return false;
	path_make(&path);
	file.descriptor = file_open(path.text);
	if (file.descriptor < 0) {
		complain("cannot open '", path.text, errno);
		return true;
	}
	process_report(file_write, &file);
	if (close(file.descriptor) != 0 && !file.error)
		file.error = errno;
	if (file.error)
		complain("cannot write '", path.text, file.error);
	return true;
}

#endif /* PORT_TLS_DYNAMIC */
