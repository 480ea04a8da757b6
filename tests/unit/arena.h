/* SPDX-License-Identifier: BSD-3-Clause */
/* An instance as new for each test of arenas, and sizes to fill arenas with. */
#ifndef TESTS_UNIT_ARENA_H
#define TESTS_UNIT_ARENA_H

#include "unit.h"

static struct instance instance;
static struct heap heap;

static inline int renew(void **state)
{
	(void)state;
	instance_renew(&instance);
	return 0;
}

/* Blocks of many kinds, small ones and large ones */
#define BLOCKS	300

static inline size_t block_size(size_t i)
{
	return i % 10 == 9 ? 33000 + i * 20 : 1 + i * 13 % 2000;
}

#endif /* TESTS_UNIT_ARENA_H */
