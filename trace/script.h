/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The script of a program's allocations: what mi-trace-compile makes of a
 * recorded trace, and what players carry out.
 *
 *	+--------+------+------+-- - - --+------+
 *	| header |  op  |  op  |         |  op  |	64 + 16 * operations
 *	+--------+------+------+-- - - --+------+
 *
 * Little endian, naturally aligned, not compressed: a player maps the file, or
 * has it in its image, and reads it in place. This header needs no libc.
 *
 * A slot stands for a block while it lives. It is empty at the beginning.
 * MALLOC, CALLOC and ALIGNED fill an empty slot; REALLOC gives the block of a
 * full one another size, which is not 0; FREE empties a full one. What a full
 * slot holds at the end was never freed.
 *
 * Operations stand in the order in which the program made them, over all
 * threads. A player with several threads need not keep it but on each slot.
 */
#ifndef MI_TRACE_SCRIPT_H
#define MI_TRACE_SCRIPT_H

#include <stddef.h>
#include <stdint.h>

#define MI_SCRIPT_MAGIC		"miscript"	/* 8 bytes, no NUL */
#define MI_SCRIPT_VERSION	1

enum mi_script_kind {
	MI_SCRIPT_MALLOC = 1,
	MI_SCRIPT_CALLOC = 2,	/* size: the product of both arguments */
	MI_SCRIPT_REALLOC = 3,
	MI_SCRIPT_ALIGNED = 4,	/* at a multiple of 1 << align_log2 */
	MI_SCRIPT_FREE = 5,
};

struct mi_script_header {
	char	 magic[8];
	uint32_t version;
	uint32_t threads;	/* numbers 0 .. threads - 1, by first call */
	uint64_t operations;
	uint64_t slots;		/* numbers 0 .. slots - 1 */
	uint64_t peak_bytes;	/* highest sum of live requested bytes */
	uint64_t peak_operation; /* index of the operation that first made it */
	uint64_t final_bytes;	/* live requested bytes at the end */
	uint64_t reserved;	/* 0 */
};

struct mi_script_op {
	uint8_t	 kind;		/* enum mi_script_kind */
	uint8_t	 align_log2;	/* of ALIGNED, otherwise 0 */
	uint16_t thread;
	uint32_t slot;
	uint64_t size;		/* requested bytes; of FREE 0 */
};

_Static_assert(sizeof(struct mi_script_header) == 64, "as in the file");
_Static_assert(sizeof(struct mi_script_op) == 16, "as in the file");

static inline const struct mi_script_op *
mi_script_ops(const struct mi_script_header *script)
{
	return (const struct mi_script_op *)(const void *)(script + 1);
}

/* How many bytes a script of so many operations has */
static inline uint64_t mi_script_bytes(uint64_t operations)
{
	return sizeof(struct mi_script_header) +
	       operations * sizeof(struct mi_script_op);
}

/* How many bytes of memory mi_script_ops_fault() asks for, which is never more
 * than the script itself has. */
static inline uint64_t mi_script_state_bytes(uint64_t slots)
{
	return (slots + 7) / 8;
}

/*
 * What is wrong with the header of a script of so many bytes, as a text for
 * people, or NULL. The bytes have to be aligned as a uint64_t is.
 */
static inline const char *mi_script_header_fault(const void *data,
						 uint64_t bytes)
{
	const struct mi_script_header *script = data;
	const char *magic = MI_SCRIPT_MAGIC;
	uint64_t operations;

	if (bytes < sizeof(*script))
		return "too short for a script";
	for (size_t i = 0; i < sizeof(script->magic); i++) {
		if (script->magic[i] != magic[i])
			return "not a script";
	}
	if (script->version != MI_SCRIPT_VERSION)
		return "a script of another version";
	operations = (bytes - sizeof(*script)) / sizeof(struct mi_script_op);
	if (script->operations > operations)
		return "the script is truncated";
	if (script->operations < operations ||
	    bytes != mi_script_bytes(operations))
		return "the script is longer than its header says";
	/* Each slot and each thread is in an operation, at least */
	if (script->slots > operations || script->slots > UINT32_MAX)
		return "more slots than operations";
	if (script->threads > operations || script->threads > UINT16_MAX + 1)
		return "more threads than operations or than 65536";
	if (script->peak_operation >= (operations ? operations : 1))
		return "the peak is at no operation";
	if (script->reserved != 0)
		return "a reserved field is not 0";
	return NULL;
}

/* What is wrong with an operation wherever it stands, or NULL */
static inline const char *
mi_script_op_fault(const struct mi_script_header *script,
		   const struct mi_script_op *op)
{
	if (op->kind < MI_SCRIPT_MALLOC || op->kind > MI_SCRIPT_FREE)
		return "an operation of no known kind";
	if (op->slot >= script->slots)
		return "a slot beyond the last";
	if (op->thread >= script->threads)
		return "a thread beyond the last";
	if (op->align_log2 > (op->kind == MI_SCRIPT_ALIGNED ? 63 : 0))
		return "an alignment that cannot be";
	if (op->kind == MI_SCRIPT_FREE && op->size != 0)
		return "a free with a size";
	if (op->kind == MI_SCRIPT_REALLOC && op->size == 0)
		return "a realloc to 0 bytes";
	return NULL;
}

/*
 * What is wrong with the operations of a script whose header is sound, or NULL.
 * `full` is zeroed memory of mi_script_state_bytes(): a bit for each slot that
 * holds a block, left as it is after the last operation. `at` becomes the index
 * of the operation that is wrong. O(operations).
 */
static inline const char *
mi_script_ops_fault(const struct mi_script_header *script,
		    unsigned char *full, uint64_t *at)
{
	const struct mi_script_op *op = mi_script_ops(script);
	const char *fault;

	for (*at = 0; *at < script->operations; ++*at, op++) {
		unsigned char bit = (unsigned char)(1u << op->slot % 8);
		int needs_block = op->kind == MI_SCRIPT_REALLOC ||
				  op->kind == MI_SCRIPT_FREE;

		fault = mi_script_op_fault(script, op);
		if (fault)
			return fault;
		if (needs_block && !(full[op->slot / 8] & bit))
			return "an empty slot is freed or given a size";
		if (!needs_block && (full[op->slot / 8] & bit))
			return "a slot that is full is filled";
		if (op->kind != MI_SCRIPT_REALLOC)
			full[op->slot / 8] ^= bit;
	}
	return NULL;
}

#endif /* MI_TRACE_SCRIPT_H */
