/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mimalloc-override.h: the standard allocation functions, mapped to mi_* by
 * macros, for a program that is to use them without being linked in their
 * place.
 *
 * - Include it after all other headers, in every file that allocates or frees:
 *   a block from one side must not be freed on the other. What libraries
 *   allocate by themselves (getline, asprintf) is not ours.
 * - The macros take arguments, so a name alone (free as a function pointer) is
 *   not mapped, nor is std::malloc() in C++; a member function that has one of
 *   the names is.
 */
#ifndef MIMALLOC_OVERRIDE_H
#define MIMALLOC_OVERRIDE_H

/* What declares the names comes first, so that no macro meets a declaration. */
#ifdef __cplusplus
#include <cstdlib>
#include <cstring>
#endif
#include <stdlib.h>
#include <string.h>
#if defined(__has_include)
#if __has_include(<malloc.h>)
#include <malloc.h>
#endif
#endif

#include "mimalloc.h"

#undef malloc
#undef calloc
#undef realloc
#undef free
#undef strdup
#undef strndup
#undef realpath

/* C and POSIX */
#define malloc(n) mi_malloc(n)
#define calloc(n, c) mi_calloc(n, c)
#define realloc(p, n) mi_realloc(p, n)
#define free(p) mi_free(p)
#define strdup(s) mi_strdup(s)
#define strndup(s, n) mi_strndup(s, n)
#define realpath(f, n) mi_realpath(f, n)

#undef aligned_alloc
#undef posix_memalign
#undef memalign
#undef valloc
#undef pvalloc

/* Aligned: the alignment comes first, here and there */
#define aligned_alloc(a, n) mi_aligned_alloc(a, n)
#define posix_memalign(p, a, n) mi_posix_memalign(p, a, n)
#define _posix_memalign(p, a, n) mi_posix_memalign(p, a, n)
#define memalign(a, n) mi_memalign(a, n)
#define valloc(n) mi_valloc(n)
#define pvalloc(n) mi_pvalloc(n)

#undef reallocf
#undef reallocarray
#undef reallocarr
#undef malloc_size
#undef malloc_usable_size
#undef malloc_good_size
#undef cfree

/* BSD, glibc, macOS */
#define reallocf(p, n) mi_reallocf(p, n)
#define reallocarray(p, n, c) mi_reallocarray(p, n, c)
#define reallocarr(p, n, c) mi_reallocarr(p, n, c)
#define malloc_size(p) mi_malloc_size(p)
#define malloc_usable_size(p) mi_malloc_usable_size(p)
#define malloc_good_size(n) mi_malloc_good_size(n)
#define cfree(p) mi_cfree(p)

/* Microsoft */
#define _expand(p, n) mi_expand(p, n)
#define _msize(p) mi_usable_size(p)
#define _recalloc(p, n, c) mi_recalloc(p, n, c)
#define _strdup(s) mi_strdup(s)
#define _strndup(s, n) mi_strndup(s, n)
#define _mbsdup(s) mi_mbsdup(s)
#define _wcsdup(s) mi_wcsdup(s)
#define _dupenv_s(b, n, s) mi_dupenv_s(b, n, s)
#define _wdupenv_s(b, n, s) mi_wdupenv_s(b, n, s)

/* Microsoft, aligned: the alignment comes behind the size, here and there */
#define _aligned_malloc(n, a) mi_malloc_aligned(n, a)
#define _aligned_realloc(p, n, a) mi_realloc_aligned(p, n, a)
#define _aligned_recalloc(p, c, n, a) mi_aligned_recalloc(p, c, n, a)
#define _aligned_msize(p, a, o) mi_usable_size(p)
#define _aligned_free(p) mi_free(p)
#define _aligned_offset_malloc(n, a, o) mi_malloc_aligned_at(n, a, o)
#define _aligned_offset_realloc(p, n, a, o) mi_realloc_aligned_at(p, n, a, o)
#define _aligned_offset_recalloc(p, c, n, a, o) \
	mi_aligned_offset_recalloc(p, c, n, a, o)

#endif /* MIMALLOC_OVERRIDE_H */
