/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the workloads of "run.py compare" tell of themselves: lines
 *
 *   NAME NUMBER                a figure
 *   sample PART DONE BYTES     of the heap are in use then, for the picture
 */
#ifndef SHARED_WATCH_H
#define SHARED_WATCH_H

#include <stddef.h>
#include <stdint.h>

/* Whatever is in use now counts as nothing. */
void watch_start(void);

/* Takes note of what is in use, for the peak. */
void watch_look(void);

void watch_sample(const char *part, long done);
void watch_figure(const char *name, int64_t value);

/* What is in use now, as memory_WHEN_bytes and frames_WHEN_bytes. */
void watch_memory(const char *when);

/* The peak, what is left, and page faults. */
void watch_end(void);

/* Bytes of the heap that are in use. */
long watch_used(void);

/* Instructions since boot without those of watch_progress(). */
uint64_t watch_instructions(void);

/*
 * DONE of WHOLE in this part: takes note now and then, and prints about 50
 * samples of PART in all, in thousandths.
 */
void watch_progress(const char *part, long done, long whole);

/* A last sample, where the work ends too early. */
void watch_failed(void);

/* The argument of an application that takes one number, from 1 to MOST. */
long watch_number(int argc, char **argv, long most);

#endif /* SHARED_WATCH_H */
