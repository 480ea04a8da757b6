/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An allocator that is wrong in the way which the environment's BROKEN names,
 * for a player to find out. It never gives memory back. Without a fault it is
 * a good one, and counts: COUNT=1 has it tell at the end how many blocks it was
 * asked for. With EARLY=n it takes n bytes when it is loaded.
 *
 *	twice		hands a block out again that is in use
 *	overlap		hands out one that reaches into another
 *	lost		realloc gives a new block without the old one's bytes
 *	unaligned	aligned blocks are not
 *	odd		blocks of malloc have odd addresses
 *	dirty		calloc gives bytes that are not zero
 *	dirty_end	only the last one is not
 *	none		malloc gives NULL after some calls
 *	scribble	free writes to the block that was made last
 *	tail		malloc writes to the end of the one made before
 *	crash		ends the process by a signal
 *	hang		never comes back
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define RANGE_BYTES	((size_t)4 << 30)
#define EACH		50	/* so often it goes wrong */
#define HEAD_BYTES	16

static char *range;
static size_t taken, asked;
static char *last;
static size_t last_bytes;

static int has_fault(const char *name)
{
	static const char *fault;

	if (!fault) {
		fault = getenv("BROKEN");
		if (!fault)
			fault = "";
	}
	return strcmp(fault, name) == 0;
}

static int now(const char *fault)
{
	return has_fault(fault) && asked % EACH == EACH - 1;
}

static size_t *size_of(char *block)
{
	return (size_t *)(void *)(block - HEAD_BYTES);
}

static char *block_new(size_t bytes, size_t alignment)
{
	size_t at;

	if (!range)
		range = mmap(NULL, RANGE_BYTES, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			     0);
	at = (taken + HEAD_BYTES + alignment - 1) & ~(alignment - 1);
	if (range == MAP_FAILED || bytes > RANGE_BYTES - at)
		return NULL;
	taken = at + ((bytes + 15) & ~(size_t)15);
	*size_of(range + at) = bytes;
	asked++;
	return range + at;
}

static char *remembered(char *block, size_t bytes)
{
	last = block;
	last_bytes = bytes;
	return block;
}

void *malloc(size_t bytes)
{
	if (now("twice") && last && last_bytes >= bytes) {
		asked++;
		return last;
	}
	if (now("overlap") && last_bytes > 64 && bytes > HEAD_BYTES) {
		asked++;
		return last - HEAD_BYTES;
	}
	if (has_fault("none") && asked >= EACH) {
		errno = ENOMEM;
		return NULL;
	}
	if (now("tail") && last_bytes > 64)
		last[last_bytes - 1]++;
	if (now("crash"))
		abort();
	while (now("hang"))
		(void)pause();
	if (now("odd"))
		return block_new(bytes + 1, 16) + 1;
	return remembered(block_new(bytes, 16), bytes);
}

void *calloc(size_t count, size_t size)
{
	char *block = block_new(count * size, 16);

	if (now("dirty") && size > 0)
		block[0] = 1;
	if (now("dirty_end") && size > 64)
		block[size - 1] = 1;
	return remembered(block, count * size);
}

void *realloc(void *old, size_t bytes)
{
	char *block = block_new(bytes, 16);

	if (old && !now("lost")) {
		size_t had = *size_of(old);

		memcpy(block, old, had < bytes ? had : bytes);
	}
	return remembered(block, bytes);
}

int posix_memalign(void **block, size_t alignment, size_t bytes)
{
	if (now("unaligned") && alignment > 16)
		*block = block_new(bytes + 16, alignment) + 16;
	else
		*block = remembered(block_new(bytes, alignment), bytes);
	return 0;
}

void free(void *block)
{
	if (block && block != last && has_fault("scribble") && last_bytes > 8)
		last[0]++;
}

/* As some allocators take memory when they are loaded */
__attribute__((constructor)) static void take_early(void)
{
	const char *bytes = getenv("EARLY");

	if (bytes)
		memset(block_new(strtoul(bytes, NULL, 10), 16), 1,
		       strtoul(bytes, NULL, 10));
}

__attribute__((destructor)) static void tell(void)
{
	char text[32];

	if (getenv("COUNT") &&
	    write(2, text, (size_t)snprintf(text, sizeof(text), "%zu blocks\n",
					    asked)) < 0)
		_exit(1);
}
