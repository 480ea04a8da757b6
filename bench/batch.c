/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * batch SIZE LIVE COUNT fifo|lifo|shuffled [whole]: LIVE blocks are allocated,
 * then all are freed: the oldest first, the newest first, or in an order that
 * is shuffled once and for all; COUNT pairs altogether. whole: each byte is
 * written.
 */
#include "bench.h"

static void order_set(size_t *order, size_t live, int argc, char **argv)
{
	bool lifo = has_word(argc, argv, "lifo");

	for (size_t i = 0; i < live; i++)
		order[i] = lifo ? live - 1 - i : i;
	if (has_word(argc, argv, "shuffled"))
		shuffle(order, live);
}

int main(int argc, char **argv)
{
	size_t size = argument(argc, argv, 1);
	size_t live = argument(argc, argv, 2);
	size_t rounds = argument(argc, argv, 3) / live;
	bool whole = has_word(argc, argv, "whole");
	void **block = calloc(live, sizeof(*block));
	size_t *order = calloc(live, sizeof(*order));
	uint64_t sum = 0;

	if (!block || !order)
		die("no memory");
	order_set(order, live, argc, argv);
	for (size_t round = 0; round < rounds + !rounds; round++) {
		for (size_t i = 0; i < live; i++)
			block[i] = whole ? touch_all(malloc(size), size)
					 : touch(malloc(size), size);
		for (size_t i = 0; i < live; i++)
			sum += drop(block[order[i]]);
	}
	free(block);
	free(order);
	return print_sum(sum);
}
