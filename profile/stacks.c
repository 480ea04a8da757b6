/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The peak is a moment: the last change after which more was live than ever.
 * What a stack had live then is not written down, which would take a walk over
 * all stacks for each new peak. It is known when it is asked for: a stack that
 * has not changed since has it live still, any other wrote it down at its
 * first change after that moment (`before`).
 */
#include "profile.h"

#define FIRST_BITS	10

struct stack *stacks_made;

static struct stack **buckets;
static unsigned int bits;
static size_t count;
static bool are_cut;

static int64_t live_bytes, peak_bytes;
static uint64_t now, peak_moment;

static uint64_t hash_of(const uintptr_t *calls, unsigned int depth)
{
	uint64_t hash = depth;
	unsigned int i;

	for (i = 0; i < depth; i++) {
		hash = (hash ^ calls[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return hash * UINT64_C(0xbf58476d1ce4e5b9);
}

static bool is_same(const struct stack *stack, uint64_t hash,
		    const uintptr_t *calls, unsigned int depth)
{
	return stack->hash == hash && stack->depth == depth &&
	       !__builtin_memcmp(stack->calls, calls, depth * sizeof(*calls));
}

/* Without memory for more buckets, the lists just become longer */
static void grow(void)
{
	unsigned int new_bits = bits ? bits + 2 : FIRST_BITS;
	struct stack **made = memory_map(sizeof(*buckets) << new_bits);
	struct stack *stack, **bucket;

	if (!made)
		return;
	memory_unmap(buckets, sizeof(*buckets) << bits);
	buckets = made;
	bits = new_bits;
	for (stack = stacks_made; stack; stack = stack->next_made) {
		bucket = &buckets[stack->hash >> (64 - bits)];
		stack->next = *bucket;
		*bucket = stack;
	}
}

static struct stack *make(uint64_t hash, const uintptr_t *calls,
			  unsigned int depth)
{
	struct stack *stack = memory_get(sizeof(*stack) +
					 depth * sizeof(*calls));

	if (!stack)
		return NULL;
	stack->hash = hash;
	stack->depth = depth;
	__builtin_memcpy(stack->calls, calls, depth * sizeof(*calls));
	stack->next_made = stacks_made;
	stacks_made = stack;
	count++;
	return stack;
}

static struct stack *look_up(uint64_t hash, const uintptr_t *calls,
			     unsigned int depth)
{
	struct stack *stack = buckets[hash >> (64 - bits)];

	while (stack && !is_same(stack, hash, calls, depth))
		stack = stack->next;
	return stack;
}

struct stack *stack_find(const uintptr_t *calls, unsigned int depth)
{
	uint64_t hash = hash_of(calls, depth);
	struct stack *stack, **bucket;

	if (!buckets || count >> bits)
		grow();
	if (!buckets)
		return NULL;
	stack = look_up(hash, calls, depth);
	if (!stack && count >= MOST_STACKS && depth > CALLS_BEYOND) {
		are_cut = true;
		depth = CALLS_BEYOND;
		hash = hash_of(calls, depth);
		stack = look_up(hash, calls, depth);
	}
	if (stack)
		return stack;
	stack = make(hash, calls, depth);
	if (!stack)
		return NULL;
	bucket = &buckets[hash >> (64 - bits)];
	stack->next = *bucket;
	*bucket = stack;
	return stack;
}

bool stacks_are_cut(void)
{
	return are_cut;
}

static void amount_add(struct amount *to, const struct amount *amount)
{
	to->objects += amount->objects;
	to->bytes += amount->bytes;
}

/*
 * What a sample adds to the variance of the bytes that are live: its weight is
 * 1 / p, and it might as well not have been one, by 1 - p.
 */
static double variance_of(const struct amount *amount)
{
	double bytes = (double)amount->bytes;
	double chance = amount->objects ?
		(double)(1 << OBJECT_SHIFT) / (double)amount->objects : 1;

	return bytes * bytes * (1 - chance);
}

static void about_to_change(struct stack *stack)
{
	if (stack->changed <= peak_moment)
		stack->before = stack->live;
	stack->changed = ++now;
}

void stack_restore(struct stack *stack, const struct amount *amount)
{
	about_to_change(stack);
	amount_add(&stack->live, amount);
	stack->variance += variance_of(amount);
	stack->samples++;
	live_bytes += amount->bytes;
	if (live_bytes > peak_bytes) {
		peak_bytes = live_bytes;
		peak_moment = now;
	}
}

void stack_add(struct stack *stack, const struct amount *amount)
{
	stack_restore(stack, amount);
	amount_add(&stack->total, amount);
}

void stack_subtract(struct stack *stack, const struct amount *amount)
{
	about_to_change(stack);
	stack->live.objects -= amount->objects;
	stack->live.bytes -= amount->bytes;
	stack->variance -= variance_of(amount);
	if (!--stack->samples)
		stack->variance = 0;	/* not what rounding left */
	live_bytes -= amount->bytes;
}

void stack_at_peak(const struct stack *stack, struct amount *amount)
{
	*amount = stack->changed <= peak_moment ? stack->live : stack->before;
}

void stacks_drop(void)
{
	stacks_made = NULL;
	buckets = NULL;
	bits = 0;
	count = 0;
	are_cut = false;
	live_bytes = 0;
	peak_bytes = 0;
	now = 0;
	peak_moment = 0;
}
