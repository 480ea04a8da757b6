/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Small blocks of a few sizes, and hardly anything done with them: so that CPUs
 * meet in one page again and again. Where a CPU's turn ends anywhere (boot
 * parameter turn=) that is in the midst of a call as often as not.
 *
 * A block in use says so in its first word, by its address. A block that is
 * handed out twice still says so when it comes; one that was damaged does not
 * any more when it goes.
 */
#include "cpus.h"

#define SLOTS		256
#define USED		((uintptr_t)0x5ea1ed0000000000)

static uintptr_t *slots[SLOTS];

static struct {
	struct uk_alloc *a;
	unsigned int rounds;
} plan;

static uintptr_t *block_take(unsigned int cpu)
{
	uintptr_t *block = uk_malloc(plan.a, 16 + 16 * (crew_random(cpu) % 3));

	CHECK(block);
	CHECK(*block != (USED ^ (uintptr_t)block));
	*block = USED ^ (uintptr_t)block;
	return block;
}

static void block_give(uintptr_t *block)
{
	if (!block)
		return;
	CHECK(*block == (USED ^ (uintptr_t)block));
	*block = 0;
	uk_free(plan.a, block);
}

static void crowd_job(unsigned int cpu)
{
	crew_meet();
	for (unsigned int i = 0; i < plan.rounds; i++) {
		uintptr_t *block = block_take(cpu);

		block_give(__atomic_exchange_n(&slots[crew_random(cpu) % SLOTS],
					       block, __ATOMIC_ACQ_REL));
	}
	crew_meet();
	for (unsigned int i = cpu; i < SLOTS; i += crew_count) {
		block_give(slots[i]);
		slots[i] = NULL;
	}
}

void crowd(struct uk_alloc *a, unsigned int rounds)
{
	plan.a = a;
	plan.rounds = rounds;
	crew_run(crowd_job);
}
