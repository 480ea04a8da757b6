/* SPDX-License-Identifier: BSD-3-Clause */
/* Constructors run in boot_main() before there is a heap. */
#ifndef __UK_CTORS_H__
#define __UK_CTORS_H__

#include <uk/essentials.h>
#include <uk/prio.h>

typedef void (*uk_ctor_func_t)(void);

#define __UK_CTOR_PRIO(function, prio)					\
	static const uk_ctor_func_t __used				\
	__section(".uk_ctortab" #prio) __align(8)			\
	__uk_ctortab_##function = (function)
#define UK_CTOR_PRIO(function, prio) __UK_CTOR_PRIO(function, prio)
#define UK_CTOR(function) UK_CTOR_PRIO(function, UK_PRIO_LATEST)

#endif /* __UK_CTORS_H__ */
