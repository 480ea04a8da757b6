/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A line editor of the smallest kind: echo, backspace, control-C and -D.
 */
#include <string.h>
#include <uk/plat/time.h>
#include <uk/sched.h>

#include "console_file.h"
#include "machine.h"
#include "memory.h"
#include "options.h"

#define LINE_BYTES 4096U
#define POLL_NANOSECONDS 10000000UL

#define CONTROL_C 3
#define CONTROL_D 4
#define BACKSPACE 8
#define DELETE 127

static char line[LINE_BYTES];
static size_t line_bytes;		/* 0: no line waits to be read */
static size_t line_read;

long console_file_write(const char *text, size_t bytes)
{
	console_lock();
	for (size_t i = 0; i < bytes; i++) {
		if (text[i] == '\n')
			console_write("\r", 1);
		console_write(&text[i], 1);
	}
	console_unlock();
	return (long)bytes;
}

static int wait_for_byte(void)
{
	int byte;

	while ((byte = console_take()) < 0)
		uk_sched_thread_sleep(POLL_NANOSECONDS);
	return byte;
}

static void line_append(char byte)
{
	if (line_bytes == LINE_BYTES - 1)
		return;
	line[line_bytes++] = byte;
	console_file_write(&byte, 1);
}

/* False at the end of the input. */
static bool line_fill(void)
{
	line_bytes = 0;
	line_read = 0;
	for (;;) {
		int byte = wait_for_byte();

		if (byte == CONTROL_D && !line_bytes)
			return false;
		if (byte == CONTROL_C)
			console_file_end(130);
		if (byte == BACKSPACE || byte == DELETE) {
			if (line_bytes) {
				line_bytes--;
				console_write("\b \b", 3);
			}
			continue;
		}
		if (byte == '\r' || byte == '\n') {
			line[line_bytes++] = '\n';
			console_write("\r\n", 2);
			return true;
		}
		if (byte >= ' ' || byte == '\t')
			line_append((char)byte);
	}
}

long console_file_read(char *out, size_t bytes)
{
	if (line_read == line_bytes && !line_fill())
		return 0;
	if (bytes > line_bytes - line_read)
		bytes = line_bytes - line_read;
	memcpy(out, line + line_read, bytes);
	line_read += bytes;
	return (long)bytes;
}

void console_file_end(int status)
{
	inittab_end();
	if (options.stats)
		heap_print_figures();
	machine_exit(status);
}
