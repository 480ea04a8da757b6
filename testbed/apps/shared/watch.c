/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <testbed/testbed.h>
#include <uk/alloc.h>

#include "watch.h"

/* Of each part, about. To ask for the free memory may take long. */
#define LOOKS 500
#define SAMPLES 50

static struct {
	__ssz at_start;			/* free bytes of the heap */
	__ssz least;
	size_t frames_at_start;
	size_t frames_least;
	uint64_t own_instructions;	/* of watch_progress() */
	char part[16];			/* what it was told last */
	long thousandths;
} watch;

void watch_start(void)
{
	watch.at_start = uk_alloc_availmem(uk_alloc_get_default());
	watch.least = watch.at_start;
	watch.frames_at_start = testbed_free_frame_bytes();
	watch.frames_least = watch.frames_at_start;
}

void watch_look(void)
{
	__ssz now = uk_alloc_availmem(uk_alloc_get_default());
	size_t frames = testbed_free_frame_bytes();

	if (now < watch.least)
		watch.least = now;
	if (frames < watch.frames_least)
		watch.frames_least = frames;
}

long watch_used(void)
{
	return watch.at_start - uk_alloc_availmem(uk_alloc_get_default());
}

void watch_sample(const char *part, long done)
{
	printf("sample %s %ld %ld\n", part, done, watch_used());
}

void watch_figure(const char *name, int64_t value)
{
	printf("%s %" PRId64 "\n", name, value);
}

void watch_memory(const char *when)
{
	size_t frames = watch.frames_at_start - testbed_free_frame_bytes();

	/* This may be the peak, as no allocation need have come since. */
	watch_look();
	printf("memory_%s_bytes %ld\n", when, watch_used());
	printf("frames_%s_bytes %ld\n", when, (long)frames);
}

void watch_end(void)
{
	watch_figure("memory_peak_bytes", watch.at_start - watch.least);
	watch_figure("frames_peak_bytes", (int64_t)(watch.frames_at_start
						    - watch.frames_least));
	watch_memory("left");
	watch_figure("page_faults", (int64_t)testbed_fault_count());
}

uint64_t watch_instructions(void)
{
	return testbed_instructions() - watch.own_instructions;
}

void watch_progress(const char *part, long done, long whole)
{
	uint64_t begin = testbed_instructions();

	snprintf(watch.part, sizeof(watch.part), "%s", part);
	watch.thousandths = done * 1000 / whole;
	if (done % (whole / LOOKS + 1) == 0)
		watch_look();
	if (done % (whole / SAMPLES + 1) == 0 || done == whole)
		watch_sample(part, watch.thousandths);
	watch.own_instructions += testbed_instructions() - begin;
}

void watch_failed(void)
{
	watch_sample(watch.part, watch.thousandths);
}

long watch_number(int argc, char **argv, long most)
{
	char *end = "";
	long number = argc > 1 ? strtol(argv[1], &end, 10) : 1000;

	if (number < 1 || number > most || *end) {
		printf("FAILED: %s is no number from 1 to %ld\n", argv[1],
		       most);
		exit(2);
	}
	if (argc > 2) {
		printf("FAILED: what is %s?\n", argv[2]);
		exit(2);
	}
	return number;
}
