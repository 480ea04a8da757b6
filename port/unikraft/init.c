/* SPDX-License-Identifier: BSD-3-Clause */
#include "port_internal.h"

#include <uk/mimalloc.h>

#include "ground/error.h"

struct instance *default_instance_pointer;

const struct instance_config *config_now(void)
{
	params.config.purge_enabled = params.purge && purge_wanted();
	return &params.config;
}

struct uk_alloc *uk_mimalloc_init(void *base, __sz len)
{
	uintptr_t start = align_up((uintptr_t)base, 64), end;
	uintptr_t rest = start + INSTANCE_OFFSET + sizeof(struct instance);
	struct uk_alloc *a = (struct uk_alloc *)start;
	struct instance *instance;
	bool first = !default_instance_is_made();

	end = (uintptr_t)base + len;
	if (!base || end < (uintptr_t)base || rest < start || rest >= end)
		return NULL;
	if (!port_is_supported())
		return NULL;
	if (first)
		params_read();
	instance = instance_of(a);
	instance_init(instance, config_now());
	if (!arena_add_rest(instance, (void *)rest, end - rest, 0))
		return NULL;
	(void)heap_create(instance, NULL, false);	/* that is main_heap */
	if (first) {
		default_instance_pointer = instance;
		error_policy.abort = !params.ignore_errors;
	}
	table_init(a, first);
	return a;
}
