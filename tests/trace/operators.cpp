// SPDX-License-Identifier: BSD-3-Clause
//
// Every operator new and delete, between two blocks of a size of their own.
// What the trace should have is in record.sh. An argument: some that fail.

#include <cstdio>
#include <cstdlib>
#include <new>

#define MARK	987654
#define HUGE	((std::size_t)1 << 62)

namespace {

struct alignas(128) large {
	char bytes[300];
};

struct thrower {
	char bytes[77] = {};
	thrower() { throw 1; }
};

// Calls that a compiler may not leave out
void *volatile kept;

template <typename T> T *keep(T *block)
{
	kept = block;
	return static_cast<T *>(kept);
}

void plain()
{
	delete keep(new int);
	delete[] keep(new int[100]);
	delete keep(new large);
	delete[] keep(new large[3]);
	delete[] keep(new (std::nothrow) char[0]);
	delete keep(static_cast<int *>(nullptr));
}

void by_name()
{
	const std::align_val_t line{64}, page{4096};

	::operator delete(keep(::operator new(33, std::nothrow)),
			  std::nothrow);
	::operator delete(keep(::operator new(34, line)), line);
	::operator delete(keep(::operator new(35, page, std::nothrow)), page,
			  std::nothrow);
	::operator delete[](keep(::operator new[](55)), std::size_t(55));
	::operator delete[](keep(::operator new[](56, line)), 56, line);
}

void constructor_throws()
{
	try {
		keep(new thrower);
	} catch (int) {
		return;
	}
	std::abort();
}

void handler()
{
	static int calls;

	if (calls++)
		throw std::bad_alloc();
	std::puts("handler");
	std::free(std::malloc(111));
}

void fails()
{
	try {
		keep(::operator new(HUGE));
	} catch (const std::bad_alloc &) {
		std::puts("bad_alloc");
	}
	if (!keep(::operator new(HUGE, std::nothrow)))
		std::puts("nothrow");
	std::set_new_handler(handler);
	try {
		keep(::operator new(HUGE));
	} catch (const std::bad_alloc &) {
		std::puts("bad_alloc after the handler");
	}
}

} // namespace

int main(int argc, char **)
{
	std::free(keep(static_cast<char *>(std::malloc(MARK))));
	plain();
	by_name();
	kept = std::malloc(MARK);
	try {
		constructor_throws();
	} catch (...) {
		return 1;
	}
	if (argc > 1)
		fails();
	return 0;
}
