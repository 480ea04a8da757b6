/* SPDX-License-Identifier: BSD-3-Clause */
/* The console: bytes as they are. */
#ifndef __UK_CONSOLE_H__
#define __UK_CONSOLE_H__

#include <uk/arch/types.h>

/* Gives how many were written, or a negative errno */
__ssz uk_console_out(const char *bytes, __sz length);

#endif /* __UK_CONSOLE_H__ */
