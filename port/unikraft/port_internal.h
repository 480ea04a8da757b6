/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the port share.
 *
 *	base                                                       base + len
 *	| struct uk_alloc | struct instance | arena: all the rest ...       |
 */
#ifndef MI_PORT_INTERNAL_H
#define MI_PORT_INTERNAL_H

#include "compat.h"

#include <uk/alloc_impl.h>

#include "blocks/blocks.h"

/* So that a heap's address is that of the allocator and a constant */
#define INSTANCE_OFFSET	\
	((sizeof(struct uk_alloc) + 63) & ~(size_t)63)

static ALWAYS_INLINE struct instance *instance_of(struct uk_alloc *a)
{
	return (struct instance *)((char *)a + INSTANCE_OFFSET);
}

static ALWAYS_INLINE struct heap *main_heap_of(struct uk_alloc *a)
{
	return &instance_of(a)->main_heap;
}

/* init.c: whether uk_mimalloc_init() has made one */
static inline bool default_instance_is_made(void)
{
	return default_instance_pointer && default_instance_pointer->arenas;
}

/* init.c: what an instance is told now, and again once paging has begun */
const struct instance_config *config_now(void);

/* table.c: fills the allocator's table and registers it */
void table_init(struct uk_alloc *a, bool thread_heaps);

/* pages.c: the part of the table that deals in pages and figures */
void *table_palloc(struct uk_alloc *a, unsigned long pages);
void table_pfree(struct uk_alloc *a, void *p, unsigned long pages);
__ssz table_maxalloc(struct uk_alloc *a);
__ssz table_availmem(struct uk_alloc *a);
long table_pmaxalloc(struct uk_alloc *a);
long table_pavailmem(struct uk_alloc *a);
int table_addmem(struct uk_alloc *a, void *base, __sz len);

/* Whether uk_mimalloc_init() has made it, and no other library */
static inline bool allocator_is_ours(const struct uk_alloc *a)
{
	return a->availmem == table_availmem;
}

/* system.c: whether memory that is given back is of use to anybody */
bool purge_wanted(void);

/* param.c: the parameters, as read by the first uk_mimalloc_init() */
struct params {
	struct instance_config config;	/* see config_now() */
	bool purge;		/* memory is given back, where it is of use */
	bool ignore_errors;
	bool show_stats;
#if MI_CLASS_STATS
	bool stats_json;
#endif
};

extern HIDDEN struct params params;

/* In an image without it nothing of JSON is linked that nobody calls */
static inline bool params_want_json(void)
{
#if MI_CLASS_STATS
	return params.stats_json;
#else
	return false;
#endif
}

void params_read(void);

/* turns.c */
/* The owner of what was made before the scheduler started; no thread */
#define BOOT_OWNER		((uintptr_t)1)
static inline struct uk_thread *thread_of_owner(uintptr_t owner)
{
	return owner == BOOT_OWNER ? NULL : (struct uk_thread *)owner;
}
/* Stands for no thread, and not for that of early boot, which is NULL */
#define NOBODY			((struct uk_thread *)2)
/* Called when a thread ends, once one has used the mi_* functions */
extern HIDDEN void (*thread_ends)(uintptr_t owner);
#if MI_THREADS
/* heap_is_at_hand() says no: the caller's heap, or empty_heap. Or cpus.c */
NOINLINE struct heap *heap_switch(void);
#endif
/* Whether this machine can do what the port needs; else it is told */
bool port_is_supported(void);

#endif /* MI_PORT_INTERNAL_H */
