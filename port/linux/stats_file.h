/* SPDX-License-Identifier: BSD-3-Clause */
/* The file that MIMALLOC_STATS_FILE names, for statistics at the end. */
#ifndef MI_STATS_FILE_H
#define MI_STATS_FILE_H

#include <stdbool.h>

/*
 * Of several shared objects with an allocator of their own in them none may
 * write over another's file, so there is none for them.
 */
#ifdef PORT_TLS_DYNAMIC
#define stats_file_prepare()	((void)0)
#define stats_file_write()	false
#else
/* Takes the name, as the program may change its environment and its folder */
void stats_file_prepare(void);
/* Writes the file; false: none is named */
bool stats_file_write(void);
#endif

#endif /* MI_STATS_FILE_H */
