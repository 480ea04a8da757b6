/* SPDX-License-Identifier: BSD-3-Clause */
#include "profile.h"

/* Buckets at the beginning; they are as many as blocks, or more */
#define FIRST_BITS	12

uint64_t filter[(1 << FILTER_BITS) / 64];
/* How many live samples have set a bit. What reaches the most stays there. */
static uint16_t filter_counts[1 << FILTER_BITS];

static struct block **buckets;
static unsigned int bits;
static size_t count;
static struct block *unused;

static void filter_set(unsigned int hash)
{
	__atomic_store_n(&filter[hash / 64], filter[hash / 64] |
			 UINT64_C(1) << (hash % 64), __ATOMIC_RELAXED);
}

static void filter_clear(unsigned int hash)
{
	__atomic_store_n(&filter[hash / 64], filter[hash / 64] &
			 ~(UINT64_C(1) << (hash % 64)), __ATOMIC_RELAXED);
}

void filter_add_for_ever(uintptr_t address)
{
	unsigned int hash = filter_hash(address);

	filter_counts[hash] = UINT16_MAX;
	filter_set(hash);
}

static void filter_add(uintptr_t address)
{
	unsigned int hash = filter_hash(address);

	if (filter_counts[hash] != UINT16_MAX)
		filter_counts[hash]++;
	filter_set(hash);
}

static void filter_remove(uintptr_t address)
{
	unsigned int hash = filter_hash(address);

	if (filter_counts[hash] != UINT16_MAX && !--filter_counts[hash])
		filter_clear(hash);
}

static struct block **bucket_of(uintptr_t address)
{
	return &buckets[(address >> 4) * UINT64_C(0x9e3779b97f4a7c15) >>
			(64 - bits)];
}

/* Without memory for more buckets, the lists just become longer */
static void grow(void)
{
	unsigned int old_bits = bits, new_bits = bits ? bits + 2 : FIRST_BITS;
	struct block **old = buckets, *block, *next;
	void *made;
	size_t i;

	made = memory_map(sizeof(*buckets) << new_bits);
	if (!made)
		return;
	buckets = made;
	bits = new_bits;
	for (i = 0; old && i < (size_t)1 << old_bits; i++) {
		for (block = old[i]; block; block = next) {
			struct block **bucket = bucket_of(block->address);

			next = block->next;
			block->next = *bucket;
			*bucket = block;
		}
	}
	if (old)
		memory_unmap(old, sizeof(*old) << old_bits);
}

struct block *block_new(void)
{
	struct block *block = unused;

	if (!buckets || count >> bits)
		grow();
	if (!buckets)
		return NULL;
	if (!block)
		return memory_get(sizeof(*block));
	unused = block->next;
	return block;
}

void block_delete(struct block *block)
{
	block->next = unused;
	unused = block;
}

void blocks_put(struct block *block)
{
	struct block **bucket = bucket_of(block->address);

	filter_add(block->address);
	block->next = *bucket;
	*bucket = block;
	count++;
}

struct block *blocks_take(uintptr_t address)
{
	struct block **link, *block;

	if (!buckets)
		return NULL;
	for (link = bucket_of(address); *link; link = &(*link)->next) {
		block = *link;
		if (block->address != address)
			continue;
		*link = block->next;
		filter_remove(address);
		count--;
		return block;
	}
	return NULL;
}

void blocks_drop(void)
{
	unsigned int hash;

	for (hash = 0; hash < 1 << FILTER_BITS; hash++) {
		if (filter_counts[hash] == UINT16_MAX) {
			filter_set(hash);
		} else {
			filter_counts[hash] = 0;
			filter_clear(hash);
		}
	}
	buckets = NULL;
	bits = 0;
	count = 0;
	unused = NULL;
}
