/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef __UKPLAT_LCPU_H__
#define __UKPLAT_LCPU_H__

#define UKPLAT_LCPU_MAXCOUNT 1

void ukplat_lcpu_enable_irq(void);
void ukplat_lcpu_disable_irq(void);
unsigned long ukplat_lcpu_save_irqf(void);
void ukplat_lcpu_restore_irqf(unsigned long flags);
int ukplat_lcpu_irqs_disabled(void);

#endif /* __UKPLAT_LCPU_H__ */
