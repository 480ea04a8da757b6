/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The serial line as a program sees it: lines in, with echo; newline out.
 */
#ifndef TESTBED_CONSOLE_FILE_H
#define TESTBED_CONSOLE_FILE_H

#include <stddef.h>

long console_file_write(const char *text, size_t bytes);

/* Waits for a whole line; 0 at control-D, which stands for the end. */
long console_file_read(char *out, size_t bytes);

/* The program ended. */
void console_file_end(int status) __attribute__((noreturn));

#endif /* TESTBED_CONSOLE_FILE_H */
