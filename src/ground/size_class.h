/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Size classes.
 *
 *	class 0		requests of 0 bytes, blocks of 16
 *	class 1..64	16, 32, .. 1024
 *	class 65..104	1152, 1280, .. 2048, 2304, .. 32768 (eighths)
 */
#ifndef MI_SIZE_CLASS_H
#define MI_SIZE_CLASS_H

#include "ground/bits.h"

/* `size` is at most CLASSED_SIZE_MAX */
static inline unsigned int size_class_of(size_t size)
{
	unsigned int octave;

	if (size <= DIRECT_SIZE_MAX)
		return (unsigned int)((size + (BLOCK_ALIGN - 1)) / BLOCK_ALIGN);
	size--;
	octave = log2_floor(size);
	return CLASS_DIRECT_COUNT + (octave - 10) * 8 +
	       (unsigned int)((size >> (octave - 3)) & 7);
}

static inline size_t size_class_bytes(unsigned int class)
{
	unsigned int step;

	if (class == 0)
		return BLOCK_ALIGN;
	if (class < CLASS_DIRECT_COUNT)
		return class * BLOCK_ALIGN;
	step = class - CLASS_DIRECT_COUNT;
	return (size_t)(9 + step % 8) << (7 + step / 8);
}

#endif /* MI_SIZE_CLASS_H */
