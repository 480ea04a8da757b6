/* SPDX-License-Identifier: BSD-3-Clause */
/* Options beyond reading and setting them: see mi_options.c. */
#ifndef MI_OPTIONS_H
#define MI_OPTIONS_H

#include "ground/config.h"

/* Behind those of mi_option_t: our own, settable by environment only */
enum {
	OPTION_ABORT_ON_ERROR = 29,
	OPTION_PURGE_BUDGET,	/* KiB */
	OPTION_PURGE_SHARE,
	OPTION_ALLOW_THP,
	OPTION_COUNT,
};

/* Reads the environment as far as it is known yet, and applies it */
void options_init(void);
/* Reserves what options ask for, and prints what they want printed */
void options_process_start(void);
void options_process_end(void);
long option_get(int option);

#endif /* MI_OPTIONS_H */
