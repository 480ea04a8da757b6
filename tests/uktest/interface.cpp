// SPDX-License-Identifier: BSD-3-Clause
// C++ on the mi_* functions of the Unikraft port: operators, their failure,
// containers.
#include <list>
#include <new>
#include <vector>

#include <mimalloc.h>

extern "C" unsigned int wrong_in_cxx(void);

namespace {

unsigned int handled;

void handler()
{
	if (++handled == 3)
		std::set_new_handler(nullptr);
}

// As often as the handler asks for it, and then the exception
unsigned int wrong_failures()
{
	volatile std::size_t too_much = std::size_t(1) << 40;
	unsigned int wrong = 2;

	std::set_new_handler(handler);
	try {
		mi_free(mi_new(too_much));
	} catch (const std::bad_alloc &) {
		wrong--;
	}
	try {
		mi_free(mi_new_n(too_much, too_much));
	} catch (const std::bad_alloc &) {
		wrong--;
	}
	return wrong + (handled != 3) +
	       (mi_new_nothrow(too_much) != nullptr);
}

unsigned int wrong_containers()
{
	std::vector<int, mi_stl_allocator<int>> numbers;
	std::list<long, mi_heap_destroy_stl_allocator<long>> longs;
	unsigned int wrong = 0;

	for (int i = 0; i < 20000; i++) {
		numbers.push_back(i);
		longs.push_front(i);
	}
	wrong += !mi_check_owned(numbers.data());
	wrong += numbers[19999] != 19999 || longs.front() != 19999;
	return wrong;
}

} // namespace

unsigned int wrong_in_cxx(void)
{
	struct alignas(256) wide {
		char bytes[256];
	};
	void *p = mi_new_aligned(sizeof(wide), alignof(wide));
	unsigned int wrong = reinterpret_cast<std::size_t>(p) % 256 != 0;

	mi_free(p);
	return wrong + wrong_failures() + wrong_containers();
}
