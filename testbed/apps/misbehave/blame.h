/* SPDX-License-Identifier: BSD-3-Clause */
/* Mistakes, each made by a function whose name the caller of a report is in. */
#ifndef BLAME_H
#define BLAME_H

/* Makes all of them; not 0: one was answered as if it were none */
int blame(void);

#endif /* BLAME_H */
