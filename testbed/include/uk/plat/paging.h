/* SPDX-License-Identifier: BSD-3-Clause */
/* The part of the paging interface that an allocator may read. */
#ifndef __UKPLAT_PAGING_H__
#define __UKPLAT_PAGING_H__

#include <uk/arch/types.h>
#include <uk/arch/limits.h>
#include <uk/falloc.h>

#ifndef PAGE_SHIFT
#define PAGE_SHIFT __PAGE_SHIFT
#define PAGE_SIZE __PAGE_SIZE
#define PAGE_MASK __PAGE_MASK
#endif

struct uk_pagetable {
	__vaddr_t pt_vbase;
	__paddr_t pt_pbase;
	struct uk_falloc *fa;
};

/* NULL in mode static, which has no frames to map. */
struct uk_pagetable *ukplat_pt_get_active(void);

#endif /* __UKPLAT_PAGING_H__ */
