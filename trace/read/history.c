/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Follows each block by its address, and gives it a slot while it lives.
 */
#include <stdlib.h>

#include "history.h"

static const char no_memory[] = "no memory for so many blocks";
static const char no_slot[] = "more blocks at a time than a script can have";

/* The thread's number in the script: by first call, and from the 65537th on
 * one that another thread has as well */
static const char *number_of(struct history *history, uint32_t thread)
{
	const struct block *known;
	struct block new = { .address = (uint64_t)thread + 1 };

	if (history->thread == thread + 1 && history->threads)
		return NULL;
	known = blocks_find(&history->numbers, new.address);
	if (known) {
		history->number = (uint16_t)known->slot;
	} else {
		new.slot = (uint32_t)history->numbers.count % 65536;
		history->number = (uint16_t)new.slot;
		if (history->threads < 65536)
			history->threads++;
		if (!blocks_add(&history->numbers, &new))
			return no_memory;
	}
	history->thread = thread + 1;
	return NULL;
}

/* Whether there is one; the slot that became empty last, or a new one */
static const char *slot_take(struct history *history, uint32_t *slot)
{
	if (history->empty_count > 0) {
		*slot = history->empty[--history->empty_count];
		return NULL;
	}
	if (history->slots == UINT32_MAX)
		return no_slot;
	*slot = history->slots++;
	return NULL;
}

static const char *slot_give(struct history *history, uint32_t slot)
{
	size_t room = history->empty_room ? history->empty_room * 2 : 1024;
	uint32_t *empty = history->empty;

	if (history->empty_count == history->empty_room) {
		empty = realloc(empty, room * sizeof(*empty));
		if (!empty)
			return no_memory;
		history->empty = empty;
		history->empty_room = room;
	}
	history->empty[history->empty_count++] = slot;
	return NULL;
}

static const char *emit(struct history *history, const struct trace_call *call,
			uint8_t kind, const struct block *block,
			const struct block *old)
{
	struct mi_script_op op = { .kind = kind, .slot = block->slot };
	const char *fault = number_of(history, call->thread);

	if (fault)
		return fault;
	op.thread = history->number;
	if (kind != MI_SCRIPT_FREE)
		op.size = block->size;
	if (kind == MI_SCRIPT_ALIGNED)
		op.align_log2 = (uint8_t)call->align_log2;
	if (!history->operation(history, call, &op, block, old))
		return "the script cannot be written";
	if (history->live_bytes > history->peak_bytes) {
		history->peak_bytes = history->live_bytes;
		history->peak_blocks = history->live_blocks;
		history->peak_operation = history->operations;
		history->peak_call = history->calls;
	}
	history->operations++;
	return NULL;
}

/* A block that is in no table any more is freed */
static const char *release(struct history *history,
			   const struct trace_call *call,
			   const struct block *block)
{
	const char *fault = slot_give(history, block->slot);

	if (fault)
		return fault;
	history->live_bytes -= block->size;
	history->live_blocks--;
	return emit(history, call, MI_SCRIPT_FREE, block, NULL);
}

/* Where a block is to be there is none */
static const char *make_room(struct history *history,
			     const struct trace_call *call)
{
	struct block old;

	if (!blocks_take(&history->blocks, call->address, &old))
		return NULL;
	history->counts.missed_frees++;
	return release(history, call, &old);
}

static const char *make(struct history *history, const struct trace_call *call,
			uint8_t kind)
{
	struct block block = {
		.address = call->address,
		.size = call->size,
		.born = history->calls,
		.thread = call->thread,
	};
	const char *fault = make_room(history, call);

	if (!fault)
		fault = slot_take(history, &block.slot);
	if (!fault && !blocks_add(&history->blocks, &block))
		fault = no_memory;
	if (fault)
		return fault;
	history->live_bytes += block.size;
	history->live_blocks++;
	return emit(history, call, kind, &block, NULL);
}

static const char *unmake(struct history *history,
			  const struct trace_call *call)
{
	struct block block;

	if (blocks_take(&history->blocks, call->address, &block))
		return release(history, call, &block);
	history->counts.unknown_frees++;
	return NULL;
}

static const char *resize(struct history *history,
			  const struct trace_call *call)
{
	struct resizing *resizing;

	if (history->resizing_count == RESIZING) {
		history->counts.unmatched++;
		return unmake(history, call);
	}
	resizing = &history->resizing[history->resizing_count++];
	resizing->thread = call->thread;
	resizing->known = blocks_take(&history->blocks, call->address,
				      &resizing->block);
	return NULL;
}

/* The thread's last realloc that has begun is over: whether there was one */
static bool resizing_take(struct history *history, uint32_t thread,
			  struct resizing *resizing)
{
	struct resizing *list = history->resizing;
	size_t at = history->resizing_count;

	while (at > 0 && list[at - 1].thread != thread)
		at--;
	if (at == 0)
		return false;
	*resizing = list[at - 1];
	for (; at < history->resizing_count; at++)
		list[at - 1] = list[at];
	history->resizing_count--;
	return true;
}

/* realloc has answered with NULL: a size of 0 frees, otherwise the block is
 * still where it was */
static const char *not_resized(struct history *history,
			       const struct trace_call *call,
			       struct block *block)
{
	struct trace_call back = *call;
	const char *fault;

	if (call->size == 0)
		return release(history, call, block);
	history->counts.failed++;
	back.address = block->address;
	fault = make_room(history, &back);
	if (!fault && !blocks_add(&history->blocks, block))
		fault = no_memory;
	return fault;
}

static const char *move(struct history *history,
			const struct trace_call *call,
			const struct block *old)
{
	struct block block = *old;
	const char *fault = make_room(history, call);

	block.address = call->address;
	block.size = call->size;
	if (block.address != old->address)
		block.thread = call->thread;
	if (!fault && !blocks_add(&history->blocks, &block))
		fault = no_memory;
	if (fault)
		return fault;
	history->live_bytes += block.size - old->size;
	return emit(history, call, MI_SCRIPT_REALLOC, &block, old);
}

static const char *resized(struct history *history,
			   const struct trace_call *call)
{
	struct resizing resizing;
	const char *fault;

	if (!resizing_take(history, call->thread, &resizing)) {
		history->counts.unmatched++;
		resizing.known = false;
	}
	if (!resizing.known) {
		if (call->failed) {
			history->counts.failed += call->size != 0;
			history->counts.unknown_frees += call->size == 0;
			return NULL;
		}
		history->counts.unknown_resizes++;
		return make(history, call, MI_SCRIPT_MALLOC);
	}
	if (call->failed)
		return not_resized(history, call, &resizing.block);
	if (call->size > 0)
		return move(history, call, &resizing.block);
	/* A block of 0 bytes, which a script makes by malloc only */
	fault = release(history, call, &resizing.block);
	return fault ? fault : make(history, call, MI_SCRIPT_MALLOC);
}

const char *history_add(struct history *history, const struct trace_call *call)
{
	/* A realloc is one call, which ends as RESIZED */
	history->calls += call->kind != MI_TRACE_RESIZE;
	switch (call->kind) {
	case MI_TRACE_FREE:
	case MI_TRACE_DELETE:
		return unmake(history, call);
	case MI_TRACE_RESIZE:
		return resize(history, call);
	case MI_TRACE_RESIZED:
		return resized(history, call);
	default:
		break;
	}
	if (call->failed) {
		history->counts.failed++;
		return NULL;
	}
	if (call->kind == MI_TRACE_CALLOC)
		return make(history, call, MI_SCRIPT_CALLOC);
	if (call->kind == MI_TRACE_ALIGNED ||
	    (call->kind == MI_TRACE_NEW && call->align_log2))
		return make(history, call, MI_SCRIPT_ALIGNED);
	return make(history, call, MI_SCRIPT_MALLOC);
}

void history_end(struct history *history)
{
	blocks_end(&history->blocks);
	blocks_end(&history->numbers);
	free(history->empty);
}
