/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef HOST_H
#define HOST_H

/* threads.c: makes a thread of Unikraft of the one that runs */
void threads_start(void);

/* interface.cpp: how much of the mi_* functions is wrong in C++ */
unsigned int wrong_in_cxx(void);

#endif /* HOST_H */
