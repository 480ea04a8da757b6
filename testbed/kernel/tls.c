/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Thread local storage: the image of the linked program and the control block
 * of musl, which musl itself fills in. arch_cpu.h says where both lie.
 */
#include <string.h>
#include <uk/arch/tls.h>
#include <uk/assert.h>
#include <uk/essentials.h>
#include <uk/plat/tls.h>

#include "arch.h"

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
	return tls_area_bytes(variables_bytes(), ukarch_tls_area_align());
}

__uptr ukarch_tls_tlsp(void *tls_area)
{
	return tls_pointer((__uptr)tls_area, variables_bytes());
}

void *ukarch_tls_area_get(__uptr tlsp)
{
	return (void *)tls_area(tlsp, variables_bytes());
}

static int control_block_init(void *control_block)
{
	__uptr tlsp = ukplat_tlsp_get();
	int rc = __init_tp(control_block);

	if (ukplat_tlsp_get() != tlsp)
		UK_CRASH("musl's block of a thread has another size\n");
	return rc;
}

void ukarch_tls_area_init(void *tls_area)
{
	__uptr tlsp = ukarch_tls_tlsp(tls_area);
	__uptr variables = tls_variables(tlsp, variables_bytes(),
					 ukarch_tls_area_align());

	memset(tls_area, 0, ukarch_tls_area_size());
	memcpy((void *)variables, _tls_start, (__sz)(_etdata - _tls_start));
	ukplat_tlsp_exec(tlsp, control_block_init,
			 (void *)tls_control_block(tlsp));
}

__uptr ukplat_tlsp_get(void)
{
	return cpu_thread_pointer();
}

void ukplat_tlsp_set(__uptr tlsp)
{
	cpu_set_thread_pointer(tlsp);
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
