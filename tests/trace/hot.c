/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An allocator whose next block, whichever thread asks, is the one that was
 * freed last. realloc frees first, and keeps nothing.
 */
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#define BLOCK	((size_t)64 << 10)
#define BLOCKS	((size_t)4096)

static unsigned char *area;
static size_t made;
static void *freed;		/* the first word of each has the next one */
static char locked;

static void lock(void)
{
	while (__atomic_test_and_set(&locked, __ATOMIC_ACQUIRE))
		sched_yield();
}

static void *take(size_t size)
{
	void *block;

	lock();
	if (!area)
		area = mmap(NULL, BLOCK * BLOCKS, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			    0);
	block = freed;
	if (block)
		memcpy(&freed, block, sizeof(freed));
	else if (made < BLOCKS)
		block = area + BLOCK * made++;
	__atomic_clear(&locked, __ATOMIC_RELEASE);
	return size > BLOCK ? NULL : block;
}

static void give(void *block)
{
	if (!block)
		return;
	lock();
	memcpy(block, &freed, sizeof(freed));
	freed = block;
	__atomic_clear(&locked, __ATOMIC_RELEASE);
	/* Another one takes it before this call is over */
	for (int i = 0; i < 300; i++)
		__asm__ volatile("");
}

void *malloc(size_t size)
{
	return take(size);
}

void free(void *block)
{
	give(block);
}

void *calloc(size_t count, size_t size)
{
	void *block = take(count * size);

	return block ? memset(block, 0, count * size) : NULL;
}

/* For the test's program alone: the old block's bytes are lost */
void *realloc(void *old, size_t size)
{
	give(old);
	return take(size);
}
