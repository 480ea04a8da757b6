/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Open addressing, a block as near behind the place of its hash as there is
 * room. Taking one out moves those that follow, so that no place between a
 * block and its hash is empty.
 */
#include <stdlib.h>

#include "blocks.h"

#define FIRST_LOG2	10

/* The upper bits of a product with the golden ratio */
static size_t place(const struct blocks *blocks, uint64_t address)
{
	return (size_t)(address * UINT64_C(0x9e3779b97f4a7c15) >>
			(64 - blocks->log2));
}

static size_t after(const struct blocks *blocks, size_t at)
{
	return (at + 1) & (((size_t)1 << blocks->log2) - 1);
}

/* The place of an address, or the empty one where it could be */
static size_t find(const struct blocks *blocks, uint64_t address)
{
	size_t at = place(blocks, address);

	while (blocks->table[at].address != 0 &&
	       blocks->table[at].address != address)
		at = after(blocks, at);
	return at;
}

static bool grow(struct blocks *blocks)
{
	struct blocks larger = {
		.log2 = blocks->table ? blocks->log2 + 1 : FIRST_LOG2,
		.count = blocks->count,
	};
	size_t places = blocks->table ? (size_t)1 << blocks->log2 : 0;

	larger.table = calloc((size_t)1 << larger.log2,
			      sizeof(*larger.table));
	if (!larger.table)
		return false;
	for (size_t i = 0; i < places; i++) {
		const struct block *block = &blocks->table[i];

		if (block->address)
			larger.table[find(&larger, block->address)] = *block;
	}
	free(blocks->table);
	*blocks = larger;
	return true;
}

bool blocks_add(struct blocks *blocks, const struct block *block)
{
	size_t places = blocks->table ? (size_t)1 << blocks->log2 : 0;

	if (blocks->count >= places - places / 4 && !grow(blocks))
		return false;
	blocks->table[find(blocks, block->address)] = *block;
	blocks->count++;
	return true;
}

const struct block *blocks_find(const struct blocks *blocks, uint64_t address)
{
	const struct block *block;

	if (!blocks->table)
		return NULL;
	block = &blocks->table[find(blocks, address)];
	return block->address ? block : NULL;
}

bool blocks_take(struct blocks *blocks, uint64_t address, struct block *block)
{
	struct block *table = blocks->table;
	size_t hole, at, mask = ((size_t)1 << blocks->log2) - 1;

	if (!table)
		return false;
	hole = find(blocks, address);
	if (table[hole].address == 0)
		return false;
	*block = table[hole];
	for (at = after(blocks, hole); table[at].address != 0;
	     at = after(blocks, at)) {
		/* Its hash is not between the hole and where it stands */
		if (((at - place(blocks, table[at].address)) & mask) >=
		    ((at - hole) & mask)) {
			table[hole] = table[at];
			hole = at;
		}
	}
	table[hole].address = 0;
	blocks->count--;
	return true;
}

void blocks_end(struct blocks *blocks)
{
	free(blocks->table);
}
