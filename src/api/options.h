/* SPDX-License-Identifier: BSD-3-Clause */
/* Options beyond reading and setting them: see mi_options.c. */
#ifndef MI_OPTIONS_H
#define MI_OPTIONS_H

#include "ground/text.h"
#include "ground/port.h"

/* Behind those of mi_option_t: our own, settable by environment only */
enum {
	OPTION_ABORT_ON_ERROR = 29,
	OPTION_PURGE_BUDGET,	/* KiB */
	OPTION_PURGE_SHARE,
	OPTION_PURGE_LEARN,	/* KiB */
	OPTION_ALLOW_THP,
	OPTION_BACKTRACE,
	OPTION_STATS_JSON,
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

/* mi_stats.c: what mi_stats_get_json() gives */
void stats_print_json(text_out_fun *out, void *arg);

/* mi_process.c: what options want to be printed when the process ends */
bool process_is_to_report(void);
void process_report(text_out_fun *out, void *arg);

#endif /* MI_OPTIONS_H */
