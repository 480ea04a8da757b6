/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device tree: where memory is, the CPUs, and the command line. QEMU leaves
 * it at the start of memory for an image in ELF, and gives its address
 * otherwise.
 */
#include <string.h>
#include <uk/assert.h>
#include <uk/essentials.h>

#include "arch.h"
#include "memory.h"

#define TREE_MAGIC 0xd00dfeed
#define TOKEN_NODE 1			/* name */
#define TOKEN_NODE_END 2
#define TOKEN_PROPERTY 3		/* bytes, offset of the name, value */
#define TOKEN_NOTHING 4

struct tree {				/* all in big endian */
	uint32_t magic;
	uint32_t bytes;
	uint32_t structure;
	uint32_t strings;
};

static const char *command_line = "";
static unsigned int cpu_count;

static uint32_t number(const uint32_t *at)
{
	return __builtin_bswap32(*at);
}

static uint64_t long_number(const uint32_t *at)
{
	return (uint64_t)number(at) << 32 | number(at + 1);
}

/* Addresses and lengths are of two words, as QEMU makes the tree. */
static void property(const char *node, const char *name, const uint32_t *value,
		     uint32_t bytes)
{
	if (!strncmp(node, "memory@", 7) && !strcmp(name, "reg"))
		for (uint32_t i = 0; i + 16 <= bytes; i += 16, value += 4)
			memory_range_add(long_number(value), long_number(value)
					 + long_number(value + 2));
	if (!strcmp(node, "chosen") && !strcmp(name, "bootargs"))
		command_line = (const char *)value;
}

/* Properties of nodes right below the root, which have the depth 2 */
static void tree_read(const uint32_t *at, const char *strings)
{
	const char *node = "";
	unsigned int depth = 0;
	uint32_t bytes;

	for (;;) {
		switch (number(at++)) {
		case TOKEN_NODE:
			depth++;
			node = (const char *)at;
			cpu_count += depth == 3 && !strncmp(node, "cpu@", 4);
			at += strlen(node) / 4 + 1;
			break;
		case TOKEN_NODE_END:
			depth--;
			break;
		case TOKEN_PROPERTY:
			bytes = number(at);
			if (depth == 2)
				property(node, strings + number(at + 1),
					 at + 2, bytes);
			at += 2 + DIV_ROUND_UP(bytes, 4U);
			break;
		case TOKEN_NOTHING:
			break;
		default:
			return;
		}
	}
}

unsigned int lcpu_arch_count(void)
{
	return cpu_count;
}

const char *bootinfo_read(const void *loader)
{
	const struct tree *tree = loader ? loader : (void *)MEMORY_START;

	if (number(&tree->magic) != TREE_MAGIC)
		UK_CRASH("the loader gave no device tree\n");
	tree_read((const uint32_t *)((const char *)tree
				     + number(&tree->structure)),
		  (const char *)tree + number(&tree->strings));
	return command_line;
}
