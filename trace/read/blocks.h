/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The blocks that live at a moment, by address: a hash table that grows.
 */
#ifndef MI_TRACE_READ_BLOCKS_H
#define MI_TRACE_READ_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct block {
	uint64_t address;	/* 0: none */
	uint64_t size;
	uint64_t born;		/* the number of the call */
	uint32_t slot;
	uint32_t thread;	/* as recorded */
};

struct blocks {
	struct block *table;
	unsigned int log2;	/* of its places */
	size_t count;
};

/* Whether there was memory for it. There is none at that address yet. */
bool blocks_add(struct blocks *blocks, const struct block *block);

/* The block at an address, or NULL; until the next one is added or taken */
const struct block *blocks_find(const struct blocks *blocks, uint64_t address);

/* Takes the block at an address out; false where there is none */
bool blocks_take(struct blocks *blocks, uint64_t address, struct block *block);

void blocks_end(struct blocks *blocks);

#endif /* MI_TRACE_READ_BLOCKS_H */
