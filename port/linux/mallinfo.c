/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What glibc's <malloc.h> tells of its heap and sets, answered for ours. The
 * structures are those of glibc on every LP64 machine, declared here as other
 * C libraries do not have them. docs/linux.md says what each figure is.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "figures.h"
#include "mimalloc.h"

#define EXPORT	__attribute__((visibility("default")))

struct mallinfo {
	int arena, ordblks, smblks, hblks, hblkhd;
	int usmblks, fsmblks, uordblks, fordblks, keepcost;
};

struct mallinfo2 {
	size_t arena, ordblks, smblks, hblks, hblkhd;
	size_t usmblks, fsmblks, uordblks, fordblks, keepcost;
};

EXPORT struct mallinfo mallinfo(void);
EXPORT struct mallinfo2 mallinfo2(void);
EXPORT void malloc_stats(void);
EXPORT int malloc_info(int options, FILE *stream);
EXPORT int mallopt(int parameter, int value);

/* Large blocks stand apart, as those that glibc maps one by one */
struct mallinfo2 mallinfo2(void)
{
	struct mallinfo2 info = { 0 };
	struct figures figures;

	_mi_figures(&figures);
	info.uordblks = figures.used - figures.large;
	info.fordblks = figures.free;
	info.arena = info.uordblks + info.fordblks;
	info.hblks = figures.large_count;
	info.hblkhd = figures.large;
	info.keepcost = figures.free;
	return info;
}

static int clamp(size_t value)
{
	return value > INT_MAX ? INT_MAX : (int)value;
}

struct mallinfo mallinfo(void)
{
	struct mallinfo2 large = mallinfo2();
	struct mallinfo info = { 0 };

	info.arena = clamp(large.arena);
	info.hblks = clamp(large.hblks);
	info.hblkhd = clamp(large.hblkhd);
	info.uordblks = clamp(large.uordblks);
	info.fordblks = clamp(large.fordblks);
	info.keepcost = clamp(large.keepcost);
	return info;
}

void malloc_stats(void)
{
	mi_stats_print(NULL);
}

/* Elements and attributes as glibc names them */
int malloc_info(int options, FILE *stream)
{
	struct figures figures;

	if (options != 0) {
		errno = EINVAL;
		return -1;
	}
	_mi_figures(&figures);
	return fprintf(stream, "<malloc version=\"1\">\n"
		       "<total type=\"rest\" count=\"0\" size=\"%zu\"/>\n"
		       "<total type=\"mmap\" count=\"%zu\" size=\"%zu\"/>\n"
		       "<system type=\"current\" size=\"%zu\"/>\n"
		       "<system type=\"max\" size=\"%zu\"/>\n"
		       "<aspace type=\"total\" size=\"%zu\"/>\n"
		       "</malloc>\n", figures.free, figures.large_count,
		       figures.large, figures.used + figures.free,
		       figures.used_peak, figures.reserved) < 0 ? -1 : 0;
}

/*
 * Parameters of a heap that works otherwise: there is nothing to set, and
 * nothing wrong with who asks. M_PERTURB (-6) asks for contents that a block
 * would not have, so the answer is no.
 */
int mallopt(int parameter, int value)
{
	(void)value;
	switch (parameter) {
	case 1:		/* M_MXFAST */
	case -1:	/* M_TRIM_THRESHOLD */
	case -2:	/* M_TOP_PAD */
	case -3:	/* M_MMAP_THRESHOLD */
	case -4:	/* M_MMAP_MAX */
	case -5:	/* M_CHECK_ACTION */
	case -7:	/* M_ARENA_TEST */
	case -8:	/* M_ARENA_MAX */
		return 1;
	default:
		return 0;
	}
}
