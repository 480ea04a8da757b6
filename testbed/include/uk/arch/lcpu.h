/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef __UKARCH_LCPU_H__
#define __UKARCH_LCPU_H__

/*
 * For the body of a loop that waits for another CPU. QEMU, which runs CPUs in
 * turn when it counts instructions, takes it for the end of a turn.
 */
static inline void ukarch_spinwait(void)
{
#ifdef __aarch64__
	__asm__ volatile("yield" : : : "memory");
#else
	__asm__ volatile("pause" : : : "memory");
#endif
}

#endif /* __UKARCH_LCPU_H__ */
