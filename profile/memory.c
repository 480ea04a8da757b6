/* SPDX-License-Identifier: BSD-3-Clause */
#include <sys/mman.h>

#include "profile.h"

#define CHUNK_BYTES	(256 << 10)

static char *chunk;
static size_t chunk_left;

void *memory_map(size_t bytes)
{
	void *start = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return start == MAP_FAILED ? NULL : start;
}

void memory_unmap(void *start, size_t bytes)
{
	if (start)
		munmap(start, bytes);
}

void *memory_get(size_t bytes)
{
	void *p;

	bytes = (bytes + 15) & ~(size_t)15;
	if (bytes > chunk_left) {
		p = memory_map(CHUNK_BYTES);
		if (!p)
			return NULL;
		chunk = p;
		chunk_left = CHUNK_BYTES;
	}
	p = chunk;
	chunk += bytes;
	chunk_left -= bytes;
	return p;
}

void memory_drop(void)
{
	chunk_left = 0;
}
