/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef __UKPLAT_TLS_H__
#define __UKPLAT_TLS_H__

#include <uk/arch/types.h>

/* The thread pointer; 0 before the first ukplat_tlsp_set(). */
__uptr ukplat_tlsp_get(void);
void ukplat_tlsp_set(__uptr tlsp);

/* Calls function(argument) with another thread pointer. */
int ukplat_tlsp_exec(__uptr tlsp, int (*function)(void *), void *argument);

#endif /* __UKPLAT_TLS_H__ */
