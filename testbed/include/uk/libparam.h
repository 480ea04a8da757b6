/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parameters on the kernel's command line: prefix.name=value. The parser uses
 * no memory, no errno and no thread local storage, and ends at "--".
 */
#ifndef __UK_LIBPARAM_H__
#define __UK_LIBPARAM_H__

#include <uk/config.h>
#include <uk/essentials.h>

#ifndef UK_LIBPARAM_LIBPREFIX
#define UK_LIBPARAM_LIBPREFIX __LIBNAME__
#endif

enum uk_libparam_param_type {
	_UK_LIBPARAM_PARAM_TYPE___undef = 0,
	_UK_LIBPARAM_PARAM_TYPE_bool,
	_UK_LIBPARAM_PARAM_TYPE___s8,
	_UK_LIBPARAM_PARAM_TYPE___u8,
	_UK_LIBPARAM_PARAM_TYPE___s16,
	_UK_LIBPARAM_PARAM_TYPE___u16,
	_UK_LIBPARAM_PARAM_TYPE___s32,
	_UK_LIBPARAM_PARAM_TYPE___u32,
	_UK_LIBPARAM_PARAM_TYPE___s64,
	_UK_LIBPARAM_PARAM_TYPE___u64,
	_UK_LIBPARAM_PARAM_TYPE___uptr,
	_UK_LIBPARAM_PARAM_TYPE_charp
};

#define _UK_LIBPARAM_PARAM_TYPE_char _UK_LIBPARAM_PARAM_TYPE___s8
#define _UK_LIBPARAM_PARAM_TYPE_uchar _UK_LIBPARAM_PARAM_TYPE___u8
#define _UK_LIBPARAM_PARAM_TYPE_int _UK_LIBPARAM_PARAM_TYPE___s32
#define _UK_LIBPARAM_PARAM_TYPE_uint _UK_LIBPARAM_PARAM_TYPE___u32

/*
 * As in Unikraft, a type is expanded before it is looked up: with <stdbool.h>
 * included, "bool" names no type.
 */
struct uk_libparam_param {
	const char *prefix;
	const char *name;
	const char *desc;
	enum uk_libparam_param_type type;
	__sz count;			/* one; arrays are not offered here */
	void *addr;
};

#define __UK_LIBPARAM_DEFINE(name_, addr_, type_, desc_)		\
	static const struct uk_libparam_param __used			\
	__section(".uk_libparam_params") __align(8)			\
	__uk_libparam_param_##name_ = {					\
		.prefix = STRINGIFY(UK_LIBPARAM_LIBPREFIX),		\
		.name = #name_,						\
		.desc = (desc_),					\
		.type = _UK_LIBPARAM_PARAM_TYPE_##type_,		\
		.count = 1,						\
		.addr = (addr_)						\
	}

#define UK_LIBPARAM_PARAM(var, type, desc)				\
	__UK_LIBPARAM_DEFINE(var, &var, type, desc)
#define UK_LIBPARAM_PARAM_ALIAS(name, addr, type, desc)			\
	__UK_LIBPARAM_DEFINE(name, addr, type, desc)

#define UK_LIBPARAM_F_SCAN 0x1
#define UK_LIBPARAM_F_STRICT 0x2
#define UK_LIBPARAM_F_USAGE 0x4

/*
 * Returns the index at which it stopped, or a negative error: with F_STRICT
 * for an unknown name or a bad value, with F_USAGE (-EINTR) for "help".
 * Either is named on the console in any case.
 */
int uk_libparam_parse(int argc, char **argv, int flags);

#endif /* __UK_LIBPARAM_H__ */
