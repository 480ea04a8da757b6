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

/*
 * Above DIRECT_SIZE_MAX, CLASSED_SIZE_MAX at most. The octave, and the leading
 * four bits, of which the first is always set, are added up as they are.
 */
static inline unsigned int size_class_stepped(size_t size)
{
	size_t last = size - 1;
	/* the bit's number in one instruction of x86-64, unlike 63 - clz */
	unsigned int octave = 63u ^ (unsigned int)__builtin_clzl(last);

	return octave * 8 + (unsigned int)(last >> (octave - 3)) +
	       CLASS_DIRECT_COUNT - (10 * 8 + 8);
}

/* `size` is at most CLASSED_SIZE_MAX */
static inline unsigned int size_class_of(size_t size)
{
	if (size > DIRECT_SIZE_MAX)
		return size_class_stepped(size);
	return (unsigned int)((size + (BLOCK_ALIGN - 1)) / BLOCK_ALIGN);
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
