/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Seconds, instructions where the machine counts them, and what each kind of
 * call takes. A single call is too short for the system's clock: there the
 * processor's own is read, and what reading it takes is subtracted.
 */
#include "play.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define TRIES		1001	/* odd: the median is one of them */
#define CALIBRATION_S	0.02

static uint64_t overhead;
static double tick_s = 1e-9;
static int counter = -1;

static double seconds_of(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double clock_seconds(void)
{
	return seconds_of(CLOCK_MONOTONIC);
}

/* Of all threads */
double clock_processor_seconds(void)
{
	return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

uint64_t clock_ticks(void)
{
#if defined(__x86_64__)
	uint64_t ticks;

	/*
	 * The fences make the processor finish what stands before the reading
	 * and begin what follows only after it.
	 */
	__builtin_ia32_lfence();
	ticks = __builtin_ia32_rdtsc();
	__builtin_ia32_lfence();
	return ticks;
#else
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
#endif
}

/* How long a tick is, and how many pass between two readings, the median */
void clock_prepare(void)
{
	static uint64_t took[TRIES];
	uint64_t first = clock_ticks();
	double start = clock_seconds(), now;

	do {
		now = clock_seconds();
	} while (now - start < CALIBRATION_S);
	tick_s = (now - start) / (double)(clock_ticks() - first);
	for (size_t i = 0, j; i < TRIES; i++) {
		uint64_t ticks = clock_ticks();

		ticks = clock_ticks() - ticks;
		for (j = i; j > 0 && took[j - 1] > ticks; j--)
			took[j] = took[j - 1];
		took[j] = ticks;
	}
	overhead = took[TRIES / 2];
}

double ticks_seconds(uint64_t ticks)
{
	return (double)ticks * tick_s;
}

/* Four classes for each doubling, 0 to 3 exact */
static unsigned int class_of(uint64_t ticks)
{
	unsigned int shift;

	if (ticks < 4)
		return (unsigned int)ticks;
	shift = 61 - (unsigned int)__builtin_clzll(ticks);
	return 4 * shift + (unsigned int)(ticks >> shift);
}

void cost_add(struct cost *cost, uint64_t ticks)
{
	ticks = ticks > overhead ? ticks - overhead : 0;
	cost->calls++;
	cost->ticks += ticks;
	cost->classes[class_of(ticks)]++;
}

/* The middle of the class in which so many percent of the calls end */
uint64_t cost_quantile(const struct cost *cost, unsigned int percent)
{
	uint64_t before = 0, base;
	unsigned int class = 0, shift;

	while (class < COST_CLASSES - 1) {
		before += cost->classes[class];
		if (before * 100 >= cost->calls * percent)
			break;
		class++;
	}
	if (class < 8)
		return class;
	shift = class / 4 - 1;
	base = (uint64_t)(class - 4 * shift) << shift;
	return base + (UINT64_C(1) << shift) / 2;
}

/* Of this thread and those that it starts, outside of the kernel */
void instructions_start(void)
{
	struct perf_event_attr what;

	memset(&what, 0, sizeof(what));
	what.size = sizeof(what);
	what.type = PERF_TYPE_HARDWARE;
	what.config = PERF_COUNT_HW_INSTRUCTIONS;
	what.exclude_kernel = 1;
	what.exclude_hv = 1;
	what.inherit = 1;
	counter = (int)syscall(SYS_perf_event_open, &what, 0, -1, -1,
			       PERF_FLAG_FD_CLOEXEC);
	if (counter >= 0)
		return;
	if (errno == EACCES || errno == EPERM)
		play.no_instructions = "/proc/sys/kernel/perf_event_paranoid "
			"or a sandbox does not allow to count them";
	else if (errno == ENOENT || errno == ENODEV || errno == EOPNOTSUPP)
		play.no_instructions = "the machine has no counter for them, "
			"as many virtual ones";
	else
		play.no_instructions = strerror(errno);
}

void instructions_stop(void)
{
	uint64_t count;

	if (counter < 0)
		return;
	if (read(counter, &count, sizeof(count)) == sizeof(count)) {
		play.has_instructions = true;
		play.instructions = count;
	} else {
		play.no_instructions = "the counter cannot be read";
	}
	(void)close(counter);
	counter = -1;
}
