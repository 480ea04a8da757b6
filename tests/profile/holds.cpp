/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds what it says. Prints what a profile with a rate of 1 has to tell of
 * each function here, a line "FUNCTION TYPE VALUE" for each figure.
 */
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <malloc.h>
#include <new>
#include <pthread.h>

#define HOLDER	extern "C" __attribute__((noinline, noclone)) void

static void *volatile kept[4096];
static unsigned int keeps;

static void keep(void *p)
{
	if (!p)
		std::abort();
	kept[keeps++] = p;
}

static void expect(const char *name, const char *kind, unsigned long n,
		   unsigned long bytes)
{
	std::printf("%s %s_objects %lu\n%s %s_space %lu\n", name, kind, n,
		    name, kind, bytes);
}

static void expect_all(const char *name, unsigned long n, unsigned long bytes)
{
	expect(name, "alloc", n, bytes);
	expect(name, "inuse", n, bytes);
}

HOLDER by_malloc(void)
{
	for (int i = 0; i < 100; i++)
		keep(std::malloc(100));
	keep(std::malloc(0));
	expect_all(__func__, 101, 10000);
}

HOLDER by_calloc(void)
{
	for (int i = 0; i < 50; i++)
		keep(std::calloc(10, 30));
	expect_all(__func__, 50, 15000);
}

HOLDER by_alignment(void)
{
	void *p = nullptr;

	keep(aligned_alloc(64, 128));
	keep(memalign(4096, 1000));
	keep(valloc(500));
	keep(pvalloc(4096));
	if (!posix_memalign(&p, 256, 300))
		keep(p);
	if (posix_memalign(&p, 3, 300) != EINVAL)
		std::abort();
	expect_all(__func__, 5, 128 + 1000 + 500 + 4096 + 300);
}

HOLDER by_new(void)
{
	struct alignas(64) aligned { char bytes[192]; };

	keep(new int);
	keep(new char[77]);
	keep(new (std::nothrow) char[23]);
	keep(new aligned);
	expect_all(__func__, 4, sizeof(int) + 77 + 23 + 192);
}

HOLDER by_deleted(void)
{
	struct alignas(64) aligned { char bytes[192] = {}; };

	for (int i = 0; i < 10; i++) {
		int *volatile number = new int();
		char *volatile text = new char[70]();
		aligned *volatile wide = new aligned;

		delete number;
		delete[] text;
		delete wide;
	}
	expect("by_deleted", "alloc", 30, 10 * (4 + 70 + 192));
	expect("by_deleted", "inuse", 0, 0);
}

/* As if each were a free and a malloc; a failure changes nothing */
HOLDER by_realloc(void)
{
	volatile size_t too_much = PTRDIFF_MAX;
	void *first = std::realloc(nullptr, 10);
	void *second = std::realloc(first, 100000);
	void *third = reallocarray(second, 50, 100);

	keep(third);
	if (std::realloc(kept[keeps - 1], too_much) || errno != ENOMEM)
		std::abort();
	expect(__func__, "alloc", 3, 10 + 100000 + 5000);
	expect(__func__, "inuse", 1, 5000);
}

/* The peak of all is here: what others held until then was live, too */
HOLDER at_the_peak(void)
{
	static void *volatile big[8];

	for (int i = 0; i < 8; i++)
		big[i] = std::malloc(1 << 20);
	for (int i = 0; i < 8; i++)
		std::free(big[i]);
	expect(__func__, "alloc", 8, 8 << 20);
	expect(__func__, "peak", 8, 8 << 20);
	expect(__func__, "inuse", 0, 0);
	expect("by_malloc", "peak", 101, 10000);
	expect("by_realloc", "peak", 1, 5000);
}

HOLDER after_the_peak(void)
{
	for (int i = 0; i < 1000; i++)
		keep(std::malloc(7));
	expect_all(__func__, 1000, 7000);
	expect(__func__, "peak", 0, 0);
}

HOLDER by_thread(void)
{
	for (int i = 0; i < 20; i++)
		keep(std::malloc(48));
}

HOLDER freed_by_another(void)
{
	for (int i = 0; i < 1000; i++)
		keep(std::malloc(16));
}

static void *in_thread(void *)
{
	by_thread();
	freed_by_another();
	return nullptr;
}

static void with_thread(void)
{
	unsigned int before = keeps + 20;
	pthread_t thread;

	if (pthread_create(&thread, nullptr, in_thread, nullptr))
		std::abort();
	pthread_join(thread, nullptr);
	for (unsigned int i = before; i < keeps; i++)
		std::free(kept[i]);
	expect_all("by_thread", 20, 960);
	expect("freed_by_another", "alloc", 1000, 16000);
	expect("freed_by_another", "inuse", 0, 0);
}

/* What destructors free is not held at exit */
struct freed_at_exit {
	void *p;
	~freed_at_exit() { std::free(p); }
} static at_exit;

HOLDER by_static_object(void)
{
	at_exit.p = std::malloc(5555);
	expect(__func__, "alloc", 1, 5555);
	expect(__func__, "inuse", 0, 0);
}

int main()
{
	static char buffer[4096];

	std::setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	by_malloc();
	by_calloc();
	by_alignment();
	by_new();
	by_deleted();
	by_realloc();
	by_static_object();
	at_the_peak();
	after_the_peak();
	with_thread();
	return 0;
}
