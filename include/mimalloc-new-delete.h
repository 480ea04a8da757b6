/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mimalloc-new-delete.h: the replaceable global operators new and delete of
 * C++, over mi_*. These are definitions: include the header in exactly one
 * file of a program.
 *
 * A throwing operator behaves as the standard says: where memory is out it
 * calls the new-handler and tries again, and throws std::bad_alloc where there
 * is none (built without exceptions, it aborts). The nothrow forms give NULL.
 */
#ifndef MIMALLOC_NEW_DELETE_H
#define MIMALLOC_NEW_DELETE_H

#if defined(__cplusplus)
#include <new>

#include "mimalloc.h"

/* C++98 declares what operator new throws; since C++11 it may not. */
#if __cplusplus >= 201103L
#define mi_throws_bad_alloc_
#else
#define mi_throws_bad_alloc_ throw(std::bad_alloc)
#endif

namespace mi_detail {

inline void *operator_new(std::size_t n)
{
	void *p;

	while (!(p = mi_malloc(n)))
		out_of_memory();
	return p;
}

inline void *operator_new_aligned(std::size_t n, std::size_t align)
{
	void *p;

	while (!(p = mi_malloc_aligned(n, align)))
		out_of_memory();
	return p;
}

} /* namespace mi_detail */

void *operator new(std::size_t n) mi_throws_bad_alloc_
{
	return mi_detail::operator_new(n);
}

void *operator new[](std::size_t n) mi_throws_bad_alloc_
{
	return mi_detail::operator_new(n);
}

void *operator new(std::size_t n, const std::nothrow_t &) mi_attr_noexcept
{
	return mi_new_nothrow(n);
}

void *operator new[](std::size_t n, const std::nothrow_t &) mi_attr_noexcept
{
	return mi_new_nothrow(n);
}

void operator delete(void *p) mi_attr_noexcept { mi_free(p); }
void operator delete[](void *p) mi_attr_noexcept { mi_free(p); }

void operator delete(void *p, const std::nothrow_t &) mi_attr_noexcept
{
	mi_free(p);
}

void operator delete[](void *p, const std::nothrow_t &) mi_attr_noexcept
{
	mi_free(p);
}

/* C++14: the size is known */
#if __cplusplus >= 201402L || defined(__cpp_sized_deallocation)
void operator delete(void *p, std::size_t n) mi_attr_noexcept
{
	mi_free_size(p, n);
}

void operator delete[](void *p, std::size_t n) mi_attr_noexcept
{
	mi_free_size(p, n);
}
#endif

/* C++17: the type asks for more than the default alignment */
#if __cplusplus >= 201703L || defined(__cpp_aligned_new)
void *operator new(std::size_t n, std::align_val_t a)
{
	return mi_detail::operator_new_aligned(n, static_cast<std::size_t>(a));
}

void *operator new[](std::size_t n, std::align_val_t a)
{
	return mi_detail::operator_new_aligned(n, static_cast<std::size_t>(a));
}

void *operator new(std::size_t n, std::align_val_t a,
		   const std::nothrow_t &) mi_attr_noexcept
{
	return mi_new_aligned_nothrow(n, static_cast<std::size_t>(a));
}

void *operator new[](std::size_t n, std::align_val_t a,
		     const std::nothrow_t &) mi_attr_noexcept
{
	return mi_new_aligned_nothrow(n, static_cast<std::size_t>(a));
}

void operator delete(void *p, std::align_val_t a) mi_attr_noexcept
{
	mi_free_aligned(p, static_cast<std::size_t>(a));
}

void operator delete[](void *p, std::align_val_t a) mi_attr_noexcept
{
	mi_free_aligned(p, static_cast<std::size_t>(a));
}

void operator delete(void *p, std::size_t n,
		     std::align_val_t a) mi_attr_noexcept
{
	mi_free_size_aligned(p, n, static_cast<std::size_t>(a));
}

void operator delete[](void *p, std::size_t n,
		       std::align_val_t a) mi_attr_noexcept
{
	mi_free_size_aligned(p, n, static_cast<std::size_t>(a));
}

void operator delete(void *p, std::align_val_t a,
		     const std::nothrow_t &) mi_attr_noexcept
{
	mi_free_aligned(p, static_cast<std::size_t>(a));
}

void operator delete[](void *p, std::align_val_t a,
		       const std::nothrow_t &) mi_attr_noexcept
{
	mi_free_aligned(p, static_cast<std::size_t>(a));
}
#endif

#endif /* __cplusplus */

#endif /* MIMALLOC_NEW_DELETE_H */
