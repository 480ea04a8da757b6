/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ground/port.h"
#include "ground/text.h"
#include "report.h"

#define FIRST_ROOM	(64 << 10)

static bool out_reserve(struct out *out, size_t more)
{
	size_t room = out->room ? out->room : FIRST_ROOM;
	void *bytes;

	if (out->failed || out->length + more <= out->room)
		return !out->failed;
	while (room < out->length + more)
		room *= 2;
	bytes = out->room ?
		mremap(out->bytes, out->room, room, MREMAP_MAYMOVE) :
		memory_map(room);
	if (!bytes || bytes == MAP_FAILED) {
		out->failed = true;
		return false;
	}
	out->bytes = bytes;
	out->room = room;
	return true;
}

void out_bytes(struct out *out, const void *bytes, size_t length)
{
	if (!length || !out_reserve(out, length))
		return;
	memcpy(out->bytes + out->length, bytes, length);
	out->length += length;
}

void out_string(struct out *out, const char *string)
{
	out_bytes(out, string, strlen(string));
}

void out_number(struct out *out, size_t value)
{
	struct text text = { .length = 0 };

	text_number(&text, value, 1);
	out_string(out, text.line);
}

void out_hex(struct out *out, uintptr_t value)
{
	struct text text = { .length = 0 };

	text_hex(&text, value);
	out_string(out, text.line);
}

void out_size(struct out *out, size_t bytes, unsigned int width)
{
	struct text text = { .length = 0 };

	if (bytes < 1024) {
		text_number(&text, bytes, width > 4 ? width - 4 : 1);
		text_string(&text, " B");
	} else {
		text_bytes(&text, bytes, width);
	}
	while (text.length && text.line[text.length - 1] == ' ')
		text.line[--text.length] = 0;
	out_string(out, text.line);
}

void out_free(struct out *out)
{
	memory_unmap(out->bytes, out->room);
	*out = (struct out) { .bytes = NULL };
}

bool out_file(struct out *out, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = -1;

	if (fd < 0)
		return false;
	while (out_reserve(out, 4096)) {
		got = read(fd, out->bytes + out->length,
			   out->room - out->length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		out->length += (size_t)got;
	}
	close(fd);
	out_bytes(out, "", 1);
	return got == 0 && !out->failed;
}

static int write_all(int fd, const char *bytes, size_t length)
{
	while (length) {
		ssize_t done = write(fd, bytes, length);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return errno;
		bytes += done;
		length -= (size_t)done;
	}
	return 0;
}

int out_write(const struct out *out, const char *path)
{
	int fd, status;

	if (out->failed)
		return ENOMEM;
	if (!path)
		return write_all(STDERR_FILENO, out->bytes, out->length);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY,
		  0666);
	if (fd < 0)
		return errno;
	status = write_all(fd, out->bytes, out->length);
	if (close(fd) && !status)
		status = errno;
	return status;
}

void message(const char *kind, const char *text, const char *name,
	     const char *reason)
{
	struct text line = { .length = 0 };

	text_begin(&line, "mimalloc: ");
	text_string(&line, kind);
	text_string(&line, ": ");
	text_string(&line, text);
	text_given(&line, name);
	if (reason) {
		text_string(&line, ": ");
		text_string(&line, reason);
	}
	text_string(&line, "\n");
	text_print(&line);
}

/* What text.c of the engine asks for. A line is one call: it stays whole. */
void port_message(const char *text)
{
	write_all(STDERR_FILENO, text, strlen(text));
}

void port_program(char *name, size_t bytes)
{
	size_t i;

	for (i = 0; i + 1 < bytes && program_invocation_short_name[i]; i++)
		name[i] = program_invocation_short_name[i];
	name[i] = 0;
}

size_t port_process_id(void)
{
	return (size_t)getpid();
}
