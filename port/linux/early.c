/* SPDX-License-Identifier: BSD-3-Clause */
#include "early.h"
#include "heaps/heaps.h"

bool early_over;

__attribute__((aligned(16))) char early_bytes[EARLY_BYTES];
static size_t used;

/*
 * A pointer in our data is another than the address in our code until it is
 * relocated; the thread's word is 0 until its initial value is copied, which
 * comes later. Only then.
 */
bool early_is_over(void)
{
	static bool *volatile self = &early_over;

	if (self != &early_over || !*(volatile uintptr_t *)&heap_word)
		return false;
	early_over = true;
	return true;
}

void *early_alloc(size_t size)
{
	size_t at = used + 16;

	if (!size)
		size = 1;
	if (size > EARLY_BYTES || align_up(size, 16) + at > EARLY_BYTES)
		return NULL;
	*(size_t *)(uintptr_t)(early_bytes + used) = align_up(size, 16);
	used = at + align_up(size, 16);
	return early_bytes + at;
}

size_t early_usable(const void *p)
{
	size_t at = (uintptr_t)p - (uintptr_t)early_bytes;

	return at >= 16 && at <= EARLY_BYTES ?
	       *(const size_t *)(uintptr_t)(early_bytes + at - 16) : 0;
}

bool port_is_foreign_block(const void *p)
{
	return early_usable(p) != 0;
}
