/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Demand paging, played on Linux. A range without access stands for the heap: a
 * fault takes a frame off a counter, advice gives it back, and a fault without
 * a frame is the end, as in Unikraft. A frame comes back with what it held
 * last.
 */
/* On arm64 <signal.h> brings the kernel's own types of these names */
#define __s64	host_s64
#define __u64	host_u64
#include <signal.h>
#undef __s64
#undef __u64
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <uk/mimalloc.h>

#include "paging.h"

static char *area;		/* NULL: all memory is there */
static bool backed[UNITS_MAX];
struct uk_falloc frames;
static struct uk_pagetable table = { .fa = &frames };
static struct uk_vas vas;
struct uk_alloc *pool;

struct uk_vas *uk_vas_get_active(void)
{
	return area ? &vas : NULL;
}

struct uk_pagetable *ukplat_pt_get_active(void)
{
	return &table;
}

int uk_vma_advise(struct uk_vas *vas __unused, __vaddr_t vaddr, __sz len,
		  unsigned long advice __unused, unsigned long flags __unused)
{
	size_t first = (vaddr - (uintptr_t)area) / PAGE_BYTES, i;

	for (i = first; i < first + len / PAGE_BYTES; i++) {
		frames.free_memory += backed[i] ? PAGE_BYTES : 0;
		backed[i] = false;
	}
	return mprotect((void *)vaddr, len, PROT_NONE);
}

static void fault(int number, siginfo_t *info, void *context __unused)
{
	static const char no_frame[] = "no frame is left for a fault\n";
	size_t at = (uintptr_t)info->si_addr - (uintptr_t)area;
	size_t unit = at / PAGE_BYTES;

	if (!area || unit >= UNITS_MAX || backed[unit]) {
		signal(number, SIG_DFL);	/* an ordinary wild access */
		return;
	}
	if (frames.free_memory < PAGE_BYTES) {
		(void)!write(STDOUT_FILENO, no_frame, sizeof(no_frame) - 1);
		_exit(1);
	}
	frames.free_memory -= PAGE_BYTES;
	backed[unit] = true;
	mprotect(area + unit * PAGE_BYTES, PAGE_BYTES, PROT_READ | PROT_WRITE);
}

void paging_start(size_t units, size_t frame_count)
{
	const struct sigaction action = {
		.sa_sigaction = fault, .sa_flags = SA_SIGINFO,
	};

	sigaction(SIGSEGV, &action, NULL);
	area = mmap(NULL, UNITS_MAX * PAGE_BYTES, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(backed, 0, sizeof(backed));
	frames.total_memory = RESERVE_BYTES + frame_count * PAGE_BYTES;
	frames.free_memory = frames.total_memory;
	pool = uk_mimalloc_init(area, units * PAGE_BYTES);
}

/* The pool was registered last */
void paging_end(void)
{
	struct uk_alloc **link = &_uk_alloc_head;

	while (*link != pool)
		link = &(*link)->next;
	*link = NULL;
	munmap(area, UNITS_MAX * PAGE_BYTES);
	area = NULL;
	signal(SIGSEGV, SIG_DFL);
}
