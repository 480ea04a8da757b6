/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The machine's CPUs: how many there are, which one this is, how the others
 * start. A thread stays on the CPU of its scheduler, and is woken there.
 *
 * What several CPUs reach:
 *
 *   console    written under a lock; read on the first CPU, see console.c
 *   heap       the allocator under test has locks, and others are refused
 *   ranges, frames, page tables    change at boot, where one CPU runs; in mode
 *              vmem always, which is refused
 *   list of allocators    one CPU at a time makes them, as in Unikraft
 *   end        whoever is first ends the run for all
 *   system calls    keep nothing, but that each unknown one is named once: two
 *              CPUs may name it twice
 */
#include <errno.h>
#include <string.h>
#include <uk/arch/lcpu.h>
#include <uk/assert.h>

#include "arch.h"
#include "lcpu.h"
#include "options.h"

#ifdef CONFIG_HAVE_SMP

#define START_TURNS 100000000		/* of the CPU that waits for another */

struct lcpu lcpus[CONFIG_UKPLAT_LCPU_MAXCOUNT];
static __u32 count = 1;

__lcpuidx ukplat_lcpu_idx(void)
{
	return lcpu_arch_idx();
}

__lcpuid ukplat_lcpu_id(void)
{
	return lcpus[ukplat_lcpu_idx()].id;
}

__u32 ukplat_lcpu_count(void)
{
	return count;
}

/* QEMU gives its CPUs the identities 0, 1, 2 ... */
void lcpu_init(void)
{
	for (__lcpuidx idx = 0; idx < CONFIG_UKPLAT_LCPU_MAXCOUNT; idx++) {
		lcpus[idx].idx = idx;
		lcpus[idx].id = idx;
	}
	lcpus[0].state = LCPU_ONLINE;
	lcpu_arch_init(&lcpus[0]);
}

void lcpu_check(void)
{
	unsigned int found = lcpu_arch_count();

	count = MIN(found, (unsigned int)ARRAY_SIZE(lcpus));
	uk_pr_info("CPUs: %u of %u\n", count, found);
	if (count == 1)
		return;
	if (options.mode == HEAP_VMEM)
		UK_CRASH("mode=vmem is for one CPU: address spaces have no "
			 "lock\n");
	if (strcmp(options.alloc, "mimalloc"))
		UK_CRASH("alloc=%s is for one CPU: it has no lock\n",
			 options.alloc);
}

void lcpu_main(struct lcpu *cpu)
{
	lcpu_arch_init(cpu);
	traps_init();
	interrupts_init();
	clock_turns_begin();
	__atomic_store_n(&cpu->state, LCPU_ONLINE, __ATOMIC_RELEASE);
	if (cpu->entry)
		cpu->entry();
	ukplat_lcpu_halt();
}

static int lcpu_start(struct lcpu *cpu, void *sp, ukplat_lcpu_entry_t entry)
{
	unsigned int left = START_TURNS;
	uint32_t state = LCPU_OFFLINE;
	int rc;

	/* Where several start the same CPU, only the first does so. */
	if (!__atomic_compare_exchange_n(&cpu->state, &state, LCPU_STARTING,
					 false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return 0;
	cpu->sp = sp;
	cpu->entry = entry;
	rc = lcpu_arch_start(cpu);
	while (!rc && __atomic_load_n(&cpu->state, __ATOMIC_ACQUIRE)
	       != LCPU_ONLINE) {
		if (!left--)
			rc = -ETIMEDOUT;
		ukarch_spinwait();
	}
	return rc;
}

int ukplat_lcpu_start(const __lcpuidx lcpuidx[], unsigned int *num, void *sp[],
		      const ukplat_lcpu_entry_t entry[],
		      unsigned long flags __unused)
{
	unsigned int wanted = lcpuidx ? *num : count;
	unsigned int at = 0;		/* in sp and entry */
	int rc = 0;

	for (unsigned int i = 0; i < wanted && !rc; i++) {
		__lcpuidx idx = lcpuidx ? lcpuidx[i] : i;

		if (num)
			*num = i;
		if (idx >= count)
			return -EINVAL;
		if (idx == ukplat_lcpu_idx()) {
			at += lcpuidx != NULL;
			continue;
		}
		rc = lcpu_start(&lcpus[idx], sp[at], entry ? entry[at] : NULL);
		at++;
	}
	if (num && !rc)
		*num = wanted;
	return rc;
}

#else /* !CONFIG_HAVE_SMP */

void lcpu_init(void)
{
}

void lcpu_check(void)
{
	unsigned int found = lcpu_arch_count();

	if (found > 1)
		UK_CRASH("the machine has %u CPUs, and this image is for one: "
			 "CONFIG_HAVE_SMP is not set\n", found);
}

#endif /* !CONFIG_HAVE_SMP */
