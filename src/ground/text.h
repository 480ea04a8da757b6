/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lines of text without libc and without memory, and where they go; and what
 * settings are read with.
 */
#ifndef MI_TEXT_H
#define MI_TEXT_H

#include "ground/config.h"

typedef void text_out_fun(const char *message, void *arg);

/* So much of a program's name is told, with the 0 behind it */
#define TEXT_NAME_BYTES	33

struct text {
	char line[320];
	size_t length;
	text_out_fun *out;	/* where it goes; NULL: see text_set_output() */
	void *arg;
};

void text_string(struct text *text, const char *string);
/* A name of the user's, so much of it at most, without control characters */
void text_name(struct text *text, const char *name, size_t most);
/* What a user has given: where it is long the rest of it is left out */
void text_given(struct text *text, const char *string);
/*
 * Begins a message. Where there are several processes, it says first which one
 * speaks: "perl[1234]: "
 */
void text_begin(struct text *text, const char *string);
void text_hex(struct text *text, uintptr_t value);
/* Right-aligned in `width` columns */
void text_number(struct text *text, size_t value, unsigned int width);
/* 1.5 KiB, 3.0 MiB, right-aligned */
void text_bytes(struct text *text, size_t bytes, unsigned int width);
void text_pad(struct text *text, size_t column);
/*
 * The pattern with the next of the numbers in place of each `#`. What does not
 * fit into the line is written before.
 */
void text_fill(struct text *text, const char *pattern, const size_t *numbers);

/* Where messages go; NULL: the port */
void text_set_output(text_out_fun *out, void *arg);
/* Writes the line and empties it */
void text_print(struct text *text);

/* Compares without regard to case */
bool text_equal(const char *a, const char *b);
/* 1, true, yes, on and 0, false, no, off, in any case; else false */
bool text_read_bool(const char *word, bool *value);
/* Decimal digits: gives what comes behind. NULL: there are none, or too many */
const char *text_read_number(const char *text, size_t *value);
/* Prints a line that names a setting, and the value of it that is ignored */
void text_warn_bad_value(const char *prefix, const char *name,
			 const char *value);

#endif /* MI_TEXT_H */
