/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Resident memory. What grows between the first step and a point is the
 * allocator's: all that the player has itself is resident before, code of the
 * process included, of which Linux otherwise maps a page when it is reached.
 */
#include "play.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

#define STACK_TOUCHED	((size_t)64 << 10)

static int statm = -1;
static uint64_t page_bytes;

/* Opens a file below /proc/self; -1 where that cannot be */
static int self_open(const char *path, int flags)
{
	return open(path, flags | O_CLOEXEC);
}

uint64_t memory_resident(void)
{
	char text[128];
	ssize_t got = pread(statm, text, sizeof(text) - 1, 0);
	char *resident;

	if (got <= 0)
		die(STATUS_USE, "/proc/self/statm cannot be read");
	/* The second number, in pages */
	text[got] = '\0';
	(void)strtoull(text, &resident, 10);
	return strtoull(resident, NULL, 10) * page_bytes;
}

/* The highest of the points */
static uint64_t points_highest(void)
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < play.point_count; i++) {
		if (play.points[i].resident_bytes > most)
			most = play.points[i].resident_bytes;
	}
	return most;
}

/*
 * The highest that it was since memory_prepare(). Linux notes it from counters
 * that lag behind by some pages for each CPU, while the points are exact.
 */
bool memory_peak(uint64_t *bytes)
{
	char text[4096];
	int file = self_open("/proc/self/status", O_RDONLY);
	ssize_t got = read(file, text, sizeof(text) - 1);
	const char *peak;

	(void)close(file);
	text[got > 0 ? got : 0] = '\0';
	peak = strstr(text, "VmHWM:");
	if (!peak || !play.has_peak)
		return false;
	*bytes = strtoull(peak + strlen("VmHWM:"), NULL, 10) << 10;
	if (*bytes < points_highest())
		*bytes = points_highest();
	return true;
}

uint64_t memory_live(void)
{
	uint64_t live = 0;

	for (unsigned int i = 0; i < play.lane_count; i++)
		live += atomic_load_explicit(&play.lanes[i].live_bytes,
					     memory_order_relaxed);
	/* One who frees may have told it, and one who allocates not yet */
	return (int64_t)live > 0 ? live : 0;
}

void memory_point(uint32_t number)
{
	struct point *point = &play.points[number];

	point->resident_bytes = memory_resident();
	point->live_bytes = memory_live();
	if (play.map && number == play.peak_point)
		map_take();
}

/* Has a file's pages mapped, if it is one. Where Linux is older than 5.14 they
 * come later, and are taken for the allocator's. */
static void mapping_populate(char *line)
{
	struct mapping mapping;

	if (mapping_parse(line, &mapping) && mapping.is_read &&
	    mapping.name[0] == '/' && strncmp(mapping.name, "/dev/", 5) != 0)
		(void)madvise((void *)mapping.from, mapping.to - mapping.from,
			      MADV_POPULATE_READ);
}

static __attribute__((noinline)) void stack_populate(void)
{
	volatile char bytes[STACK_TOUCHED];

	for (size_t i = 0; i < sizeof(bytes); i += 1024)
		bytes[i] = 0;
}

/* From here on what becomes resident counts */
void memory_prepare(void)
{
	int file = self_open("/proc/self/clear_refs", O_WRONLY);

	page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	statm = self_open("/proc/self/statm", O_RDONLY);
	if (statm < 0)
		die(STATUS_USE, "/proc/self/statm: %s", strerror(errno));
	lines_read("/proc/self/maps", mapping_populate);
	stack_populate();
	/* 5: the highest value is forgotten, which the script had a part in */
	play.has_peak = file >= 0 && write(file, "5", 1) == 1;
	(void)close(file);
	play.baseline_bytes = memory_resident() - play.early_bytes;
}
