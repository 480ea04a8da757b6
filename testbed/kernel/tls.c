/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Thread local storage: the image of the linked program and, above the thread
 * pointer, the control block of musl, which musl itself fills in.
 */
#include <string.h>
#include <uk/arch/tls.h>
#include <uk/essentials.h>
#include <uk/plat/tls.h>

#include "cpu.h"

/* Room for musl's struct pthread, 200 bytes in 1.2.3. */
#define CONTROL_BLOCK_BYTES 256UL

extern const char _tls_start[], _etdata[], _tls_end[], _tls_align[];

/* musl's own, hidden in its archive: sets up the block of a thread. */
int __init_tp(void *control_block);

static __sz variables_bytes(void)
{
	return ALIGN_UP((__sz)(_tls_end - _tls_start), (__sz)_tls_align);
}

__sz ukarch_tls_area_align(void)
{
	return (__sz)_tls_align;
}

__sz ukarch_tls_area_size(void)
{
	return variables_bytes() + CONTROL_BLOCK_BYTES;
}

__uptr ukarch_tls_tlsp(void *tls_area)
{
	return (__uptr)tls_area + variables_bytes();
}

void *ukarch_tls_area_get(__uptr tlsp)
{
	return (void *)(tlsp - variables_bytes());
}

static int control_block_init(void *control_block)
{
	return __init_tp(control_block);
}

void ukarch_tls_area_init(void *tls_area)
{
	__uptr tlsp = ukarch_tls_tlsp(tls_area);
	char *variables = tls_area;
	__sz initialised = (__sz)(_etdata - _tls_start);

	memcpy(variables, _tls_start, initialised);
	memset(variables + initialised, 0,
	       ukarch_tls_area_size() - initialised);
	*(__uptr *)tlsp = tlsp;
	ukplat_tlsp_exec(tlsp, control_block_init, (void *)tlsp);
}

__uptr ukplat_tlsp_get(void)
{
	return cpu_read_msr(MSR_FS_BASE);
}

void ukplat_tlsp_set(__uptr tlsp)
{
	cpu_write_msr(MSR_FS_BASE, tlsp);
}

int ukplat_tlsp_exec(__uptr tlsp, int (*function)(void *), void *argument)
{
	__uptr before = ukplat_tlsp_get();
	int rc;

	ukplat_tlsp_set(tlsp);
	rc = function(argument);
	ukplat_tlsp_set(before);
	return rc;
}
