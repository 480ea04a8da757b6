/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The address space of mode vmem: a sorted list of areas, filled on demand.
 */
#include <errno.h>
#include <uk/assert.h>
#include <uk/vmem.h>

#include "layout.h"
#include "memory.h"

static struct uk_vas space;
static uint64_t fault_count;

struct uk_vas *uk_vas_get_active(void)
{
	return space.a ? &space : NULL;
}

int vmem_start(struct uk_alloc *a)
{
	space.a = a;
	space.pt = ukplat_pt_get_active();
	return 0;
}

uint64_t vmem_fault_count(void)
{
	return fault_count;
}

static struct uk_vma *area_find(uintptr_t address)
{
	struct uk_vma *area = space.areas;

	while (area && area->end <= address)
		area = area->next;
	return area && area->start <= address ? area : NULL;
}

/* Lowest address from which so many bytes are in no area. */
uintptr_t vmem_find_gap(uintptr_t from, size_t bytes)
{
	for (struct uk_vma *area = space.areas; area; area = area->next)
		if (area->end > from && area->start < from + bytes)
			from = area->end;
	return from;
}

/* A page whose frame is there already stays as it is. */
static int page_fill(uintptr_t page)
{
	uintptr_t frame = frame_take();

	if (!frame)
		return -ENOMEM;
	junk_fill_frame(frame);
	if (page_map(page, frame)) {
		frame_give(frame);
		return -ENOMEM;
	}
	return 0;
}

/* *known: the address lies in an area, so only frames can be missing. */
bool vmem_fault(uintptr_t address, bool *known)
{
	*known = area_find(address) != NULL;
	if (!*known)
		return false;
	fault_count++;
	return page_fill(ALIGN_DOWN(address, (uintptr_t)FRAME_BYTES)) == 0;
}

static void pages_give_back(uintptr_t start, uintptr_t end)
{
	for (uintptr_t page = start; page < end; page += FRAME_BYTES) {
		uintptr_t frame = page_unmap(page);

		if (frame)
			frame_give(frame);
	}
}

static int pages_populate(uintptr_t start, uintptr_t end)
{
	for (uintptr_t page = start; page < end; page += FRAME_BYTES) {
		uintptr_t frame = page_unmap(page);
		int rc = frame ? page_map(page, frame) : page_fill(page);

		if (rc)
			return rc;
	}
	return 0;
}

static void area_insert(struct uk_vma *area)
{
	struct uk_vma **at = &space.areas;

	while (*at && (*at)->start < area->start)
		at = &(*at)->next;
	area->next = *at;
	*at = area;
}

int uk_vma_map_anon(struct uk_vas *vas, __vaddr_t *vaddr, __sz len,
		    unsigned long attr, unsigned long flags, const char *name)
{
	struct uk_vma *area;

	if (!vas || !len || (*vaddr | len) % FRAME_BYTES)
		return -EINVAL;
	if (vmem_find_gap(*vaddr, len) != *vaddr)
		return -EEXIST;
	area = uk_malloc(vas->a, sizeof(*area));
	if (!area)
		return -ENOMEM;
	*area = (struct uk_vma){
		.start = *vaddr, .end = *vaddr + len, .vas = vas,
		.attr = attr, .flags = flags, .name = name
	};
	area_insert(area);
	if (flags & UK_VMA_MAP_POPULATE
	    && pages_populate(area->start, area->end)) {
		uk_vma_unmap(vas, area->start, len, 0);
		return -ENOMEM;
	}
	return 0;
}

int uk_vma_unmap(struct uk_vas *vas, __vaddr_t vaddr, __sz len,
		 unsigned long flags __unused)
{
	struct uk_vma **at = &vas->areas;
	struct uk_vma *area;

	while (*at && (*at)->start != vaddr)
		at = &(*at)->next;
	area = *at;
	if (!area || area->end - area->start != len)
		return -EINVAL;
	*at = area->next;
	pages_give_back(area->start, area->end);
	uk_free(vas->a, area);
	return 0;
}

int uk_vma_advise(struct uk_vas *vas, __vaddr_t vaddr, __sz len,
		  unsigned long advice, unsigned long flags __unused)
{
	struct uk_vma *area = area_find(vaddr);

	if (!vas || !area || (vaddr | len) % FRAME_BYTES
	    || len > area->end - vaddr)
		return -EINVAL;
	if (advice & UK_VMA_ADV_DONTNEED)
		pages_give_back(vaddr, vaddr + len);
	if (advice & UK_VMA_ADV_WILLNEED)
		return pages_populate(vaddr, vaddr + len);
	return 0;
}
