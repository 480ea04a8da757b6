/* SPDX-License-Identifier: BSD-3-Clause */
/* What a program in C may open: C++ with an exception, as memory runs out. */
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

static std::vector<std::string> *volatile kept;
static void *volatile kept_too;

/* Libraries are taken down after the program */
static struct freed_at_exit {
	void *p;
	~freed_at_exit() { std::free(p); }
} at_exit;

extern "C" __attribute__((noinline)) void plugin_frees()
{
	at_exit.p = std::malloc(333);
	__asm__ volatile("" : : : "memory");
}

extern "C" __attribute__((noinline)) void plugin_holds()
{
	kept = new std::vector<std::string>(100, std::string(500, 'x'));
	__asm__ volatile("" : : : "memory");
}

extern "C" __attribute__((visibility("default"))) int plugin_call()
{
	volatile std::size_t too_much = PTRDIFF_MAX;

	plugin_holds();
	plugin_frees();
	try {
		kept_too = operator new(too_much);
		return 1;
	} catch (const std::bad_alloc &) {
		return 0;
	}
}
