/* SPDX-License-Identifier: BSD-3-Clause */
/* mi_stl_allocator under the standard containers, from C++98 on. */
#include <mimalloc.h>

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <new>
#include <set>
#include <string>
#include <vector>
#if __cplusplus >= 201103L
#include <forward_list>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#endif

#include "tap.hpp"

typedef std::basic_string<char, std::char_traits<char>,
			  mi_stl_allocator<char> > mi_string;

static mi_string number(int i)
{
	char text[64];

	std::sprintf(text, "the number %d, in a long string", i);
	return mi_string(text);
}

static void vectors()
{
	std::vector<int, mi_stl_allocator<int> > v;

	for (int i = 0; i < 100000; i++)
		v.push_back(i);
	CHECK(mi_is_in_heap_region(&v[0]));
	for (int i = 0; i < 100000; i++)
		CHECK(v[static_cast<std::size_t>(i)] == i);
	std::vector<int, mi_stl_allocator<int> > copy(v);
	v.clear();
	CHECK(copy.size() == 100000 && copy.back() == 99999);
	copy.swap(v);
	CHECK(copy.empty() && v.size() == 100000);
}

static void lists()
{
	std::list<int, mi_stl_allocator<int> > l;
	std::deque<int, mi_stl_allocator<int> > d;

	for (int i = 0; i < 10000; i++) {
		l.push_front(i);
		d.push_front(i);
		if (i % 3 == 0) {
			l.pop_back();
			d.pop_back();
		}
	}
	CHECK(l.size() == d.size());
	CHECK(mi_is_in_heap_region(&l.front()));
	CHECK(mi_is_in_heap_region(&d.front()));
	l.sort();
	CHECK(l.back() == 9999 && l.front() == d.back());
}

static void strings()
{
	mi_string s;

	for (int i = 0; i < 1000; i++)
		s += number(i);
	CHECK(mi_is_in_heap_region(s.data()));
	CHECK(s.find("number 999,") != mi_string::npos);
	CHECK(s.find("number 1000,") == mi_string::npos);
	mi_string copy(s);
	s.erase();
	CHECK(copy.size() > 20000 && s.empty());
}

static void maps()
{
	typedef std::pair<const int, mi_string> entry;
	typedef std::map<int, mi_string, std::less<int>,
			 mi_stl_allocator<entry> > map;
	map m;
	std::set<mi_string, std::less<mi_string>,
		 mi_stl_allocator<mi_string> > s;

	for (int i = 0; i < 5000; i++) {
		m[i * 7 % 5003] = number(i);
		s.insert(number(i % 100));
	}
	CHECK(m.size() == 5000 && s.size() == 100);
	CHECK(m[7] == number(1));
	CHECK(mi_is_in_heap_region(&*m.begin()));
	for (int i = 0; i < 2500; i++)
		m.erase(i * 7 % 5003);
	CHECK(m.size() == 2500);
	map copy(m);
	CHECK(copy == m);
}

static void allocators()
{
	mi_stl_allocator<int> a;
	mi_stl_allocator<int> b(a);
	mi_stl_allocator<double> c(a);
	mi_stl_allocator<int>::rebind<char>::other d(c);

	CHECK(a == b && a == c && d == a);
	CHECK(!(a != b));
	CHECK(a.max_size() >= static_cast<std::size_t>(-1) / 2 / sizeof(int));
	CHECK(a.max_size() <= static_cast<std::size_t>(-1) / sizeof(int));
	int *p = a.allocate(100);
	CHECK(mi_usable_size(p) >= 100 * sizeof(int));
	b.deallocate(p, 100);
}

static void requests_that_fail()
{
	mi_stl_allocator<int> a;
	volatile std::size_t counts[] = {
		static_cast<std::size_t>(-1),
		static_cast<std::size_t>(-1) / 4 + 1, a.max_size() + 1,
		a.max_size(),
	};
	int caught = 0;

	for (int i = 0; i < 4; i++) {
		try {
			a.deallocate(a.allocate(counts[i]), counts[i]);
		} catch (const std::bad_alloc &) {
			caught++;
		}
	}
	CHECK(caught == 4);
}

#if __cplusplus >= 201103L
static void hashes()
{
	typedef std::pair<const int, int> entry;
	std::unordered_map<int, int, std::hash<int>, std::equal_to<int>,
			   mi_stl_allocator<entry>> m;
	std::unordered_set<int, std::hash<int>, std::equal_to<int>,
			   mi_stl_allocator<int>> s;
	std::forward_list<int, mi_stl_allocator<int>> f;

	for (int i = 0; i < 20000; i++) {
		m[i] = i * i % 1009;
		s.insert(i % 777);
		f.push_front(i);
	}
	CHECK(m.size() == 20000 && s.size() == 777);
	for (int i = 0; i < 20000; i++)
		CHECK(m.at(i) == i * i % 1009);
	CHECK(mi_is_in_heap_region(&*m.begin()));
	auto moved = std::move(m);
	CHECK(moved.size() == 20000);
	f.reverse();
	CHECK(f.front() == 0);
}

struct alignas(256) wide_of_stl {
	char bytes[256];
};

static void aligned_types()
{
	std::vector<wide_of_stl, mi_stl_allocator<wide_of_stl>> v;
	std::list<wide_of_stl, mi_stl_allocator<wide_of_stl>> l;

	for (std::size_t i = 0; i < 200; i++) {
		v.emplace_back();
		l.emplace_back();
		CHECK(reinterpret_cast<std::uintptr_t>(v.data()) % 256 == 0);
		CHECK(reinterpret_cast<std::uintptr_t>(&l.back()) % 256 == 0);
	}
}

static void move_only_types()
{
	std::vector<std::unique_ptr<int>,
		    mi_stl_allocator<std::unique_ptr<int>>> v;
	auto shared = std::allocate_shared<int>(mi_stl_allocator<int>(), 42);

	for (int i = 0; i < 1000; i++)
		v.push_back(std::unique_ptr<int>(new int(i)));
	CHECK(*v[999] == 999);
	CHECK(*shared == 42 && mi_is_in_heap_region(shared.get()));
}
#endif

int main()
{
	RUN(vectors);
	RUN(lists);
	RUN(strings);
	RUN(maps);
	RUN(allocators);
	RUN(requests_that_fail);
#if __cplusplus >= 201103L
	RUN(hashes);
	RUN(aligned_types);
	RUN(move_only_types);
#endif
	return tap::done();
}
