/* SPDX-License-Identifier: BSD-3-Clause */
/* Options beyond reading and setting them: see mi_options.c. */
#ifndef MI_OPTIONS_H
#define MI_OPTIONS_H

#include "ground/port.h"

/* Behind those of mi_option_t: our own, settable by environment only */
enum {
	OPTION_ABORT_ON_ERROR = 29,
	OPTION_PURGE_BUDGET,	/* KiB */
	OPTION_PURGE_SHARE,
	OPTION_PURGE_LEARN,	/* KiB */
	OPTION_ALLOW_THP,
	OPTION_BACKTRACE,
	OPTION_COUNT,
};

#if PORT_TURNS
/* Sees that they have been read. False: there is no default instance yet */
bool options_ready(void);
#else
#define options_ready()		true
#endif

/* Reads the environment as far as it is known yet, and applies it */
void options_init(void);
long option_get(int option);

/* mi_process.c: the process ends, and options may want something printed */
void process_done(void);

#endif /* MI_OPTIONS_H */
