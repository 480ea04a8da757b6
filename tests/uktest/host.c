/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Unikraft's unit tests of the allocator, run on Linux: the port for Unikraft
 * on what little it asks of Unikraft, and a runner that prints TAP.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <uk/alloc_impl.h>
#include <uk/console.h>
#include <uk/ctors.h>
#include <uk/mimalloc.h>
#include <uk/plat/time.h>
#include <uk/plat/tls.h>
#include <uk/test.h>

#include "host.h"

#define HEAP_BYTES ((size_t)8 << 20)

static char heap[HEAP_BYTES] __align(4096);

/* ---- ukalloc ---- */

struct uk_alloc *_uk_alloc_head;

int uk_alloc_register(struct uk_alloc *a)
{
	struct uk_alloc **link = &_uk_alloc_head;

	while (*link)
		link = &(*link)->next;
	a->next = NULL;
	*link = a;
	return 0;
}

/* What uk_alloc_init_malloc() sets, and the port replaces */
void *uk_palloc_compat(struct uk_alloc *a __unused,
		       unsigned long num_pages __unused)
{
	abort();
}

void uk_pfree_compat(struct uk_alloc *a __unused, void *ptr __unused,
		     unsigned long num_pages __unused)
{
	abort();
}

long uk_alloc_pavailmem_compat(struct uk_alloc *a __unused)
{
	abort();
}

long uk_alloc_pmaxalloc_compat(struct uk_alloc *a __unused)
{
	abort();
}

#if CONFIG_LIBUKALLOC_IFSTATS

void _uk_alloc_stats_count_alloc(struct uk_alloc_stats *stats, void *ptr,
				 __sz size)
{
	if (!ptr) {
		stats->nb_enomem++;
		return;
	}
	stats->tot_nb_allocs++;
	stats->cur_nb_allocs++;
	stats->cur_mem_use += (__ssz)size;
	stats->last_alloc_size = size;
	stats->max_nb_allocs = MAX(stats->max_nb_allocs, stats->cur_nb_allocs);
	stats->max_mem_use = MAX(stats->max_mem_use, stats->cur_mem_use);
	stats->max_alloc_size = MAX(stats->max_alloc_size, size);
	if (stats->tot_nb_allocs == 1 || size < stats->min_alloc_size)
		stats->min_alloc_size = size;
}

void _uk_alloc_stats_count_free(struct uk_alloc_stats *stats, void *ptr,
				__sz size)
{
	if (!ptr)
		return;
	stats->tot_nb_frees++;
	stats->cur_nb_allocs--;
	stats->cur_mem_use -= (__ssz)size;
}

void uk_alloc_stats_get(struct uk_alloc *a, struct uk_alloc_stats *dst)
{
	*dst = a->_stats;
}

#endif /* CONFIG_LIBUKALLOC_IFSTATS */

/* ---- the platform ---- */

__uptr ukplat_tlsp_get(void)
{
	return (__uptr)&errno;		/* there is always some */
}

void ukplat_terminate(enum ukplat_gstate request __unused)
{
	fflush(stdout);
	abort();
}

__nsec ukplat_monotonic_clock(void)
{
	static __nsec now;

	return now += 1000000;
}

__ssz uk_console_out(const char *bytes, __sz length)
{
	return (__ssz)fwrite(bytes, 1, length, stdout);
}

void _uk_printk(int level __unused, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
}

/* ---- uktest ---- */

extern struct uk_testcase uk_testtab_start[], uk_testtab_end[];

static unsigned int cases, cases_run, failed;

void uk_test_check(struct uk_testcase *esac, int line, int passed,
		   const char *format, ...)
{
	va_list arguments;

	esac->checks++;
	if (passed)
		return;
	esac->failures++;
	printf("# %s:%d: ", esac->file, line);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
}

/* No TAP, so the runner takes it for why the next point is skipped */
void uk_test_printf(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
}

static void case_run(struct uk_testcase *esac)
{
	esac->func(esac);
	cases_run++;
	printf("%s %u - %s.%s%s\n", esac->failures ? "not ok" : "ok",
	       cases_run, esac->suite, esac->name,
	       esac->checks ? "" : " # SKIP");
	fflush(stdout);
	failed += esac->failures != 0;
}

static void suite_run(struct uk_testsuite *suite)
{
	struct uk_testcase *esac;

	if (suite->init && suite->init(suite)) {
		printf("Bail out! suite %s does not start\n", suite->name);
		exit(1);
	}
	for (esac = uk_testtab_start; esac < uk_testtab_end; esac++)
		if (esac->func && !strcmp(esac->suite, suite->name))
			case_run(esac);
}

/* A case of a suite that is not registered is in the plan, and is missed */
int uk_test_run_all(void)
{
	struct uk_testcase *esac;

	for (esac = uk_testtab_start; esac < uk_testtab_end; esac++)
		cases += esac->func != NULL;
	printf("1..%u\n", cases);
	for (esac = uk_testtab_start; esac < uk_testtab_end; esac++)
		if (esac->registered)
			suite_run(esac->registered);
	return failed || cases_run != cases;
}

extern const uk_ctor_func_t uk_ctortab_start[], uk_ctortab_end[];

int main(void)
{
	const uk_ctor_func_t *constructor = uk_ctortab_start;

	for (; constructor < uk_ctortab_end; constructor++)
		(*constructor)();
	if (!uk_mimalloc_init(heap, sizeof(heap))) {
		printf("Bail out! no heap\n");
		return 1;
	}
	threads_start();
	if (wrong_in_cxx()) {
		printf("Bail out! the mi_* functions in C++\n");
		return 1;
	}
	return uk_test_run_all();
}
