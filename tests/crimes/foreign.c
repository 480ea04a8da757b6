/* SPDX-License-Identifier: BSD-3-Clause */
/* Pointers to what no allocator gave. */
#include "crime.h"

static char fixed[4096];

/* A pointer to the stack is freed. */
CRIME(foreign_stack)
{
	char local[256] = { 0 };

	mi_free(mi_malloc(100));
	mi_free(accuse(local + 64));
	return survive();
}

/* A pointer to static memory is freed. */
CRIME(foreign_static)
{
	mi_free(mi_malloc(100));
	mi_free(accuse(fixed + 64));
	return survive();
}

/* A pointer to a function is freed. */
CRIME(foreign_code)
{
	mi_free(mi_malloc(100));
	mi_free(accuse((void *)(uintptr_t)mi_version));
	return survive();
}

/* A pointer to memory from the system is freed. */
CRIME(foreign_mapped)
{
	char *p;

	mi_free(mi_malloc(100));
	p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mi_free(accuse(p + 4096));
	return survive();
}

/* A pointer to an address with nothing is freed. */
CRIME(foreign_unmapped)
{
	char *p;

	mi_free(mi_malloc(100));
	p = mmap(NULL, 1 << 20, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(p, 1 << 20);
	mi_free(accuse(p + 4096));
	return survive();
}

/* A pointer into the page of NULL is freed. */
CRIME(foreign_low)
{
	mi_free(mi_malloc(100));
	mi_free(accuse((void *)(uintptr_t)0x10));
	return survive();
}

/* A pointer to the last word of all is freed. */
CRIME(foreign_high)
{
	mi_free(mi_malloc(100));
	mi_free(accuse((void *)~(uintptr_t)15));
	return survive();
}

/* A pointer that no address can be is freed. */
CRIME(foreign_non_canonical)
{
	mi_free(mi_malloc(100));
	mi_free(accuse((void *)((uintptr_t)0xdeadbeef << 32 | 0xbeef0)));
	return survive();
}

/* A foreign pointer goes to the frees that take a size. */
CRIME(foreign_sized)
{
	accuse(fixed + 64);
	mi_free_size(launder(fixed + 64), 100);
	mi_free_size_aligned(launder(fixed + 64), 100, 16);
	mi_free_aligned(launder(fixed + 64), 16);
	return survive();
}

/*
 * The end of a page's last block is freed, where a fifth block would begin. To
 * the account that weighs as much as the first and the fourth together, which
 * are all that is handed out.
 */
CRIME(foreign_fifth)
{
	const size_t n = 960;
	char *blocks[4];
	size_t i;

	for (i = 0; i < 4; i++)
		blocks[i] = mi_malloc(n);
	demand(blocks[3] == blocks[0] + 3 * n, "another block");
	mi_free(blocks[1]);
	mi_free(blocks[2]);
	mi_free(accuse(blocks[3] + n));
	mi_free(blocks[0]);
	mi_free(blocks[3]);
	return survive();
}

/* A pointer to static memory is reallocated. */
CRIME(realloc_foreign)
{
	demand(mi_realloc(accuse(fixed + 64), 1000) == NULL, "a new block");
	return survive();
}

/* A foreign pointer goes to mi_reallocf(). */
CRIME(reallocf_foreign)
{
	demand(mi_reallocf(accuse(fixed + 64), 1000) == NULL, "a new block");
	return survive();
}

/* The usable size of a foreign pointer is asked. */
CRIME(usable_size_foreign)
{
	demand(mi_usable_size(accuse(fixed + 64)) == 0, "a size");
	return survive();
}

/* A pointer to static memory is to be expanded. */
CRIME(expand_foreign)
{
	demand(mi_expand(accuse(fixed + 64), 10) == NULL, "a block");
	return survive();
}
