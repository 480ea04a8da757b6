/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A trace is gone through twice: once chunk by chunk, to the first fault, and
 * then, with a heap of the threads' next events, in the order of all.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "events.h"

struct trace_chunk {
	struct mi_trace_chunk header;
	uint64_t offset;	/* of its bytes in the file */
};

/* The chunks of one thread, which stand together in the list of all */
struct trace_stream {
	uint64_t order;		/* of `call`, or of the next chunk */
	const struct trace_chunk *next, *end;
	unsigned char *plain;	/* of the chunk before `next`, or NULL */
	struct trace_events events;
	struct trace_call call;
};

/* How many bytes there are at an offset, of those asked for */
static size_t read_at(const struct trace *trace, void *data, size_t bytes,
		      uint64_t offset)
{
	size_t sum = 0;
	ssize_t got;

	while (sum < bytes) {
		got = pread(trace->descriptor, (char *)data + sum, bytes - sum,
			    (off_t)(offset + sum));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		sum += (size_t)got;
	}
	return sum;
}

static const char *read_header(struct trace *trace)
{
	struct mi_trace_header *header = &trace->header;
	size_t got = read_at(trace, header, sizeof(*header), 0);
	uint64_t offset = sizeof(*header);

	if (got < sizeof(header->magic) ||
	    memcmp(header->magic, MI_TRACE_MAGIC, sizeof(header->magic)) != 0)
		return "not a recorded trace";
	if (got < sizeof(*header))
		return "a recorded trace that ends in its header";
	if (header->version != MI_TRACE_VERSION)
		return "a recorded trace of another version";
	if (header->checksum != mi_trace_checksum(header, offsetof(
				struct mi_trace_header, checksum)) ||
	    header->header_bytes != offset + header->program_bytes +
				    header->machine_bytes)
		return "a recorded trace whose header is damaged";
	if (read_at(trace, trace->program, header->program_bytes, offset) !=
	    header->program_bytes)
		return "a recorded trace that ends in its header";
	offset += header->program_bytes;
	if (read_at(trace, trace->machine, header->machine_bytes, offset) !=
	    header->machine_bytes)
		return "a recorded trace that ends in its header";
	trace->program[header->program_bytes] = '\0';
	trace->machine[header->machine_bytes] = '\0';
	return NULL;
}

/* What is wrong with a chunk's header, or NULL */
static const char *chunk_fault(const struct mi_trace_chunk *chunk)
{
	if (chunk->magic != MI_TRACE_CHUNK_MAGIC ||
	    chunk->checksum != mi_trace_checksum(chunk, offsetof(
					struct mi_trace_chunk, checksum)))
		return "not a chunk";
	if (chunk->plain_bytes > MI_TRACE_CHUNK_BYTES ||
	    chunk->stored_bytes > MI_TRACE_CHUNK_BYTES ||
	    chunk->events == 0 || chunk->events > chunk->plain_bytes)
		return "a chunk of an impossible size";
	if (chunk->packing > MI_TRACE_ZSTD ||
	    (chunk->packing == MI_TRACE_PLAIN &&
	     chunk->plain_bytes != chunk->stored_bytes))
		return "a chunk of an unknown packing";
	return NULL;
}

/* The events' bytes of a chunk: NULL, or what is wrong */
static const char *unpack(struct trace *trace, const struct trace_chunk *chunk,
			  unsigned char *plain)
{
	const struct mi_trace_chunk *header = &chunk->header;
	size_t bytes;

	if (read_at(trace, trace->stored, header->stored_bytes,
		    chunk->offset) != header->stored_bytes)
		return "the file ends within a chunk";
	if (header->packing == MI_TRACE_PLAIN) {
		memcpy(plain, trace->stored, header->plain_bytes);
		return mi_trace_checksum(trace->stored, header->plain_bytes) ==
		       header->plain_checksum ? NULL : "a damaged chunk";
	}
	bytes = ZSTD_decompressDCtx(trace->context, plain, header->plain_bytes,
				    trace->stored, header->stored_bytes);
	return bytes == header->plain_bytes ? NULL : "a damaged chunk";
}

/* All events of a chunk: NULL, or what is wrong with one */
static const char *events_fault(const struct mi_trace_chunk *header,
				const unsigned char *plain)
{
	struct trace_events events;
	struct trace_call call;
	const char *fault = NULL;

	events_begin(&events, header, plain);
	while (!fault && events.left > 0)
		fault = events_next(&events, &call);
	return fault;
}

static bool keep(struct trace *trace, const struct trace_chunk *chunk)
{
	size_t room = trace->chunk_room ? trace->chunk_room * 2 : 64;
	struct trace_chunk *chunks = trace->chunks;

	if (trace->chunk_count == trace->chunk_room) {
		chunks = realloc(chunks, room * sizeof(*chunks));
		if (!chunks)
			return false;
		trace->chunks = chunks;
		trace->chunk_room = room;
	}
	chunks[trace->chunk_count++] = *chunk;
	trace->calls += chunk->header.events;
	return true;
}

/* Goes through the chunks up to the end or the first fault */
static const char *check(struct trace *trace, unsigned char *plain)
{
	struct trace_chunk chunk = { .offset = 0 };
	const char *fault;
	size_t got;

	for (chunk.offset = trace->header.header_bytes;;
	     chunk.offset += chunk.header.stored_bytes) {
		trace->fault_at = chunk.offset;
		got = read_at(trace, &chunk.header, sizeof(chunk.header),
			      chunk.offset);
		if (got == 0)
			return NULL;
		if (got < sizeof(chunk.header))
			return "the file ends within a chunk";
		chunk.offset += sizeof(chunk.header);
		fault = chunk_fault(&chunk.header);
		if (!fault)
			fault = unpack(trace, &chunk, plain);
		if (!fault)
			fault = events_fault(&chunk.header, plain);
		if (!fault && !keep(trace, &chunk))
			fault = "no memory for more";
		if (fault)
			return fault;
	}
}

static int by_thread(const void *left, const void *right)
{
	const struct trace_chunk *a = left, *b = right;

	if (a->header.thread != b->header.thread)
		return a->header.thread < b->header.thread ? -1 : 1;
	return a->offset < b->offset ? -1 : 1;
}

/* Moves a stream down in the heap, to where it belongs */
static void sink(struct trace *trace, size_t at)
{
	struct trace_stream *streams = trace->streams, stream = streams[at];
	size_t child;

	for (; (child = 2 * at + 1) < trace->stream_count; at = child) {
		if (child + 1 < trace->stream_count &&
		    streams[child + 1].order < streams[child].order)
			child++;
		if (streams[child].order >= stream.order)
			break;
		streams[at] = streams[child];
	}
	streams[at] = stream;
}

static bool make_streams(struct trace *trace)
{
	const struct trace_chunk *chunk = trace->chunks, *end = chunk;
	size_t count = 0;

	if (trace->chunk_count > 0) {
		end += trace->chunk_count;
		qsort(trace->chunks, trace->chunk_count, sizeof(*chunk),
		      by_thread);
	}
	for (; chunk < end; chunk++)
		count += chunk == trace->chunks ||
			 chunk->header.thread != chunk[-1].header.thread;
	trace->streams = calloc(count + 1, sizeof(*trace->streams));
	if (!trace->streams)
		return false;
	for (chunk = trace->chunks; chunk < end; chunk++) {
		if (chunk == trace->chunks ||
		    chunk->header.thread != chunk[-1].header.thread) {
			trace->streams[trace->stream_count].next = chunk;
			trace->streams[trace->stream_count].order =
				chunk->header.first_order;
			trace->stream_count++;
		}
		trace->streams[trace->stream_count - 1].end = chunk + 1;
	}
	for (size_t i = count / 2; i-- > 0;)
		sink(trace, i);
	return true;
}

static const char *prepare(struct trace *trace)
{
	unsigned char *plain = malloc(MI_TRACE_CHUNK_BYTES);
	const char *fault;

	trace->stored = malloc(MI_TRACE_CHUNK_BYTES);
	trace->context = ZSTD_createDCtx();
	fault = plain && trace->stored && trace->context ?
		read_header(trace) : "no memory";
	if (!fault)
		trace->fault = check(trace, plain);
	if (!fault && !make_streams(trace))
		fault = "no memory";
	free(plain);
	return fault;
}

const char *trace_open(struct trace *trace, const char *path)
{
	const char *fault;

	memset(trace, 0, sizeof(*trace));
	trace->descriptor = open(path, O_RDONLY | O_CLOEXEC);
	if (trace->descriptor < 0)
		return strerror(errno);
	fault = prepare(trace);
	if (fault)
		trace_close(trace);
	return fault;
}

/* The next event of a stream becomes its `call`; false at the stream's end. The
 * bytes were sound before; should they have changed since, this ends. */
static bool advance(struct trace *trace, struct trace_stream *stream)
{
	const struct trace_chunk *chunk = stream->next;

	if (stream->events.left == 0) {
		free(stream->plain);
		stream->plain = NULL;
		if (chunk == stream->end)
			return false;
		stream->plain = malloc(chunk->header.plain_bytes);
		if (!stream->plain || unpack(trace, chunk, stream->plain))
			return false;
		events_begin(&stream->events, &chunk->header, stream->plain);
		stream->call.thread = chunk->header.thread;
		stream->next++;
	}
	if (events_next(&stream->events, &stream->call))
		return false;
	stream->order = stream->call.order;
	return true;
}

/* The first stream is at its end */
static void drop(struct trace *trace)
{
	free(trace->streams[0].plain);
	trace->streams[0].plain = NULL;
	trace->streams[0] = trace->streams[--trace->stream_count];
}

bool trace_next(struct trace *trace, struct trace_call *call)
{
	struct trace_stream *first = trace->streams;

	/* A stream that has no chunk open waits in the heap with the order of
	 * its next one, which is opened here */
	while (trace->stream_count > 0 && !first->plain &&
	       !advance(trace, first)) {
		drop(trace);
		sink(trace, 0);
	}
	if (trace->stream_count == 0)
		return false;
	*call = first->call;
	if (first->events.left == 0 && first->next < first->end) {
		free(first->plain);
		first->plain = NULL;
		first->order = first->next->header.first_order;
	} else if (!advance(trace, first)) {
		drop(trace);
	}
	sink(trace, 0);
	return true;
}

void trace_close(struct trace *trace)
{
	for (size_t i = 0; i < trace->stream_count; i++)
		free(trace->streams[i].plain);
	free(trace->streams);
	free(trace->chunks);
	free(trace->stored);
	ZSTD_freeDCtx(trace->context);
	close(trace->descriptor);
}
