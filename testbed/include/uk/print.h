/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages of the kernel. The boot parameter log= gives the highest level
 * shown; debug messages exist only when CONFIG_LIBUKDEBUG_PRINTD is defined.
 */
#ifndef __UKDEBUG_PRINT_H__
#define __UKDEBUG_PRINT_H__

#include <stdarg.h>
#include <uk/essentials.h>

#define KLVL_DEBUG (-1)
#define KLVL_CRIT 0
#define KLVL_ERR 1
#define KLVL_WARN 2
#define KLVL_INFO 3

void _uk_printk(int level, const char *format, ...) __printf(2, 3);
void _uk_vprintk(int level, const char *format, va_list arguments);

#define uk_printk(level, ...) _uk_printk((level), __VA_ARGS__)
#define uk_vprintk(level, format, ap) _uk_vprintk((level), (format), (ap))

#define uk_pr_crit(...) _uk_printk(KLVL_CRIT, __VA_ARGS__)
#define uk_pr_err(...) _uk_printk(KLVL_ERR, __VA_ARGS__)
#define uk_pr_warn(...) _uk_printk(KLVL_WARN, __VA_ARGS__)
#define uk_pr_info(...) _uk_printk(KLVL_INFO, __VA_ARGS__)

#if CONFIG_LIBUKDEBUG_PRINTD
#define uk_pr_debug(...) _uk_printk(KLVL_DEBUG, __VA_ARGS__)
#else
#define uk_pr_debug(...)						\
	do {								\
		if (0)							\
			_uk_printk(KLVL_DEBUG, __VA_ARGS__);		\
	} while (0)
#endif

#endif /* __UKDEBUG_PRINT_H__ */
