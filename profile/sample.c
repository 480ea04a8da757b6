/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which blocks become samples. Bytes are marked by a Poisson process, so the
 * distance to the next marked byte is drawn anew wherever one looks, and what
 * a thread did before does not matter. With a rate of 1 every block is a
 * sample and stands for itself.
 */
#include <errno.h>
#include <math.h>
#include <unistd.h>

#include "profile.h"

__thread struct sampler sampler
	__attribute__((tls_model("initial-exec")));

static enum sampling state;
static size_t rate;
static size_t lost;
static uint64_t seed;
static uint64_t threads;		/* that have drawn */
static unsigned int dropped;
static void (*waiting)(void);

void sampling_start(size_t bytes, const uint64_t *fixed_seed)
{
	lock_start();
	rate = bytes;
	seed = *fixed_seed;
	__atomic_store_n(&state, SAMPLING_ON, __ATOMIC_RELEASE);
}

void sampling_never(void)
{
	__atomic_store_n(&state, SAMPLING_NEVER, __ATOMIC_RELEASE);
}

enum sampling sampling_state(void)
{
	return __atomic_load_n(&state, __ATOMIC_ACQUIRE);
}

size_t sampling_rate(void)
{
	return rate;
}

size_t samples_lost(void)
{
	return lost;
}

void samples_drop(void)
{
	blocks_drop();
	stacks_drop();
	memory_drop();
	lost = 0;
	dropped++;
}

unsigned int samples_dropped(void)
{
	return dropped;
}

bool sampling_lock(void)
{
	if (sampler.busy)
		return false;
	sampler.busy = true;
	lock_take();
	return true;
}

void sampling_unlock(void)
{
	void (*call)(void);

	lock_give();
	sampler.busy = false;
	call = __atomic_exchange_n(&waiting, NULL, __ATOMIC_RELAXED);
	if (unlikely(call))
		call();
}

void sampling_afterwards(void (*call)(void))
{
	__atomic_store_n(&waiting, call, __ATOMIC_RELAXED);
}

/* Another seed, another draw */
void sampling_in_child(void)
{
	seed += (uint64_t)getpid() << 32;
	sampler.drawn = false;
	sampler.left = 0;
}

/* By Steele, Lea and Flood, Fast splittable pseudorandom number generators */
static uint64_t next_random(uint64_t *random)
{
	uint64_t z = *random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Bytes up to and with the next marked one */
static size_t distance(struct sampler *own)
{
	double uniform, bytes;

	if (rate == 1)
		return 0;		/* no size is less */
	if (!own->drawn) {
		own->random = seed;
		own->random = next_random(&own->random) +
			      __atomic_fetch_add(&threads, 1, __ATOMIC_RELAXED);
		next_random(&own->random);
		own->drawn = true;
	}
	uniform = (double)((next_random(&own->random) >> 11) + 1) * 0x1p-53;
	bytes = -log(uniform) * (double)rate;
	return bytes < 0x1p60 ? 1 + (size_t)bytes : (size_t)1 << 60;
}

static struct amount weigh(size_t size)
{
	double weight = 1;
	struct amount amount;

	if (rate != 1 && size)
		weight = -1 / expm1(-(double)size / (double)rate);
	amount.objects = (int64_t)(weight * (1 << OBJECT_SHIFT) + 0.5);
	amount.bytes = (int64_t)(weight * (double)size + 0.5);
	return amount;
}

/* Under the lock. An address that is known was freed by a way unseen. */
static bool keep(void *p, size_t size, const uintptr_t *calls,
		 unsigned int depth)
{
	struct stack *stack = stack_find(calls, depth);
	struct block *block = blocks_take((uintptr_t)p);

	if (block)
		stack_subtract(block->stack, &block->amount);
	else
		block = block_new();
	if (!block)
		return false;
	if (!stack) {
		block_delete(block);
		return false;
	}
	block->address = (uintptr_t)p;
	block->stack = stack;
	block->amount = weigh(size);
	blocks_put(block);
	stack_add(stack, &block->amount);
	return true;
}

COLD void sample_allocation(void *p, size_t size)
{
	struct sampler *own = &sampler;
	uintptr_t calls[STACK_DEPTH];
	unsigned int depth;
	int old_errno = errno;

	if (sampling_state() != SAMPLING_ON) {
		if (sampling_state() == SAMPLING_NEVER)
			own->left = SIZE_MAX;
		return;
	}
	if (own->busy)
		return;
	if (!own->drawn && rate != 1) {
		own->left = distance(own);
		if (size < own->left) {
			own->left -= size;
			return;
		}
	}
	own->left = distance(own);
	if (!p)
		return;
	own->busy = true;
	depth = unwind(calls, STACK_DEPTH);
	lock_take();
	if (!keep(p, size, calls, depth))
		lost++;
	sampling_unlock();
	errno = old_errno;
}

COLD struct block *sample_take(void *p)
{
	struct block *block;
	int old_errno = errno;

	if (!sampling_lock())
		return NULL;
	block = blocks_take((uintptr_t)p);
	if (block) {
		block->dropped = dropped;
		stack_subtract(block->stack, &block->amount);
	}
	sampling_unlock();
	errno = old_errno;
	return block;
}

COLD void sample_settle(struct block *block, bool freed)
{
	int old_errno = errno;

	if (!block || !sampling_lock())
		return;
	if (freed || block->dropped != dropped) {
		block_delete(block);
	} else {
		blocks_put(block);
		stack_restore(block->stack, &block->amount);
	}
	sampling_unlock();
	errno = old_errno;
}

COLD void sample_free(void *p)
{
	struct block *block;
	int old_errno = errno;

	if (!sampling_lock())
		return;
	block = blocks_take((uintptr_t)p);
	if (block) {
		stack_subtract(block->stack, &block->amount);
		block_delete(block);
	}
	sampling_unlock();
	errno = old_errno;
}
