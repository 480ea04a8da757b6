/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes calls of each kind, with sizes that can and cannot be, and prints what
 * dump.c should find in the trace, between a first and a last block of a size
 * of their own; and, on standard error, what failures leave in errno.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MARK	987654

/* Neither the compiler nor a tool for sources is to judge these calls */
static void *(*volatile call_malloc)(size_t) = malloc;
static void *(*volatile call_calloc)(size_t, size_t) = calloc;
static void *(*volatile call_realloc)(void *, size_t) = realloc;
static void *(*volatile call_reallocarray)(void *, size_t, size_t) =
	reallocarray;
static void *(*volatile call_aligned_alloc)(size_t, size_t) = aligned_alloc;

static char said[1 << 20];
static char errors[1 << 16];
static size_t length, errors_length;

static void say(const char *kind, unsigned int align, const void *block,
		size_t size)
{
	char address[32] = "-";

	if (block)
		snprintf(address, sizeof(address), "%#" PRIxPTR,
			 (uintptr_t)block);
	length += (size_t)snprintf(said + length, sizeof(said) - length,
				   "0 %s %u %s %zu\n", kind, align, address,
				   size);
}

static void say_error(void)
{
	errors_length += (size_t)snprintf(errors + errors_length,
					  sizeof(errors) - errors_length,
					  "errno %d\n", errno);
}

static void fail(const char *what)
{
	dprintf(2, "calls: %s\n", what);
	_exit(1);
}

/* What the caller has in errno stays there where the call succeeds */
static void *made(const char *kind, unsigned int align, void *block,
		  size_t size)
{
	if (block && errno != 77)
		fail("errno was changed");
	if (!block)
		say_error();
	if (block && align && (uintptr_t)block % ((uintptr_t)1 << align))
		fail("not aligned");
	say(kind, align, block, size);
	errno = 77;
	return block;
}

static void release(void *block)
{
	if (block)
		say("free", 0, block, 0);
	free(block);
	if (errno != 77)
		fail("errno was changed by free");
}

static void *resize(void *old, size_t size)
{
	void *block;

	if (old)
		say("resize", 0, old, 0);
	block = call_realloc(old, size);
	say(old ? "resized" : "realloc_null", 0, block, size);
	if (!block)
		say_error();
	errno = 77;
	return block;
}

static void plain(void)
{
	static const size_t sizes[] = {
		0, 1, 15, 16, 17, 100, 1024, 4095, 4096, 32768, 32769, 65536,
		1 << 20, 33 << 20
	};
	void *blocks[sizeof(sizes) / sizeof(*sizes)];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		blocks[i] = made("malloc", 0, call_malloc(sizes[i]), sizes[i]);
		release(made("calloc", 0, call_calloc(sizes[i], 3),
			     sizes[i] * 3));
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		release(blocks[i]);
	release(made("calloc", 0, call_calloc(0, 5), 0));
	release(NULL);
}

static void impossible(void)
{
	static const size_t sizes[] = {
		SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2, SIZE_MAX / 2 + 1,
		(size_t)1 << 62
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		void *block = made("malloc", 0, call_malloc(64), 64);

		made("malloc", 0, call_malloc(sizes[i]), sizes[i]);
		made("calloc", 0, call_calloc(sizes[i], 1), sizes[i]);
		made("calloc", 0, call_calloc(SIZE_MAX / 2, 4), SIZE_MAX);
		if (resize(block, sizes[i]))
			fail("realloc gave what there is not");
		say("resize", 0, block, 0);
		if (call_reallocarray(block, SIZE_MAX / 2, 4))
			fail("reallocarray did not see an overflow");
		say("resized", 0, NULL, SIZE_MAX);
		errno = 77;
		block = resize(block, 128);
		made("aligned", 6, call_aligned_alloc(64, sizes[i]), sizes[i]);
		release(block);
	}
}

static void resizes(void)
{
	void *block = resize(NULL, 10);

	for (size_t size = 1; size < 3 << 20; size = size * 3 + 1)
		block = resize(block, size);
	for (size_t size = 1 << 20; size > 0; size /= 5)
		block = resize(block, size);
	/* It frees, or gives a block of no bytes */
	block = resize(block, 0);
	errno = 77;
	release(block);
	block = made("realloc_null", 0, call_reallocarray(NULL, 7, 9), 63);
	say("resize", 0, block, 0);
	block = call_reallocarray(block, 100, 10);
	say("resized", 0, block, 1000);
	errno = 77;
	release(block);
	release(resize(NULL, 0));
}

static void aligned(void)
{
	void *block;

	for (unsigned int log2 = 4; log2 <= 20; log2++) {
		size_t alignment = (size_t)1 << log2;

		release(made("aligned", log2,
			     call_aligned_alloc(alignment, alignment),
			     alignment));
		release(made("aligned", log2, memalign(alignment, 100), 100));
		block = NULL;
		if (posix_memalign(&block, alignment, 3 * alignment))
			fail("posix_memalign");
		release(made("aligned", log2, block, 3 * alignment));
	}
	block = said;
	if (posix_memalign(&block, 24, 100) != EINVAL || block != said)
		fail("posix_memalign took 24 for an alignment");
	made("aligned", 5, NULL, 100);
	if (posix_memalign(&block, 64, SIZE_MAX / 2) != ENOMEM)
		fail("posix_memalign gave what there is not");
	made("aligned", 6, NULL, SIZE_MAX / 2);
	release(made("aligned", 12, valloc(100), 100));
	release(made("aligned", 12, pvalloc(4097), 8192));
}

int main(void)
{
	errno = 77;
	free(made("malloc", 0, call_malloc(MARK), MARK));
	say("free", 0, NULL, 0);
	length = 0;
	plain();
	impossible();
	resizes();
	aligned();
	made("malloc", 0, call_malloc(MARK), MARK);
	return write(1, said, length) != (ssize_t)length ||
	       write(2, errors, errors_length) != (ssize_t)errors_length;
}
