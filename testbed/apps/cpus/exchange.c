/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Blocks of all kinds wander from CPU to CPU.
 *
 * A letter tells what a block is. Each CPU has one, and exchanges it for one
 * that lies in a box: what it gets was written by any CPU. It checks what the
 * block holds, frees it or changes its size, and puts another block in. So
 * blocks are freed and reallocated anywhere, in any order.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <testbed/testbed.h>

#include "cpus.h"

#define BOXES		64
#define LETTERS		(BOXES + CPUS_MAX)
#define PAGE		((size_t)4096)
#define PATTERN		0x9e3779b97f4a7c15

struct letter {
	unsigned char *block;		/* NULL: none */
	size_t bytes;
	uint64_t seed;
	unsigned long pages;		/* of palloc, else 0 */
};

static struct letter letters[LETTERS];
static struct letter *boxes[BOXES];
static struct letter *held[CPUS_MAX];

static struct {
	struct uk_alloc *a;
	unsigned int rounds;
	bool interrupts_off;
} plan;

/* Whole words, and the last bytes one by one */
static void pattern_write(unsigned char *block, size_t bytes, uint64_t seed)
{
	uint64_t value = seed * PATTERN;
	size_t i;

	for (i = 0; i + sizeof(value) <= bytes; i += sizeof(value))
		memcpy(block + i, &value, sizeof(value));
	for (; i < bytes; i++)
		block[i] = (unsigned char)(seed + i);
}

static bool pattern_holds(const unsigned char *block, size_t bytes,
			  uint64_t seed)
{
	uint64_t value = seed * PATTERN, found;
	size_t i;

	for (i = 0; i + sizeof(value) <= bytes; i += sizeof(value)) {
		memcpy(&found, block + i, sizeof(found));
		if (found != value)
			return false;
	}
	for (; i < bytes; i++)
		if (block[i] != (unsigned char)(seed + i))
			return false;
	return true;
}

static bool is_zero(const unsigned char *block, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (block[i])
			return false;
	return true;
}

/* Many small ones, few large ones */
static size_t random_bytes(unsigned int cpu)
{
	uint64_t random = crew_random(cpu);

	switch (random % 64) {
	case 0:
		return random / 64 % (200 * KIB);
	case 1 ... 4:
		return random / 64 % (16 * KIB);
	case 5 ... 16:
		return random / 64 % (2 * KIB);
	default:
		return random / 64 % 300;
	}
}

static void letter_alloc(struct letter *l, unsigned int cpu)
{
	struct uk_alloc *a = plan.a;
	size_t align = (size_t)16 << crew_random(cpu) % 9;
	void *block = NULL;

	l->bytes = random_bytes(cpu);
	l->seed = crew_random(cpu);
	l->pages = 0;
	switch (l->seed % 8) {
	case 0:
		l->block = uk_calloc(a, 1, l->bytes);
		CHECK(l->block && is_zero(l->block, l->bytes));
		break;
	case 1:
		l->block = uk_memalign(a, align, l->bytes);
		CHECK((uintptr_t)l->block % align == 0);
		break;
	case 2:
		CHECK(!uk_posix_memalign(a, &block, align, l->bytes));
		l->block = block;
		CHECK((uintptr_t)l->block % align == 0);
		break;
	case 3:
		if (l->bytes < KIB)
			l->bytes = KIB;
		l->pages = (l->bytes + PAGE - 1) / PAGE;
		l->bytes = l->pages * PAGE;
		l->block = uk_palloc(a, l->pages);
		CHECK((uintptr_t)l->block % PAGE == 0);
		break;
	default:
		l->block = uk_malloc(a, l->bytes);
		break;
	}
	CHECK(l->block && (uintptr_t)l->block % 16 == 0);
	pattern_write(l->block, l->bytes, l->seed);
}

static void letter_free(struct letter *l)
{
	if (!l->block)
		return;
	CHECK(pattern_holds(l->block, l->bytes, l->seed));
	if (l->pages)
		uk_pfree(plan.a, l->block, l->pages);
	else
		uk_free(plan.a, l->block);
	l->block = NULL;
}

static void letter_realloc(struct letter *l, unsigned int cpu)
{
	size_t bytes = random_bytes(cpu) + 1;
	size_t same = bytes < l->bytes ? bytes : l->bytes;

	CHECK(pattern_holds(l->block, l->bytes, l->seed));
	l->block = uk_realloc(plan.a, l->block, bytes);
	/* whole words only are where they were before */
	CHECK(l->block &&
	      pattern_holds(l->block, same & ~(size_t)7, l->seed));
	l->bytes = bytes;
	pattern_write(l->block, l->bytes, l->seed);
}

/* What was got may also be passed on as it is */
static void letter_change(struct letter *l, unsigned int cpu)
{
	switch (crew_random(cpu) % 4) {
	case 0:
		break;
	case 1:
		if (l->block && !l->pages) {
			letter_realloc(l, cpu);
			break;
		}
		/* fall through */
	default:
		letter_free(l);
		break;
	}
	if (!l->block)
		letter_alloc(l, cpu);
}

static void exchange_job(unsigned int cpu)
{
	int before = ukplat_lcpu_irqs_disabled();
	struct letter *l = held[cpu];
	unsigned long flags = 0;

	for (unsigned int i = 0; i < plan.rounds; i++) {
		uint64_t random = crew_random(cpu);

		if (plan.interrupts_off)
			flags = ukplat_lcpu_save_irqf();
		letter_change(l, cpu);
		if (plan.interrupts_off) {
			CHECK(ukplat_lcpu_irqs_disabled());
			ukplat_lcpu_restore_irqf(flags);
		}
		CHECK(!ukplat_lcpu_irqs_disabled() == !before);
		l = __atomic_exchange_n(&boxes[random % BOXES], l,
					__ATOMIC_ACQ_REL);
		if (random >> 32 & 1)
			crew_turn();
	}
	held[cpu] = l;
}

/* Each CPU frees a part of what there is, whoever has allocated it */
static void drain_job(unsigned int cpu)
{
	for (size_t i = cpu; i < LETTERS; i += crew_count)
		letter_free(&letters[i]);
}

void exchange_drain(struct uk_alloc *a)
{
	plan.a = a;
	crew_run(drain_job);
}

void exchange(struct uk_alloc *a, unsigned int rounds, bool interrupts_off)
{
	if (!boxes[0]) {
		for (size_t i = 0; i < BOXES; i++)
			boxes[i] = &letters[i];
		for (size_t i = 0; i < CPUS_MAX; i++)
			held[i] = &letters[BOXES + i];
	}
	if (plan.a && plan.a != a)	/* what is left is another one's */
		exchange_drain(plan.a);
	plan.a = a;
	plan.rounds = rounds;
	plan.interrupts_off = interrupts_off;
	crew_run(exchange_job);
}
