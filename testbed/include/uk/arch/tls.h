/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Thread local storage. An area holds the variables and the control block of
 * the C library, in the order that the architecture wants.
 */
#ifndef __UKARCH_TLS_H__
#define __UKARCH_TLS_H__

#include <uk/arch/types.h>

__sz ukarch_tls_area_align(void);
__sz ukarch_tls_area_size(void);
__uptr ukarch_tls_tlsp(void *tls_area);
void *ukarch_tls_area_get(__uptr tlsp);
void ukarch_tls_area_init(void *tls_area);

#endif /* __UKARCH_TLS_H__ */
