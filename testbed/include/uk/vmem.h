/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Virtual memory areas. The testbed has one address space, made in mode vmem
 * only, and anonymous areas only: 4 KiB pages, filled on demand with frames
 * whose old content shows.
 */
#ifndef __UK_VMEM_H__
#define __UK_VMEM_H__

#include <uk/config.h>
#include <uk/alloc.h>
#include <uk/plat/paging.h>

struct uk_vma;

struct uk_vas {
	struct uk_alloc *a;		/* areas are allocated from it */
	struct uk_pagetable *pt;
	struct uk_vma *areas;		/* by rising address */
	unsigned long flags;
};

struct uk_vma {
	__vaddr_t start;
	__vaddr_t end;
	struct uk_vas *vas;
	struct uk_vma *next;
	unsigned long attr;
	unsigned long flags;
	const char *name;
};

#define PAGE_ATTR_PROT_RW 0x3

#define UK_VMA_MAP_POPULATE 0x1
#define UK_VMA_MAP_UNINITIALIZED 0x2

#define UK_VMA_ADV_DONTNEED 0x01	/* give the frames back */
#define UK_VMA_ADV_WILLNEED 0x02	/* touch the pages now */

/* NULL when the heap is not demand paged. */
struct uk_vas *uk_vas_get_active(void);

/* Reserves [*vaddr, *vaddr + len). 0, or a negative errno. */
int uk_vma_map_anon(struct uk_vas *vas, __vaddr_t *vaddr, __sz len,
		    unsigned long attr, unsigned long flags, const char *name);

/* Removes the area that starts at vaddr and gives its frames back. */
int uk_vma_unmap(struct uk_vas *vas, __vaddr_t vaddr, __sz len,
		 unsigned long flags);

/*
 * Page aligned vaddr and len inside one area. 0, -EINVAL for a bad range,
 * -ENOMEM when WILLNEED finds no frame. O(pages).
 */
int uk_vma_advise(struct uk_vas *vas, __vaddr_t vaddr, __sz len,
		  unsigned long advice, unsigned long flags);

#endif /* __UK_VMEM_H__ */
