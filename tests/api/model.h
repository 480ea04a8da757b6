/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The model of the property tests: a table of live blocks, each filled with a
 * pattern of its own tag, and random operations that change the table and the
 * allocator alike. A difference between the two is put into words and told to
 * the caller as false.
 */
#ifndef TESTS_API_MODEL_H
#define TESTS_API_MODEL_H

#include "check.h"

#define MODEL_SLOTS	1024
#define MODEL_SIZE_MAX	(4 * MIB)
#define MODEL_LIVE_MAX	(64 * MIB)	/* bytes in all slots together */

struct slot {
	unsigned char *block;	/* NULL: the slot is free */
	size_t size;		/* what was asked for */
	size_t alignment;
	uint64_t tag;		/* of the pattern in the block */
	bool is_zeroed;		/* zero behind the size */
};

struct model {
	struct check_random random;
	uint64_t next_tag;
	size_t live_bytes;
	size_t operations;
	const char *wrong;	/* the first difference, NULL: none */
	struct slot slots[MODEL_SLOTS];
	struct slot *sorted[MODEL_SLOTS];
};

static inline bool model_fail(struct model *model, const char *what)
{
	if (model->wrong == NULL)
		model->wrong = what;
	return false;
}

static inline struct slot *model_pick(struct model *model)
{
	return &model->slots[check_below(&model->random, MODEL_SLOTS)];
}

/* Is the block all that was promised? Then it takes the slot's pattern. */
static inline bool model_accept(struct model *model, struct slot *slot,
				void *block, size_t size, size_t alignment)
{
	if (block == NULL)
		return model_fail(model, "an allocation gave NULL");
	if (!is_aligned(block, alignment < 16 ? 16 : alignment))
		return model_fail(model, "a block is not aligned");
	if (mi_usable_size(block) < size)
		return model_fail(model, "the usable size is too small");
	if (!mi_is_in_heap_region(block))
		return model_fail(model, "a block is outside the heap region");
	slot->block = block;
	slot->size = size;
	slot->alignment = alignment;
	slot->tag = model->next_tag++;
	model->live_bytes += size;
	pattern_write(block, size, slot->tag);
	return true;
}

static inline bool model_holds(struct model *model, const struct slot *slot)
{
	if (!pattern_holds(slot->block, slot->size, slot->tag))
		return model_fail(model, "a live block was overwritten");
	return true;
}

static inline bool model_free(struct model *model, struct slot *slot)
{
	if (!model_holds(model, slot))
		return false;
	model->live_bytes -= slot->size;
	switch (check_below(&model->random, 4)) {
	case 0:
		mi_free_size(slot->block, slot->size);
		break;
	case 1:
		mi_free_aligned(slot->block, slot->alignment);
		break;
	default:
		mi_free(slot->block);
	}
	slot->block = NULL;
	return true;
}

static inline bool model_allocate(struct model *model, struct slot *slot)
{
	size_t size = check_log_size(&model->random, MODEL_SIZE_MAX);
	size_t alignment = 16;
	void *block;

	slot->is_zeroed = false;
	switch (check_below(&model->random, 8)) {
	case 0:
		block = mi_calloc(size, 1);
		slot->is_zeroed = true;
		break;
	case 1:
		block = mi_zalloc(size);
		slot->is_zeroed = true;
		break;
	case 2:
		alignment = (size_t)1 << check_below(&model->random, 17);
		block = mi_malloc_aligned(size, alignment);
		break;
	case 3:
		alignment = (size_t)1 << check_below(&model->random, 13);
		block = mi_zalloc_aligned(size, alignment);
		slot->is_zeroed = true;
		break;
	default:
		block = mi_malloc(size);
	}
	if (block != NULL && slot->is_zeroed && !all_zero(block, size))
		return model_fail(model, "a zeroed block is not zero");
	return model_accept(model, slot, block, size, alignment);
}

static inline bool model_resize(struct model *model, struct slot *slot)
{
	size_t size = check_log_size(&model->random, MODEL_SIZE_MAX);
	unsigned char *block;
	size_t both;
	bool is_zeroing = slot->is_zeroed && size > slot->size &&
			  check_below(&model->random, 2) == 0;

	if (check_below(&model->random, 3) == 0)
		size = slot->size + check_below(&model->random, 64);
	both = size < slot->size ? size : slot->size;
	if (!model_holds(model, slot))
		return false;
	if (is_zeroing && slot->alignment > 16)
		block = mi_rezalloc_aligned(slot->block, size,
					    slot->alignment);
	else if (is_zeroing)
		block = mi_rezalloc(slot->block, size);
	else if (slot->alignment > 16)
		block = mi_realloc_aligned(slot->block, size, slot->alignment);
	else
		block = mi_realloc(slot->block, size);
	if (block == NULL)
		return model_fail(model, "a resize gave NULL");
	if (!pattern_holds(block, both, slot->tag))
		return model_fail(model, "a resize lost contents");
	if (is_zeroing && !all_zero(block + both, size - both))
		return model_fail(model, "a zeroing resize is not zero");
	slot->is_zeroed = is_zeroing;
	model->live_bytes -= slot->size;
	return model_accept(model, slot, block, size, slot->alignment);
}

static inline bool model_expand(struct model *model, struct slot *slot)
{
	size_t size = slot->size + check_below(&model->random, 5000);
	size_t usable = mi_usable_size(slot->block);
	void *block = mi_expand(slot->block, size);

	if (block == NULL && size <= usable)
		return model_fail(model, "expand refuses what is there");
	if (block == NULL)
		return model_holds(model, slot);
	if (block != slot->block)
		return model_fail(model, "expand moved the block");
	if (!model_holds(model, slot))
		return false;
	slot->is_zeroed = false;
	model->live_bytes -= slot->size;
	return model_accept(model, slot, block, size, slot->alignment);
}

/* One random operation. */
static inline bool model_step(struct model *model)
{
	struct slot *slot = model_pick(model);

	model->operations++;
	if (slot->block == NULL) {
		if (model->live_bytes > MODEL_LIVE_MAX)
			return true;
		return model_allocate(model, slot);
	}
	switch (check_below(&model->random, 8)) {
	case 0:
	case 1:
		if (model->live_bytes <= MODEL_LIVE_MAX)
			return model_resize(model, slot);
		return model_free(model, slot);
	case 2:
		return model_expand(model, slot);
	case 3:
		return model_holds(model, slot);
	default:
		return model_free(model, slot);
	}
}

static inline int model_compare(const void *a, const void *b)
{
	uintptr_t left = (uintptr_t)(*(struct slot *const *)a)->block;
	uintptr_t right = (uintptr_t)(*(struct slot *const *)b)->block;

	return (left > right) - (left < right);
}

/* All blocks hold their patterns, and no two of them share a byte. */
static inline bool model_verify(struct model *model)
{
	size_t count = 0;

	for (size_t i = 0; i < MODEL_SLOTS; i++) {
		if (model->slots[i].block == NULL)
			continue;
		if (!model_holds(model, &model->slots[i]))
			return false;
		model->sorted[count++] = &model->slots[i];
	}
	qsort(model->sorted, count, sizeof(*model->sorted), model_compare);
	for (size_t i = 0; i + 1 < count; i++) {
		unsigned char *block = model->sorted[i]->block;

		if (block + mi_usable_size(block) >
		    model->sorted[i + 1]->block)
			return model_fail(model, "two blocks overlap");
	}
	return true;
}

static inline bool model_clear(struct model *model)
{
	for (size_t i = 0; i < MODEL_SLOTS; i++)
		if (model->slots[i].block != NULL &&
		    !model_free(model, &model->slots[i]))
			return false;
	return true;
}

#endif /* TESTS_API_MODEL_H */
