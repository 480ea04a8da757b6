/* SPDX-License-Identifier: BSD-3-Clause */
/* Assertions; compiled in with CONFIG_LIBUKDEBUG_ENABLE_ASSERT. */
#ifndef __UKDEBUG_ASSERT_H__
#define __UKDEBUG_ASSERT_H__

#include <uk/config.h>
#include <uk/essentials.h>
#include <uk/plat/bootstrap.h>
#include <uk/print.h>

#define UK_CRASH(...)							\
	do {								\
		uk_pr_crit(__VA_ARGS__);				\
		ukplat_crash();						\
	} while (0)

#if CONFIG_LIBUKDEBUG_ENABLE_ASSERT
#define UK_ASSERT(x)							\
	do {								\
		if (unlikely(!(x)))					\
			UK_CRASH("%s:%d: assertion failed: %s\n",	\
				 __FILE__, __LINE__, #x);		\
	} while (0)
#define UK_WARNIF(x)							\
	do {								\
		if (unlikely(x))					\
			uk_pr_warn("%s:%d: %s\n", __FILE__, __LINE__, #x); \
	} while (0)
#else
#define UK_ASSERT(x) do { } while (0)
#define UK_WARNIF(x) do { } while (0)
#endif

#define UK_BUGON(x) UK_ASSERT(!(x))
#define UK_BUG() UK_BUGON(1)

#endif /* __UKDEBUG_ASSERT_H__ */
