/* SPDX-License-Identifier: BSD-3-Clause */
/* The scheduler is cooperative: nothing is ever preempted. */
#ifndef __UK_PREEMPT_H__
#define __UK_PREEMPT_H__

static inline void uk_preempt_disable(void)
{
}

static inline void uk_preempt_enable(void)
{
}

#endif /* __UK_PREEMPT_H__ */
