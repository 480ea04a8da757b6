/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The recorded trace of one process: a header, then chunks to the file's end.
 * format.md tells of each byte; this is what recorder and reader share.
 *
 *	+--------+---------+-------+-------+-- - -
 *	| header | strings | chunk | bytes | chunk	little endian
 *	+--------+---------+-------+-------+-- - -
 *
 * A chunk has events of one thread. It can be read without the chunks before
 * it, so that what was written is of use wherever the file ends.
 */
#ifndef MI_TRACE_FORMAT_H
#define MI_TRACE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define MI_TRACE_MAGIC		"mi-trace"	/* 8 bytes, no NUL */
#define MI_TRACE_VERSION	1

struct mi_trace_header {
	char	 magic[8];
	uint32_t version;
	uint32_t header_bytes;	/* with both strings: where chunks begin */
	uint32_t pid;
	uint32_t parent_pid;
	uint32_t page_bytes;
	uint16_t program_bytes;	/* the path of the executable follows */
	uint16_t machine_bytes;	/* after it, such as x86_64 */
	uint64_t start_seconds;	/* since 1970 */
	uint32_t start_nanoseconds;
	uint32_t checksum;	/* CRC-32 of all bytes before this field */
	/* Written again with each chunk; for people, and not in the checksum */
	uint32_t state;		/* enum mi_trace_state */
	uint32_t error;		/* the errno of STOPPED */
	uint64_t events;	/* in the chunks so far */
	uint64_t lost;		/* events that are in no chunk */
};

enum mi_trace_state {
	MI_TRACE_RUNNING = 0,	/* for ever where the process was killed */
	MI_TRACE_ENDED = 1,
	MI_TRACE_EXECUTED = 2,	/* another image has taken the process' place */
	MI_TRACE_STOPPED = 3,	/* the file could not be written any more */
};

#define MI_TRACE_CHUNK_MAGIC	0x6b6e6863u	/* "chnk" */

struct mi_trace_chunk {
	uint32_t magic;
	uint32_t thread;	/* 0 .., by first call */
	uint64_t first_order;	/* of the first event */
	uint32_t events;
	uint32_t packing;	/* enum mi_trace_packing */
	uint32_t plain_bytes;	/* of the events */
	uint32_t stored_bytes;	/* that follow this header */
	uint32_t plain_checksum; /* CRC-32 of the events if PLAIN, else 0 */
	uint32_t checksum;	/* CRC-32 of all bytes before this field */
};

enum mi_trace_packing {
	MI_TRACE_PLAIN = 0,
	MI_TRACE_ZSTD = 1,	/* one frame, with its own checksum */
};

/* No chunk has more than that of either kind of bytes */
#define MI_TRACE_CHUNK_BYTES	(1u << 20)

_Static_assert(sizeof(struct mi_trace_header) == 72, "as in the file");
_Static_assert(sizeof(struct mi_trace_chunk) == 40, "as in the file");

/*
 * An event is a byte, then what the byte says, as numbers of seven bits a byte,
 * the lowest first, the eighth bit set in all but the last:
 *
 *	order		where MI_TRACE_NEXT is not set: its difference to the
 *			previous event's order + 1
 *	alignment	where MI_TRACE_ALIGN is set: the logarithm, one byte
 *	address		where MI_TRACE_FAILED is not set: its difference to the
 *			previous event's; a 16th of it where MI_TRACE_BY_16 is
 *	size		of kinds that ask for memory
 *
 * Differences are signed, and folded: 0, -1, 1, -2 become 0, 1, 2, 3. At the
 * beginning of a chunk the previous order is first_order - 1, the previous
 * address 0. An event that failed leaves the previous address as it is.
 */
enum mi_trace_kind {
	MI_TRACE_MALLOC = 1,
	MI_TRACE_CALLOC = 2,	/* size: the product, UINT64_MAX beyond that */
	MI_TRACE_REALLOC_NULL = 3, /* realloc(NULL, size) */
	MI_TRACE_RESIZE = 4,	/* realloc of the address begins, */
	MI_TRACE_RESIZED = 5,	/* and the thread's last one has ended */
	MI_TRACE_ALIGNED = 6,
	MI_TRACE_NEW = 7,	/* C++, with an alignment where it was given */
	MI_TRACE_FREE = 8,
	MI_TRACE_DELETE = 9,
	MI_TRACE_KINDS,
};

#define MI_TRACE_KIND		0x0f
#define MI_TRACE_NEXT		0x10
#define MI_TRACE_BY_16		0x20
#define MI_TRACE_ALIGN		0x40
#define MI_TRACE_FAILED		0x80

/* The byte, alignment and three numbers */
#define MI_TRACE_EVENT_BYTES	(2 + 3 * 10)

static inline int mi_trace_has_size(unsigned kind)
{
	return kind != MI_TRACE_RESIZE && kind != MI_TRACE_FREE &&
	       kind != MI_TRACE_DELETE;
}

static inline uint64_t mi_trace_fold(uint64_t difference)
{
	return difference << 1 ^ (0 - (difference >> 63));
}

static inline uint64_t mi_trace_unfold(uint64_t folded)
{
	return folded >> 1 ^ (0 - (folded & 1));
}

/* The CRC-32 of Ethernet, gzip and zlib, bit by bit: for headers */
static inline uint32_t mi_trace_checksum(const void *data, size_t bytes)
{
	const unsigned char *at = data;
	uint32_t sum = UINT32_MAX;

	while (bytes-- > 0) {
		sum ^= *at++;
		for (int i = 0; i < 8; i++)
			sum = sum >> 1 ^ (0xedb88320u & (0 - (sum & 1)));
	}
	return ~sum;
}

#endif /* MI_TRACE_FORMAT_H */
