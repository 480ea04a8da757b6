/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the C library's functions of statistics are answered from. In the
 * archive they are a member of their own, so this is a name that is visible
 * outside of the engine, though no header of ours declares it to users.
 */
#ifndef MI_FIGURES_H
#define MI_FIGURES_H

#include <stddef.h>

struct figures {
	size_t reserved;	/* address space of all arenas */
	size_t used, used_peak;	/* pages, large blocks, our own data */
	size_t large;		/* of these, large blocks, */
	size_t large_count;	/* so many */
	size_t free;		/* touched, not used and not given back */
};

__attribute__((visibility("default")))
void _mi_figures(struct figures *figures);

#endif /* MI_FIGURES_H */
