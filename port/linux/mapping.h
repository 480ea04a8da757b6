/* SPDX-License-Identifier: BSD-3-Clause */
/* What memory.c has for contents.c: single mappings of our kind. */
#ifndef MI_LINUX_MAPPING_H
#define MI_LINUX_MAPPING_H

#include "ground/port.h"

/* Readable, writable, private, zero. MAP_FAILED with errno, as mmap(2) */
HIDDEN void *map_anywhere(void *at, size_t bytes, int flags);
/* There and nowhere else. NULL with EEXIST: something is there */
HIDDEN void *map_there(uintptr_t at, size_t bytes);
/*
 * Whether the kernel may back it by huge pages, as port_set_huge() told last.
 * Where it may not, one small block does not cost 2 MiB.
 */
HIDDEN void advise_huge(void *start, size_t bytes);

#endif /* MI_LINUX_MAPPING_H */
