/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Compresses what a thread has recorded, and has it written. A few compressors
 * serve all threads: each has half a megabyte of memory, from the system.
 */
#define ZSTD_STATIC_LINKING_ONLY	/* memory that is handed over */
#include <string.h>
#include <zstd.h>

#include "record.h"

#define COMPRESSORS	4
#define LEVEL		(-1)	/* in a hurry: the program waits */

static struct compressor {
	struct lock lock;
	void *memory;
	size_t bytes;		/* of the memory */
	unsigned char packed[ZSTD_COMPRESSBOUND(PLAIN_BYTES)];
} compressors[COMPRESSORS];

/* One that nobody uses, or the thread's own after a while; locked */
static struct compressor *compressor_take(const struct thread *thread)
{
	struct compressor *own = &compressors[thread->number % COMPRESSORS];

	if (lock_try(&own->lock))
		return own;
	for (int i = 0; i < COMPRESSORS; i++) {
		if (lock_try(&compressors[i].lock))
			return &compressors[i];
	}
	lock_take(&own->lock);
	return own;
}

/* Bytes in `packed`, or 0 where it cannot be done */
static size_t compress(struct compressor *compressor, const void *plain,
		       size_t bytes)
{
	ZSTD_CCtx *context;
	size_t packed;

	if (!compressor->memory) {
		compressor->bytes = ZSTD_estimateCCtxSize(LEVEL);
		compressor->memory = system_memory(compressor->bytes);
		if (!compressor->memory)
			return 0;
	}
	context = ZSTD_initStaticCCtx(compressor->memory, compressor->bytes);
	if (!context)
		return 0;
	ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
	packed = ZSTD_compress2(context, compressor->packed,
				sizeof(compressor->packed), plain, bytes);
	return ZSTD_isError(packed) ? 0 : packed;
}

/* The CRC-32 of many bytes, four bits at a time */
static uint32_t plain_checksum(const unsigned char *at, size_t bytes)
{
	uint32_t sum = UINT32_MAX, table[16];

	for (uint32_t i = 0; i < 16; i++) {
		table[i] = i;
		for (int bit = 0; bit < 4; bit++)
			table[i] = table[i] >> 1 ^
				   (0xedb88320u & (0 - (table[i] & 1)));
	}
	while (bytes-- > 0) {
		sum ^= *at++;
		sum = sum >> 4 ^ table[sum & 15];
		sum = sum >> 4 ^ table[sum & 15];
	}
	return ~sum;
}

/* Writes the events in `plain`, with the thread's lock held, and empties it */
void pack(struct thread *thread)
{
	struct compressor *compressor = compressor_take(thread);
	struct mi_trace_chunk *chunk = &thread->chunk;
	const void *bytes = compressor->packed;

	chunk->magic = MI_TRACE_CHUNK_MAGIC;
	chunk->thread = thread->number;
	chunk->packing = MI_TRACE_ZSTD;
	chunk->plain_checksum = 0;
	chunk->stored_bytes = (uint32_t)compress(compressor, thread->plain,
						 chunk->plain_bytes);
	if (chunk->stored_bytes == 0) {
		bytes = thread->plain;
		chunk->packing = MI_TRACE_PLAIN;
		chunk->stored_bytes = chunk->plain_bytes;
		chunk->plain_checksum = plain_checksum(bytes,
						       chunk->plain_bytes);
	}
	chunk->checksum = mi_trace_checksum(chunk, offsetof(
					struct mi_trace_chunk, checksum));
	file_write(chunk, bytes);
	chunk->events = 0;
	chunk->plain_bytes = 0;
	lock_give(&compressor->lock);
}

/* In a child, where nobody holds a lock. The memory has become zeros, which is
 * what a context is made of each time. */
void pack_restart(void)
{
	for (int i = 0; i < COMPRESSORS; i++)
		compressors[i].lock.state = 0;
}
