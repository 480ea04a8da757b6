/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef HOST_H
#define HOST_H

/* threads.c: makes a thread of Unikraft of the one that runs */
void threads_start(void);

#endif /* HOST_H */
