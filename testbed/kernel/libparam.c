/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parser of prefix.name=value. Parameters of the testbed itself have no
 * prefix: their registration gives an empty one.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <uk/libparam.h>
#include <uk/print.h>

extern const struct uk_libparam_param uk_libparam_params_start[];
extern const struct uk_libparam_param uk_libparam_params_end[];

/* Inclusive limits of the integer types, by enum uk_libparam_param_type. */
static const struct {
	__s64 low;
	__u64 high;
	__sz bytes;
} types[] = {
	[_UK_LIBPARAM_PARAM_TYPE_bool] = { 0, 1, 1 },
	[_UK_LIBPARAM_PARAM_TYPE___s8] = { -128, 127, 1 },
	[_UK_LIBPARAM_PARAM_TYPE___u8] = { 0, 255, 1 },
	[_UK_LIBPARAM_PARAM_TYPE___s16] = { -32768, 32767, 2 },
	[_UK_LIBPARAM_PARAM_TYPE___u16] = { 0, 65535, 2 },
	[_UK_LIBPARAM_PARAM_TYPE___s32] = { -2147483648L, 2147483647, 4 },
	[_UK_LIBPARAM_PARAM_TYPE___u32] = { 0, 4294967295, 4 },
	[_UK_LIBPARAM_PARAM_TYPE___s64] = { -9223372036854775807L - 1,
					    9223372036854775807, 8 },
	[_UK_LIBPARAM_PARAM_TYPE___u64] = { 0, 18446744073709551615UL, 8 },
	[_UK_LIBPARAM_PARAM_TYPE___uptr] = { 0, 18446744073709551615UL, 8 },
};

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/* Decimal, 0x hexadecimal or 0 octal, with an optional minus. */
static int parse_magnitude(const char *text, bool *negative, __u64 *value)
{
	__u64 base = 10;

	*negative = *text == '-';
	text += *negative;
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	} else if (text[0] == '0' && text[1]) {
		base = 8;
		text++;
	}
	if (!*text)
		return -EINVAL;
	for (*value = 0; *text; text++) {
		__u64 digit = (__u64)digit_value(*text);

		if (digit >= base)
			return -EINVAL;
		if (__builtin_mul_overflow(*value, base, value)
		    || __builtin_add_overflow(*value, digit, value))
			return -ERANGE;
	}
	return 0;
}

static int parse_bool(const char *text, bool *value)
{
	static const char *const words[] = { "off", "on", "no", "yes",
					     "false", "true", "0", "1" };

	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strcmp(text, words[i])) {
			*value = i & 1;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_integer(const struct uk_libparam_param *p, const char *text)
{
	bool negative;
	__u64 value;
	int rc = parse_magnitude(text, &negative, &value);

	if (rc)
		return rc;
	if (negative ? value > 0 - (__u64)types[p->type].low
	    : value > types[p->type].high)
		return -ERANGE;
	if (negative)
		value = 0 - value;
	memcpy(p->addr, &value, types[p->type].bytes);
	return 0;
}

static int parse_value(const struct uk_libparam_param *p, char *text)
{
	if (p->type == _UK_LIBPARAM_PARAM_TYPE_charp) {
		if (!text)
			return -EINVAL;
		*(char **)p->addr = text;
		return 0;
	}
	if (p->type == _UK_LIBPARAM_PARAM_TYPE_bool) {
		if (!text) {
			*(bool *)p->addr = true;
			return 0;
		}
		return parse_bool(text, p->addr);
	}
	return text ? parse_integer(p, text) : -EINVAL;
}

static bool name_matches(const struct uk_libparam_param *p, const char *name,
			 __sz bytes)
{
	__sz prefix = strlen(p->prefix);

	if (prefix) {
		if (bytes <= prefix || name[prefix] != '.'
		    || strncmp(name, p->prefix, prefix))
			return false;
		name += prefix + 1;
		bytes -= prefix + 1;
	}
	return strlen(p->name) == bytes && !strncmp(p->name, name, bytes);
}

static int parse_argument(char *argument)
{
	const struct uk_libparam_param *p;
	char *value = strchr(argument, '=');
	__sz bytes = value ? (__sz)(value - argument) : strlen(argument);
	int rc;

	for (p = uk_libparam_params_start; p < uk_libparam_params_end; p++) {
		if (!name_matches(p, argument, bytes))
			continue;
		rc = parse_value(p, value ? value + 1 : NULL);
		if (rc)
			uk_pr_err("parameter %s: bad value\n", argument);
		return rc;
	}
	uk_pr_err("parameter %s: unknown\n", argument);
	return -ENOENT;
}

static void print_usage(void)
{
	const struct uk_libparam_param *p;

	_uk_printk(KLVL_CRIT, "parameters, before \"--\":\n");
	for (p = uk_libparam_params_start; p < uk_libparam_params_end; p++)
		_uk_printk(KLVL_CRIT, "  %s%s%s=  %s\n", p->prefix,
			   *p->prefix ? "." : "", p->name,
			   p->desc ? p->desc : "");
}

int uk_libparam_parse(int argc, char **argv, int flags)
{
	int i;

	for (i = 0; i < argc && strcmp(argv[i], "--"); i++) {
		int rc = 0;

		if (flags & UK_LIBPARAM_F_SCAN)
			continue;
		if (!strcmp(argv[i], "help") && flags & UK_LIBPARAM_F_USAGE) {
			print_usage();
			return -EINTR;
		}
		rc = parse_argument(argv[i]);
		if (rc && flags & UK_LIBPARAM_F_STRICT)
			return rc;
	}
	return i;
}
