/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Formatted output of the kernel. The C library's printf needs thread local
 * storage and system calls; this one needs a stack.
 */
#include <uk/print.h>

#include "machine.h"

static int print_level = KLVL_WARN;

struct conversion {
	unsigned int width;
	bool zeros;
	bool left;
	unsigned int longs;
};

static void print_padding(unsigned int used, const struct conversion *c,
			  char byte)
{
	for (unsigned int i = used; i < c->width; i++)
		console_write(&byte, 1);
}

static void print_text(const char *text, size_t bytes,
		       const struct conversion *c)
{
	if (!c->left)
		print_padding((unsigned int)bytes, c, ' ');
	console_write(text, bytes);
	if (c->left)
		print_padding((unsigned int)bytes, c, ' ');
}

static void print_number(uint64_t value, bool negative, unsigned int base,
			 const struct conversion *c)
{
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	if (c->zeros) {
		if (negative)
			console_write("-", 1);
		print_padding((unsigned int)(sizeof(digits) - at) + negative,
			      c, '0');
	} else if (negative) {
		digits[--at] = '-';
	}
	if (c->zeros)
		console_write(digits + at, sizeof(digits) - at);
	else
		print_text(digits + at, sizeof(digits) - at, c);
}

static uint64_t take_unsigned(va_list *arguments, unsigned int longs)
{
	if (longs)
		return va_arg(*arguments, unsigned long);
	return va_arg(*arguments, unsigned int);
}

static int64_t take_signed(va_list *arguments, unsigned int longs)
{
	if (longs)
		return va_arg(*arguments, long);
	return va_arg(*arguments, int);
}

static void print_conversion(char kind, struct conversion *c,
			     va_list *arguments)
{
	const char *text;
	int64_t number;
	size_t bytes = 0;
	char byte;

	switch (kind) {
	case 'd':
	case 'i':
		number = take_signed(arguments, c->longs);
		print_number(number < 0 ? 0 - (uint64_t)number
			     : (uint64_t)number, number < 0, 10, c);
		break;
	case 'u':
		print_number(take_unsigned(arguments, c->longs), false, 10, c);
		break;
	case 'x':
		print_number(take_unsigned(arguments, c->longs), false, 16, c);
		break;
	case 'p':
		console_write("0x", 2);
		print_number((uintptr_t)va_arg(*arguments, void *), false, 16,
			     c);
		break;
	case 's':
		text = va_arg(*arguments, const char *);
		if (!text)
			text = "(null)";
		while (text[bytes])
			bytes++;
		print_text(text, bytes, c);
		break;
	case 'c':
		byte = (char)va_arg(*arguments, int);
		console_write(&byte, 1);
		break;
	default:
		console_write(&kind, 1);
	}
}

void console_vprint(const char *format, va_list arguments)
{
	va_list rest;

	va_copy(rest, arguments);
	console_lock();
	for (const char *at = format; *at; at++) {
		struct conversion c = { 0 };

		if (*at != '%') {
			console_write(at, 1);
			continue;
		}
		for (at++; *at == '0' || *at == '-'; at++) {
			c.zeros |= *at == '0';
			c.left |= *at == '-';
		}
		for (; *at >= '0' && *at <= '9'; at++)
			c.width = c.width * 10 + (unsigned int)(*at - '0');
		for (; *at == 'l' || *at == 'z'; at++)
			c.longs++;
		if (!*at)
			break;
		print_conversion(*at, &c, &rest);
	}
	console_unlock();
	va_end(rest);
}

void console_print(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	console_vprint(format, arguments);
	va_end(arguments);
}

void print_set_level(int level)
{
	print_level = level;
}

void _uk_vprintk(int level, const char *format, va_list arguments)
{
	static const char *const names[] = { "CRIT", "ERR", "Warn", "Info" };

	if (level > print_level)
		return;
	console_lock();
	console_print("%s: ", level < 0 ? "dbg" : names[level]);
	console_vprint(format, arguments);
	console_unlock();
}

void _uk_printk(int level, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	_uk_vprintk(level, format, arguments);
	va_end(arguments);
}
