/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What happens amid a purge. Who includes this is linked with
 * -Wl,--wrap=port_purge.
 */
#ifndef TESTS_UNIT_IN_PURGE_H
#define TESTS_UNIT_IN_PURGE_H

#include "unit.h"

/* Called once, in the next purge */
static void (*in_purge)(void);

bool __real_port_purge(void *start, size_t bytes);
bool __wrap_port_purge(void *start, size_t bytes);

bool __wrap_port_purge(void *start, size_t bytes)
{
	void (*call)(void) = in_purge;

	if (call) {
		in_purge = NULL;
		call();
	}
	return __real_port_purge(start, bytes);
}

#endif /* TESTS_UNIT_IN_PURGE_H */
