/* SPDX-License-Identifier: BSD-3-Clause */
/* Policy and hooks of error.c; the reports themselves are in types.h. */
#ifndef MI_ERROR_H
#define MI_ERROR_H

#include "ground/text.h"
#include "ground/types.h"

typedef void error_fun(int error, void *arg);
void error_set_hook(error_fun *call, void *arg);

struct error_policy {
	bool abort;		/* on a caller's mistake, after the report */
	bool trace;		/* that report tells who called whom */
	bool show;		/* messages for exhausted memory and overflow */
	long max_messages;	/* of those; negative: no limit */
};
extern struct error_policy error_policy;

/* Begins a further line of a report, for text_print() */
void error_detail(struct text *text);

#endif /* MI_ERROR_H */
