/* SPDX-License-Identifier: BSD-3-Clause */
/* The allocators over a heap of their own, from C++11 on. */
#include <mimalloc.h>

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tap.hpp"

template <class T> using kept = mi_heap_stl_allocator<T>;
template <class T> using dropped = mi_heap_destroy_stl_allocator<T>;

/* Containers of one heap, over each of the two allocators. */
template <template <class> class A> static void containers()
{
	typedef std::pair<const int, int> entry;
	A<int> a;
	std::vector<int, A<int>> v(a);
	std::list<int, A<int>> l((A<int>(a)));
	std::map<int, int, std::less<int>, A<entry>> m{A<entry>(a)};
	std::unordered_map<int, int, std::hash<int>, std::equal_to<int>,
			   A<entry>> u(10, std::hash<int>(),
				       std::equal_to<int>(), A<entry>(a));

	for (int i = 0; i < 20000; i++) {
		v.push_back(i);
		l.push_back(i);
		m[i] = i;
		u[i] = i;
		if (i % 4 == 3)
			m.erase(i - 2);
	}
	CHECK(v[19999] == 19999 && l.back() == 19999);
	CHECK(m.size() == 15000 && u.size() == 20000);
	CHECK(a.is_owner(v.data()) && a.is_owner(&l.front()));
	CHECK(a.is_owner(&*m.begin()) && a.is_owner(&*u.begin()));
	CHECK(!a.is_owner(&a));
	a.collect(true);
	CHECK(v[19999] == 19999 && u.at(7) == 7);
}

template <template <class> class A> static void equality()
{
	A<int> a;
	A<int> b;
	A<int> c(a);
	A<double> d(a);

	CHECK(a == c && a == d && a != b && !(a == b));
	CHECK(a.is_equal(d) && !a.is_equal(b));
	b = a;
	CHECK(a == b);
	A<int> e(std::move(b));
	CHECK(e == a);
}

/* The caller's heap: it lives on when the allocator ends. */
template <template <class> class A> static void heap_of_the_caller()
{
	mi_heap_t *heap = mi_heap_new();
	void *kept_block = mi_heap_malloc(heap, 100);

	CHECK(kept_block != nullptr);
	{
		A<int> a(heap);
		std::vector<int, A<int>> v(a);

		v.resize(1000, 5);
		CHECK(mi_heap_contains_block(heap, v.data()));
		CHECK(a == A<int>(heap) || a.is_owner(v.data()));
	}
	CHECK(mi_heap_contains_block(heap, kept_block));
	mi_free(kept_block);
	mi_heap_destroy(heap);
}

/* Blocks that are live when the heap is deleted go on being valid. */
static void deleted_with_live_blocks()
{
	int *p;

	{
		kept<int> a;

		p = a.allocate(100);
		CHECK(a.is_owner(p));
		for (int i = 0; i < 100; i++)
			p[i] = i;
	}
	for (int i = 0; i < 100; i++)
		CHECK(p[i] == i);
	CHECK(mi_heap_check_owned(mi_heap_get_backing(), p));
	mi_free(p);
}

/* 100 heaps of 10 MiB each, none of it freed one by one: all come back. */
static void destroyed_with_live_blocks()
{
	std::size_t before = 0;
	std::size_t after = 0;

	for (int i = 0; i < 100; i++) {
		dropped<int> a;
		std::vector<int, dropped<int>> v(a);
		std::list<int, dropped<int>> l(a);

		for (int k = 0; k < 100000; k++)
			l.push_back(k);
		v.resize(1000000, i);
		CHECK(a.is_owner(v.data()) && a.is_owner(&l.back()));
		if (i == 20)
			mi_process_info(nullptr, nullptr, nullptr, &before,
					nullptr, nullptr, nullptr, nullptr);
	}
	mi_process_info(nullptr, nullptr, nullptr, &after, nullptr, nullptr,
			nullptr, nullptr);
	CHECK(after < before + (std::size_t(32) << 20));
}

/* Copies and moves of containers keep the heap alive as long as needed. */
template <template <class> class A> static void copies_keep_the_heap()
{
	std::vector<int, A<int>> outer;

	{
		std::vector<int, A<int>> inner;

		for (int i = 0; i < 1000; i++)
			inner.push_back(i);
		std::vector<int, A<int>> copy(inner);
		CHECK(copy == inner);
		outer = std::move(inner);
	}
	CHECK(outer.size() == 1000 && outer[999] == 999);
	outer.push_back(1000);
	CHECK(outer.get_allocator().is_owner(outer.data()));
	std::vector<int, A<int>> other;
	other.push_back(1);
	std::swap(outer, other);
	CHECK(outer.size() == 1 && other.size() == 1001);
}

struct alignas(128) wide_of_heap {
	char bytes[128];
};

template <template <class> class A> static void aligned_types()
{
	std::vector<wide_of_heap, A<wide_of_heap>> v;

	for (int i = 0; i < 100; i++) {
		v.emplace_back();
		CHECK(reinterpret_cast<std::uintptr_t>(v.data()) % 128 == 0);
	}
}

int main()
{
	tap::run("containers, kept", containers<kept>);
	tap::run("containers, dropped", containers<dropped>);
	tap::run("equality, kept", equality<kept>);
	tap::run("equality, dropped", equality<dropped>);
	tap::run("heap of the caller, kept", heap_of_the_caller<kept>);
	tap::run("heap of the caller, dropped", heap_of_the_caller<dropped>);
	RUN(deleted_with_live_blocks);
	RUN(destroyed_with_live_blocks);
	tap::run("copies, kept", copies_keep_the_heap<kept>);
	tap::run("copies, dropped", copies_keep_the_heap<dropped>);
	tap::run("aligned types, kept", aligned_types<kept>);
	tap::run("aligned types, dropped", aligned_types<dropped>);
	return tap::done();
}
