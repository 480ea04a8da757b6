/* SPDX-License-Identifier: BSD-3-Clause */
#include "ground/text.h"
#include "ground/port.h"

static struct {
	text_out_fun *out;
	void *arg;
} output;

void text_string(struct text *text, const char *string)
{
	while (*string && text->length < sizeof(text->line) - 1)
		text->line[text->length++] = *string++;
	text->line[text->length] = 0;
}

void text_name(struct text *text, const char *name, size_t most)
{
	char shown[2] = "";

	for (; *name && most; name++, most--) {
		*shown = (unsigned char)*name < ' ' || *name == 127 ? '?' :
			 *name;
		text_string(text, shown);
	}
}

void text_given(struct text *text, const char *string)
{
	while (*string && text->length < sizeof(text->line) - 64)
		text->line[text->length++] = *string++;
	text_string(text, *string ? "..." : "");
}

#if PORT_HAS_PROCESSES

/* Whatever a file is called, it is part of a line */
static void text_program(struct text *text)
{
	char name[TEXT_NAME_BYTES];

	port_program(name, sizeof(name));
	text_name(text, name, sizeof(name));
	text_string(text, "[");
	text_number(text, port_process_id(), 1);
	text_string(text, "]: ");
}

#else
#define text_program(text)
#endif

void text_begin(struct text *text, const char *string)
{
	text->length = 0;
	text_program(text);
	text_string(text, string);
}

void text_hex(struct text *text, uintptr_t value)
{
	char digits[19] = "0x";
	unsigned int n = 2, shift = 64;

	while (shift > 4 && !(value >> (shift - 4)))
		shift -= 4;
	for (; shift; shift -= 4)
		digits[n++] = "0123456789abcdef"[(value >> (shift - 4)) & 15];
	digits[n] = 0;
	text_string(text, digits);
}

void text_number(struct text *text, size_t value, unsigned int width)
{
	char digits[40];
	unsigned int n = sizeof(digits) - 1;

	digits[n] = 0;
	do {
		digits[--n] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	while (n && sizeof(digits) - 1 - n < width)
		digits[--n] = ' ';
	text_string(text, digits + n);
}

void text_bytes(struct text *text, size_t bytes, unsigned int width)
{
	static const char *const units[] = {
		" B  ", " KiB", " MiB", " GiB", " TiB",
	};
	unsigned int unit = 0;
	size_t tenths = bytes * 10;

	if (bytes > SIZE_MAX / 16)
		tenths = SIZE_MAX;
	while (tenths >= 10240 && unit < 4) {
		tenths /= 1024;
		unit++;
	}
	width = width > 6 ? width - 6 : 1;
	text_number(text, tenths / 10, width);
	text_string(text, ".");
	text_number(text, tenths % 10, 1);
	text_string(text, units[unit]);
}

void text_pad(struct text *text, size_t column)
{
	while (text->length < column)
		text_string(text, " ");
}

void text_set_output(text_out_fun *out, void *arg)
{
	output.out = out;
	output.arg = arg;
}

void text_print(struct text *text)
{
	if (text->out)
		text->out(text->line, text->arg);
	else if (output.out)
		output.out(text->line, output.arg);
	else
		port_message(text->line);
	text->length = 0;
	text->line[0] = 0;
}

void text_fill(struct text *text, const char *pattern, const size_t *numbers)
{
	char letter[2] = "";

	for (; *pattern; pattern++) {
		if (text->length > sizeof(text->line) - 32)
			text_print(text);
		letter[0] = *pattern;
		if (*pattern == '#')
			text_number(text, *numbers++, 1);
		else
			text_string(text, letter);
	}
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool text_equal(const char *a, const char *b)
{
	while (*a && lower(*a) == lower(*b)) {
		a++;
		b++;
	}
	return *a == *b;
}

bool text_read_bool(const char *word, bool *value)
{
	static const char *const words[] = {	/* no and yes in turn */
		"0", "1", "no", "yes", "off", "on", "false", "true",
	};
	unsigned int i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (text_equal(word, words[i])) {
			*value = i & 1;
			return true;
		}
	}
	return false;
}

const char *text_read_number(const char *text, size_t *value)
{
	const char *digit = text;

	*value = 0;
	for (; *digit >= '0' && *digit <= '9'; digit++)
		if (__builtin_mul_overflow(*value, (size_t)10, value) ||
		    __builtin_add_overflow(*value, (size_t)(*digit - '0'),
					   value))
			return NULL;
	return digit == text ? NULL : digit;
}

void text_warn_bad_value(const char *prefix, const char *name,
			 const char *value)
{
	struct text text = { .length = 0 };

	text_begin(&text, "mimalloc: warning: ");
	text_string(&text, prefix);
	text_string(&text, name);
	text_string(&text, ": bad value '");
	text_given(&text, value);
	text_string(&text, "' is ignored\n");
	text_print(&text);
}
