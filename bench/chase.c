/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * chase COUNT: 4 million nodes of 96 bytes are linked into one ring whose
 * order has nothing to do with their places, and COUNT of its links are
 * followed: hardly one page is in the translation buffer.
 */
#include "bench.h"

#define NODES		((size_t)1 << 22)
/* By these a generator modulo a power of two takes every value once */
#define FACTOR		((size_t)1103515245)
#define INCREMENT	((size_t)12345)

static struct node {
	struct node *next;
	uint64_t value;
	char padding[80];
} *nodes[NODES];

int main(int argc, char **argv)
{
	size_t count = argument(argc, argv, 1);
	struct node *node;
	uint64_t sum = 0;

	for (size_t i = 0; i < NODES; i++) {
		nodes[i] = touch(malloc(sizeof(*node)), sizeof(*node));
		nodes[i]->value = i & 255;
	}
	for (size_t i = 0; i < NODES; i++)
		nodes[i]->next = nodes[(i * FACTOR + INCREMENT) % NODES];
	node = nodes[0];
	for (size_t i = 0; i < count; i++) {
		sum += node->value;
		node = node->next;
	}
	for (size_t i = 0; i < NODES; i++)
		free(nodes[i]);
	return print_sum(sum);
}
