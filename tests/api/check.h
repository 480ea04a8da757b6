/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What every test in this folder shares: cmocka, printed seeds, byte patterns
 * that tell blocks apart, resident memory, and children to run a test in.
 * Nothing here calls the allocator under test.
 *
 *	MI_TEST_SEED=n		the seed of the random tests
 *	MI_TEST_ROUNDS=n	the number of rounds of the long tests
 *	MI_TEST_DIVIDE=n	or the n-th part of what they are otherwise
 *	MI_TEST_ONLY=pattern	only tests whose name is like this (* and ?)
 */
#ifndef TESTS_API_CHECK_H
#define TESTS_API_CHECK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <mimalloc.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CHECK_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CHECK_SANITIZED 1
#endif
#ifndef CHECK_SANITIZED
#define CHECK_SANITIZED 0
#endif

#define KIB			((size_t)1024)
#define MIB			(KIB * KIB)
#define GIB			(KIB * MIB)
#define ARRAY_LENGTH(a)		(sizeof(a) / sizeof((a)[0]))

/* An errno value that no call sets: what stands in errno before a call. */
#define ERRNO_UNTOUCHED		31337

/* A check in a cmocka test that says more than its own text. */
#define check(condition, ...)						\
	do {								\
		if (!(condition))					\
			fail_msg(__VA_ARGS__);				\
	} while (0)

/* A check in a child or in a thread: says where, then leaves with 1. */
#define need(condition)							\
	do {								\
		if (!(condition)) {					\
			fprintf(stderr, "%s:%d: need %s\n", __FILE__,	\
				__LINE__, #condition);			\
			return 1;					\
		}							\
	} while (0)

/* Hide from the compiler where a value comes from. */
static inline void *launder(const volatile void *p)
{
	volatile uintptr_t hidden = (uintptr_t)p;

	return (void *)hidden;
}

static inline size_t launder_size(size_t n)
{
	volatile size_t hidden = n;

	return hidden;
}

/* -------- random numbers and sizes of runs -------- */

struct check_random {
	uint64_t state;
};

static inline uint64_t check_next(struct check_random *r)
{
	uint64_t z = (r->state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* A number below n, n not 0. */
static inline size_t check_below(struct check_random *r, size_t n)
{
	return (size_t)(check_next(r) % n);
}

/* A size in 0 .. max whose logarithm is evenly spread; max a power of 2. */
static inline size_t check_log_size(struct check_random *r, size_t max)
{
	unsigned int bits = 0;

	while (((size_t)1 << bits) < max)
		bits++;
	return check_below(r, ((size_t)1 << check_below(r, bits + 1)) + 1);
}

static inline uint64_t check_number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	if (text == NULL || *text == '\0')
		return otherwise;
	return strtoull(text, NULL, 0);
}

/* The seed of this run, printed so that a failure can be run again. */
static inline uint64_t check_seed(const char *test)
{
	struct timespec now;
	uint64_t seed;

	clock_gettime(CLOCK_REALTIME, &now);
	seed = (uint64_t)now.tv_nsec * 1000003u ^ (uint64_t)now.tv_sec
	       ^ ((uint64_t)getpid() << 32);
	seed = check_number("MI_TEST_SEED", seed);
	printf("# %s: MI_TEST_SEED=%" PRIu64 "\n", test, seed);
	fflush(stdout);
	return seed;
}

static inline size_t check_rounds(size_t otherwise)
{
	size_t part = otherwise / check_number("MI_TEST_DIVIDE", 1);

	return (size_t)check_number("MI_TEST_ROUNDS", part ? part : 1);
}

/* What a loop over sizes steps by: n where the test is to be very short */
static inline size_t check_step(size_t n)
{
	return check_number("MI_TEST_DIVIDE", 1) >= 100 ? n : 1;
}

__attribute__((constructor))
static void check_only(void)
{
	const char *pattern = getenv("MI_TEST_ONLY");

	if (pattern != NULL && *pattern != '\0')
		cmocka_set_test_filter(pattern);
}

/* -------- patterns -------- */

#define PATTERN_STEP	UINT64_C(0x9e3779b97f4a7c15)

/* Fill p[0 .. n) with bytes that depend on the tag. */
static inline void pattern_write(void *p, size_t n, uint64_t tag)
{
	unsigned char *bytes = launder(p);
	uint64_t word = (tag + 1) * UINT64_C(0xd6e8feb86659fd93);
	size_t i;

	for (i = 0; i + sizeof(word) <= n; i += sizeof(word)) {
		memcpy(bytes + i, &word, sizeof(word));
		word += PATTERN_STEP;
	}
	memcpy(bytes + i, &word, n - i);
}

/* Does p[0 .. n) hold what pattern_write() wrote, or its beginning? */
static inline bool pattern_holds(const void *p, size_t n, uint64_t tag)
{
	const unsigned char *bytes = launder(p);
	uint64_t word = (tag + 1) * UINT64_C(0xd6e8feb86659fd93);
	size_t i;

	for (i = 0; i + sizeof(word) <= n; i += sizeof(word)) {
		if (memcmp(bytes + i, &word, sizeof(word)) != 0)
			return false;
		word += PATTERN_STEP;
	}
	return memcmp(bytes + i, &word, n - i) == 0;
}

static inline bool all_zero(const void *p, size_t n)
{
	const unsigned char *bytes = launder(p);
	size_t i;

	if (n == 0)
		return true;
	if (bytes[0] != 0)
		return false;
	i = 1;
	return memcmp(bytes, bytes + i, n - i) == 0;
}

static inline bool is_aligned(const void *p, size_t alignment)
{
	return ((uintptr_t)launder(p) & (alignment - 1)) == 0;
}

/* -------- the process -------- */

/*
 * Resident bytes of this process; allocates nothing. Read where the kernel
 * counts in KiB, whatever its page.
 */
static inline size_t resident_bytes(void)
{
	char text[4096];
	unsigned long kib = 0;
	const char *at;
	ssize_t got;
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	got = read(fd, text, sizeof(text) - 1);
	close(fd);
	assert_true(got > 0);
	text[got] = '\0';
	at = strstr(text, "VmRSS:");
	assert_non_null(at);
	assert_int_equal(sscanf(at, "VmRSS: %lu kB", &kib), 1);
	return (size_t)kib * KIB;
}

/* Memory from the system, not from the allocator; aborts when there is none. */
static inline void *system_memory(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

/* Run the function in a forked child; the answer is its wait status. */
static inline int check_child(int (*body)(void *), void *arg)
{
	int status = -1;
	pid_t child;

	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		alarm(120);
		_exit(body(arg));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

/* What a run of this same program in another mode left behind. */
struct check_run {
	int status;
	char out[16384];
	char err[16384];
};

static inline void check_slurp(int fd, char *text, size_t room)
{
	ssize_t got = pread(fd, text, room - 1, 0);

	text[got > 0 ? got : 0] = '\0';
	close(fd);
}

/* Run this program again as `self mode`, with NAME=value in `settings`. */
static inline void check_run_self(struct check_run *run, const char *mode,
				  const char *const *settings)
{
	int out = memfd_create("out", MFD_CLOEXEC);
	int err = memfd_create("err", MFD_CLOEXEC);
	pid_t child;

	assert_true(out >= 0 && err >= 0);
	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		while (settings != NULL && *settings != NULL)
			putenv((char *)launder(*settings++));
		dup2(out, STDOUT_FILENO);
		dup2(err, STDERR_FILENO);
		alarm(120);
		execl("/proc/self/exe", "self", mode, (char *)NULL);
		_exit(126);
	}
	assert_int_equal(waitpid(child, &run->status, 0), child);
	check_slurp(out, run->out, sizeof(run->out));
	check_slurp(err, run->err, sizeof(run->err));
}

#endif /* TESTS_API_CHECK_H */
