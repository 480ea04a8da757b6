/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An allocator that a signal handler may call in the midst of its own calls,
 * and that a jump may leave: it adds to a number, and frees nothing.
 */
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

/* It begins anew after that many bytes */
#define AREA	((size_t)256 << 20)

static unsigned char *area;
static size_t used;

__attribute__((constructor)) static void begin(void)
{
	if (!area)
		area = mmap(NULL, 2 * AREA, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			    0);
}

void *malloc(size_t size)
{
	size_t bytes = (size + 31) / 16 * 16, at;

	begin();
	if (size > AREA)
		return NULL;
	at = __atomic_fetch_add(&used, bytes, __ATOMIC_RELAXED) % AREA;
	*(size_t *)(area + at) = size;
	return area + at + 16;
}

void free(void *block)
{
	(void)block;
}

void *calloc(size_t count, size_t size)
{
	return malloc(count * size);
}

void *realloc(void *old, size_t size)
{
	void *block = malloc(size);
	size_t bytes = old ? ((size_t *)old)[-2] : 0;

	return old ? memcpy(block, old, bytes < size ? bytes : size) : block;
}
