/* SPDX-License-Identifier: BSD-3-Clause */
/* The replaceable operators new and delete, all of them that a standard has. */
#include <mimalloc-new-delete.h>

#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "tap.hpp"

/* Hide from the compiler that new and delete belong together. */
static void *hidden(void *p)
{
	void *volatile q = p;

	return q;
}

static bool is_ours(void *p, std::size_t n)
{
	return p != 0 && mi_is_in_heap_region(p) && mi_usable_size(p) >= n &&
	       std::memset(hidden(p), 0x77, n) == p;
}

static void plain()
{
	for (std::size_t n = 0; n < 5000; n += 7) {
		void *p = hidden(::operator new(n));
		void *q = hidden(::operator new[](n));
		void *zero = hidden(::operator new(0));

		CHECK(is_ours(p, n) && is_ours(q, n));
		CHECK(p != q && zero != p && zero != q && zero != 0);
		::operator delete(p);
		::operator delete[](q);
		::operator delete(zero);
	}
	::operator delete(hidden(0));
	::operator delete[](hidden(0));
}

static void nothrow()
{
	for (std::size_t n = 0; n < 5000; n += 7) {
		void *p = hidden(::operator new(n, std::nothrow));
		void *q = hidden(::operator new[](n, std::nothrow));

		CHECK(is_ours(p, n) && is_ours(q, n));
		::operator delete(p, std::nothrow);
		::operator delete[](q, std::nothrow);
	}
}

struct counted {
	static int live;
	char bytes[100];
	counted() : bytes() { live++; }
	~counted() { live--; }
};

int counted::live;

static void objects()
{
	counted *one = new counted;
	counted *many = new counted[1000];

	CHECK(is_ours(one, sizeof(*one)));
	CHECK(mi_is_in_heap_region(many));
	CHECK(counted::live == 1001);
	delete one;
	delete[] many;
	CHECK(counted::live == 0);
}

/* The library's own strings and vectors come from the operators too. */
static void standard_library()
{
	std::vector<std::string> v;

	for (int i = 0; i < 1000; i++)
		v.push_back(std::string(static_cast<std::size_t>(i), 'x'));
	CHECK(mi_is_in_heap_region(&v[0]));
	CHECK(mi_is_in_heap_region(v[999].data()));
	CHECK(v[999].size() == 999);
}

static volatile std::size_t impossible = static_cast<std::size_t>(-1) / 2;

static bool throws()
{
	try {
		::operator delete(hidden(::operator new(impossible)));
	} catch (const std::bad_alloc &) {
		return true;
	}
	return false;
}

static bool throws_for_array()
{
	try {
		::operator delete[](hidden(::operator new[](impossible)));
	} catch (const std::bad_alloc &) {
		return true;
	}
	return false;
}

static void failure_without_handler()
{
	CHECK(throws());
	CHECK(throws_for_array());
	CHECK(::operator new(impossible, std::nothrow) == 0);
	CHECK(::operator new[](impossible, std::nothrow) == 0);
}

static int handler_calls;

/* Twice it hopes for the best; the third time it gives up. */
static void handler()
{
	if (++handler_calls == 3)
		throw std::bad_alloc();
}

/* As the standard allows, it takes itself away. */
static void handler_that_leaves()
{
	handler_calls++;
	std::set_new_handler(0);
}

static void failure_with_handler()
{
	std::new_handler old = std::set_new_handler(handler);

	handler_calls = 0;
	CHECK(throws());
	CHECK(handler_calls == 3);
	handler_calls = 0;
	CHECK(throws_for_array());
	CHECK(handler_calls == 3);
	std::set_new_handler(handler_that_leaves);
	handler_calls = 0;
	CHECK(throws());
	CHECK(handler_calls == 1);
	std::set_new_handler(old);
}

/* The mi_new family by itself: the handler is called until it throws. */
static void mi_new_with_handler()
{
	std::new_handler old = std::set_new_handler(handler);
	bool caught = false;

	handler_calls = 0;
	try {
		mi_free(mi_new(impossible));
	} catch (const std::bad_alloc &) {
		caught = true;
	}
	CHECK(caught && handler_calls == 3);
	caught = false;
	handler_calls = 0;
	try {
		mi_free(mi_new_n(impossible / 16, 16));
	} catch (const std::bad_alloc &) {
		caught = true;
	}
	CHECK(caught && handler_calls == 3);
	caught = false;
	handler_calls = 0;
	try {
		mi_free(mi_new_aligned(impossible, 64));
	} catch (const std::bad_alloc &) {
		caught = true;
	}
	CHECK(caught && handler_calls == 3);
	handler_calls = 0;
	CHECK(mi_new_nothrow(impossible) == 0);
	CHECK(mi_new_aligned_nothrow(impossible, 64) == 0);
	CHECK(handler_calls == 0);
	std::set_new_handler(old);
}

static mi_heap_t *default_of_caller;

static void handler_that_ends_the_heap()
{
	mi_heap_destroy(default_of_caller);
	mi_option_disable(mi_option_disallow_os_alloc);
	std::set_new_handler(0);
}

/* Where the handler ends the default heap, mi_new() goes on with another one */
static void mi_new_after_its_heap()
{
	std::new_handler old = std::set_new_handler(handler_that_ends_the_heap);
	mi_heap_t *before = mi_heap_get_default();
	void *p;

	default_of_caller = mi_heap_new();
	CHECK(default_of_caller != 0);
	mi_heap_set_default(default_of_caller);
	mi_option_enable(mi_option_disallow_os_alloc);
	p = mi_new(100000);
	CHECK(is_ours(p, 100000));
	CHECK(mi_heap_get_default() == before);
	CHECK(mi_heap_contains_block(before, p));
	mi_free(p);
	std::set_new_handler(old);
}

static void mi_new_family()
{
	void *p = mi_new(100);

	CHECK(is_ours(p, 100));
	p = mi_new_realloc(p, 10000);
	CHECK(is_ours(p, 10000));
	p = mi_new_reallocn(p, 100, 1000);
	CHECK(is_ours(p, 100000));
	mi_free(p);
	p = mi_new_n(10, 10);
	CHECK(is_ours(p, 100));
	mi_free(p);
	p = mi_new_aligned(100, 4096);
	CHECK(is_ours(p, 100));
	CHECK(reinterpret_cast<std::size_t>(p) % 4096 == 0);
	mi_free(p);
}

#if __cplusplus >= 201402L || defined(__cpp_sized_deallocation)
static void sized()
{
	for (std::size_t n = 0; n < 100000; n = n * 3 / 2 + 1) {
		void *p = hidden(::operator new(n));
		void *q = hidden(::operator new[](n));

		CHECK(is_ours(p, n) && is_ours(q, n));
		::operator delete(p, n);
		::operator delete[](q, n);
	}
}
#endif

#if __cplusplus >= 201703L
struct alignas(512) wide {
	char bytes[512];
};

static bool is_at(void *p, std::size_t n, std::align_val_t a)
{
	return is_ours(p, n) && reinterpret_cast<std::size_t>(p) %
	       static_cast<std::size_t>(a) == 0;
}

static void aligned()
{
	for (std::size_t k = 1; k <= 65536; k *= 2) {
		std::align_val_t a = static_cast<std::align_val_t>(k);
		const std::size_t n = 100 + k / 2;
		void *p[6] = {
			hidden(::operator new(n, a)),
			hidden(::operator new[](n, a)),
			hidden(::operator new(n, a, std::nothrow)),
			hidden(::operator new[](n, a, std::nothrow)),
			hidden(::operator new(n, a)),
			hidden(::operator new[](n, a)),
		};

		for (int i = 0; i < 6; i++)
			CHECK(is_at(p[i], n, a));
		::operator delete(p[0], a);
		::operator delete[](p[1], a);
		::operator delete(p[2], a, std::nothrow);
		::operator delete[](p[3], a, std::nothrow);
		::operator delete(p[4], n, a);
		::operator delete[](p[5], n, a);
	}
	wide *one = new wide;
	wide *many = new wide[10];
	CHECK(reinterpret_cast<std::size_t>(hidden(one)) % 512 == 0);
	CHECK(reinterpret_cast<std::size_t>(hidden(many)) % 512 == 0);
	delete one;
	delete[] many;
}

static void aligned_failure()
{
	std::align_val_t a = static_cast<std::align_val_t>(64);
	bool caught = false;

	try {
		::operator delete(hidden(::operator new(impossible, a)), a);
	} catch (const std::bad_alloc &) {
		caught = true;
	}
	CHECK(caught);
	CHECK(::operator new(impossible, a, std::nothrow) == nullptr);
	CHECK(::operator new[](impossible, a, std::nothrow) == nullptr);
}
#endif

int main()
{
	RUN(plain);
	RUN(nothrow);
	RUN(objects);
	RUN(standard_library);
	RUN(failure_without_handler);
	RUN(failure_with_handler);
	RUN(mi_new_family);
	RUN(mi_new_with_handler);
	RUN(mi_new_after_its_heap);
#if __cplusplus >= 201402L || defined(__cpp_sized_deallocation)
	RUN(sized);
#endif
#if __cplusplus >= 201703L
	RUN(aligned);
	RUN(aligned_failure);
#endif
	return tap::done();
}
