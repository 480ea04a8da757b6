/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mimalloc.h: the mi_* interface, source compatible with mimalloc 2.1.7.
 *
 * Names, signatures and behaviour follow the published interface; the code
 * behind it is written anew. The ideas come from the technical report
 * "Mimalloc: Free List Sharding in Action" (Leijen, Zorn, de Moura, 2019).
 *
 * Glossary
 *   block       what a call of the malloc family returns
 *   size class  the block sizes there are: multiples of 16 bytes up to 1 KiB,
 *               then eight steps for each doubling up to 32 KiB, above that
 *               multiples of 4 KiB
 *   heap        a set of blocks made by one thread; every thread has a backing
 *               heap, which is its default heap until it sets another one
 *   arena       a contiguous range of memory that heaps take their pages from
 *   area        a part of a heap that holds blocks of one size
 *
 * What holds for every function, where its own comment says nothing else
 *
 *   units       sizes, alignments and offsets are bytes; count is a number of
 *               elements of size bytes each.
 *   alignment   every block is aligned to 16 bytes at least, whatever its size;
 *               the smallest block has 16 bytes.
 *   size 0      is a request like any other: a unique pointer, to be freed.
 *   limits      a request fails if and only if (a) it is above PTRDIFF_MAX,
 *               (b) count * size overflows, (c) an alignment argument is no
 *               power of two, or (d) memory is out.
 *   failure     gives NULL and sets errno: EINVAL for (c), ENOMEM for the
 *               others. Nothing else has changed: a block that was to be
 *               resized is as it was and still has to be freed. Before thread
 *               local storage is up (early boot) errno is left alone.
 *   success     leaves errno as it was.
 *   threads     any thread may call at any time, any thread may free any
 *               block. A heap is the exception: see "Heaps" below.
 *   time        allocating and freeing are O(1) where the heap has a free
 *               block of the size class; otherwise a page is prepared or
 *               memory taken from an arena.
 *   signals     not safe in a signal handler, not allowed in interrupt context.
 *   wrong free  a pointer that is no live block of ours (foreign, interior,
 *               freed before) is reported, see mi_register_error().
 */
#ifndef MIMALLOC_H
#define MIMALLOC_H

#define MI_MALLOC_VERSION 217 /* major * 100 + minor * 10 + patch */

#include <stddef.h>
#ifndef __cplusplus
#include <stdbool.h>
#endif

/*
 * Attributes. A compiler that does not know one gets an empty macro.
 *
 *   mi_decl_export        visible outside the library
 *   mi_decl_nodiscard     warn if the result is dropped
 *   mi_decl_restrict      the result aliases nothing (before the type; empty
 *                         where mi_attr_malloc says it)
 *   mi_decl_alloc         the three above: returns memory
 *   mi_cdecl              calling convention of callbacks (the usual one)
 *   mi_attr_noexcept      throws no C++ exception
 *   mi_attr_malloc        the result aliases nothing (after the arguments)
 *   mi_attr_alloc_size    argument s is the size of the result
 *   mi_attr_alloc_size2   the product of arguments s1 and s2 is
 *   mi_attr_alloc_align   argument a is the alignment of the result
 */
#if defined(__cplusplus) && __cplusplus >= 201703L
#define mi_decl_nodiscard [[nodiscard]]
#elif defined(__GNUC__)
#define mi_decl_nodiscard __attribute__((warn_unused_result))
#else
#define mi_decl_nodiscard
#endif

#if defined(__GNUC__)
#ifndef mi_decl_export
#define mi_decl_export __attribute__((visibility("default")))
#endif
#define mi_attr_malloc __attribute__((malloc))
#define mi_attr_alloc_size(s) __attribute__((alloc_size(s)))
#define mi_attr_alloc_size2(s1, s2) __attribute__((alloc_size(s1, s2)))
#define mi_attr_alloc_align(a) __attribute__((alloc_align(a)))
#else
#define mi_decl_export
#define mi_attr_malloc
#define mi_attr_alloc_size(s)
#define mi_attr_alloc_size2(s1, s2)
#define mi_attr_alloc_align(a)
#endif

#define mi_decl_restrict
#define mi_decl_alloc mi_decl_nodiscard mi_decl_export mi_decl_restrict
#define mi_cdecl

#if !defined(__cplusplus)
#define mi_attr_noexcept
#elif __cplusplus >= 201103L
#define mi_attr_noexcept noexcept
#else
#define mi_attr_noexcept throw()
#endif

/* The largest request that the *_small functions take: in words, in bytes. */
#define MI_SMALL_WSIZE_MAX 128
#define MI_SMALL_SIZE_MAX (MI_SMALL_WSIZE_MAX * sizeof(void *))

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mi_heap_s mi_heap_t; /* opaque */
typedef int mi_arena_id_t;

/* ---- Basic allocation -------------------------------------------------- */

/* A block of at least size bytes, contents undefined, from the default heap. */
mi_decl_alloc void *mi_malloc(size_t size)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size(1);

/* The same for size <= MI_SMALL_SIZE_MAX, which the caller guarantees. */
mi_decl_alloc void *mi_malloc_small(size_t size)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size(1);

/* mi_malloc() and mi_malloc_small() with all the usable size zero. */
mi_decl_alloc void *mi_zalloc(size_t size)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size(1);
mi_decl_alloc void *mi_zalloc_small(size_t size)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size(1);

/* An array of count elements of size bytes: zero, or contents undefined. */
mi_decl_alloc void *mi_calloc(size_t count, size_t size)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size2(1, 2);
mi_decl_alloc void *mi_mallocn(size_t count, size_t size)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size2(1, 2);

/*
 * Resize p to newsize bytes, in place or by moving it; the common part of the
 * contents is kept and the rest undefined. p NULL: mi_malloc(newsize).
 * newsize 0: a block of size 0, never NULL unless memory is out.
 * O(1) in place, else O(bytes copied). mi_reallocn() takes count * size.
 */
mi_decl_alloc void *mi_realloc(void *p, size_t newsize)
	mi_attr_noexcept mi_attr_alloc_size(2);
mi_decl_alloc void *mi_reallocn(void *p, size_t count, size_t size)
	mi_attr_noexcept mi_attr_alloc_size2(2, 3);

/* mi_realloc() that frees p where it fails (BSD). */
mi_decl_alloc void *mi_reallocf(void *p, size_t newsize)
	mi_attr_noexcept mi_attr_alloc_size(2);

/*
 * p where its block can hold newsize bytes without moving, else NULL with p as
 * it was. p NULL gives NULL. Sets no errno.
 */
mi_decl_export void *mi_expand(void *p, size_t newsize)
	mi_attr_noexcept mi_attr_alloc_size(2);

/* Give a block back, from any thread. NULL: nothing. Leaves errno alone. */
mi_decl_export void mi_free(void *p) mi_attr_noexcept;

/*
 * Bytes of p's block that may be read and written from p on: at least what was
 * asked for, at most 1/8 more from 1 KiB to 32 KiB. NULL: 0. O(1).
 */
mi_decl_nodiscard mi_decl_export size_t mi_usable_size(const void *p)
	mi_attr_noexcept;

/* The usable size that mi_malloc(size) would give. Allocates nothing. O(1). */
mi_decl_nodiscard mi_decl_export size_t mi_good_size(size_t size)
	mi_attr_noexcept;

/* Whether p points anywhere into memory that we manage. */
mi_decl_nodiscard mi_decl_export bool mi_is_in_heap_region(const void *p)
	mi_attr_noexcept;

/*
 * A copy of an environment variable: its value in *buf, to be freed, and the
 * value's bytes with its NUL in *size unless size is NULL. Unset: 0, *buf NULL,
 * *size 0. Gives 0, EINVAL (buf or name is NULL) or ENOMEM. The wide form takes
 * 16-bit characters, which no supported environment has: always EINVAL.
 */
mi_decl_export int mi_dupenv_s(char **buf, size_t *size, const char *name)
	mi_attr_noexcept;
mi_decl_export int mi_wdupenv_s(unsigned short **buf, size_t *size,
				const unsigned short *name)
	mi_attr_noexcept;

/* ---- Aligned allocation ------------------------------------------------ */

/*
 * A block p with p % alignment == 0; the _at forms: (p + offset) % alignment
 * == 0. alignment is any power of two; the size need not be a multiple of it.
 * An alignment of 16 or less costs nothing. Freed and resized like any block.
 */
mi_decl_alloc void *mi_malloc_aligned(size_t size, size_t alignment)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size(1)
	mi_attr_alloc_align(2);
mi_decl_alloc void *mi_malloc_aligned_at(size_t size, size_t alignment,
					 size_t offset)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size(1);

/* The same, zero. */
mi_decl_alloc void *mi_zalloc_aligned(size_t size, size_t alignment)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size(1)
	mi_attr_alloc_align(2);
mi_decl_alloc void *mi_zalloc_aligned_at(size_t size, size_t alignment,
					 size_t offset)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size(1);
mi_decl_alloc void *mi_calloc_aligned(size_t count, size_t size,
				      size_t alignment)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size2(1, 2)
	mi_attr_alloc_align(3);
mi_decl_alloc void *mi_calloc_aligned_at(size_t count, size_t size,
					 size_t alignment, size_t offset)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size2(1, 2);

/* mi_realloc() whose result has the alignment asked for, as above. */
mi_decl_alloc void *mi_realloc_aligned(void *p, size_t newsize,
				       size_t alignment)
	mi_attr_noexcept mi_attr_alloc_size(2) mi_attr_alloc_align(3);
mi_decl_alloc void *mi_realloc_aligned_at(void *p, size_t newsize,
					  size_t alignment, size_t offset)
	mi_attr_noexcept mi_attr_alloc_size(2);

/* ---- Zeroing reallocation ---------------------------------------------- */

/*
 * mi_realloc() that keeps a block zero behind its old contents, the grown part
 * included. This holds only where p came from a zeroing function (zalloc,
 * calloc, rezalloc, recalloc) and each resize since was of this group.
 */
mi_decl_alloc void *mi_rezalloc(void *p, size_t newsize)
	mi_attr_noexcept mi_attr_alloc_size(2);
mi_decl_alloc void *mi_recalloc(void *p, size_t newcount, size_t size)
	mi_attr_noexcept mi_attr_alloc_size2(2, 3);

/* The same with an alignment, and with an alignment at an offset. */
mi_decl_alloc void *mi_rezalloc_aligned(void *p, size_t newsize,
					size_t alignment)
	mi_attr_noexcept mi_attr_alloc_size(2) mi_attr_alloc_align(3);
mi_decl_alloc void *mi_rezalloc_aligned_at(void *p, size_t newsize,
					   size_t alignment, size_t offset)
	mi_attr_noexcept mi_attr_alloc_size(2);
mi_decl_alloc void *mi_recalloc_aligned(void *p, size_t newcount, size_t size,
					size_t alignment)
	mi_attr_noexcept mi_attr_alloc_size2(2, 3) mi_attr_alloc_align(4);
mi_decl_alloc void *mi_recalloc_aligned_at(void *p, size_t newcount,
					   size_t size, size_t alignment,
					   size_t offset)
	mi_attr_noexcept mi_attr_alloc_size2(2, 3);

/* Microsoft's names: mi_recalloc_aligned(), mi_recalloc_aligned_at(). */
mi_decl_alloc void *mi_aligned_recalloc(void *p, size_t newcount, size_t size,
					size_t alignment)
	mi_attr_noexcept mi_attr_alloc_size2(2, 3) mi_attr_alloc_align(4);
mi_decl_alloc void *mi_aligned_offset_recalloc(void *p, size_t newcount,
					       size_t size, size_t alignment,
					       size_t offset)
	mi_attr_noexcept mi_attr_alloc_size2(2, 3);

/* ---- POSIX, BSD and Microsoft names ------------------------------------ */

/*
 * 0 and the block in *p; else an errno value, with *p and errno untouched:
 * EINVAL where alignment is no power of two or no multiple of sizeof(void *),
 * ENOMEM for every other failure.
 */
mi_decl_export int mi_posix_memalign(void **p, size_t alignment, size_t size)
	mi_attr_noexcept;

/* mi_malloc_aligned() with the alignment first. */
mi_decl_alloc void *mi_aligned_alloc(size_t alignment, size_t size)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size(2)
	mi_attr_alloc_align(1);
mi_decl_alloc void *mi_memalign(size_t alignment, size_t size)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size(2)
	mi_attr_alloc_align(1);

/* Aligned to the system's page; mi_pvalloc() rounds size up to whole pages. */
mi_decl_alloc void *mi_valloc(size_t size)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size(1);
mi_decl_alloc void *mi_pvalloc(size_t size)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size(1);

/* mi_reallocn() by its BSD name. */
mi_decl_alloc void *mi_reallocarray(void *p, size_t count, size_t size)
	mi_attr_noexcept mi_attr_alloc_size2(2, 3);

/*
 * NetBSD: resizes the block in *(void **)p and stores the new pointer there.
 * Gives 0; else an errno value with *(void **)p as it was: EINVAL (p is NULL),
 * ENOMEM. errno itself is left alone.
 */
mi_decl_export int mi_reallocarr(void *p, size_t count, size_t size)
	mi_attr_noexcept;

/* mi_expand(). */
mi_decl_export void *mi__expand(void *p, size_t newsize)
	mi_attr_noexcept mi_attr_alloc_size(2);

/* mi_usable_size() twice, mi_good_size(). */
mi_decl_nodiscard mi_decl_export size_t mi_malloc_size(const void *p)
	mi_attr_noexcept;
mi_decl_nodiscard mi_decl_export size_t mi_malloc_usable_size(const void *p)
	mi_attr_noexcept;
mi_decl_nodiscard mi_decl_export size_t mi_malloc_good_size(size_t size)
	mi_attr_noexcept;

/*
 * mi_free(). size and alignment are what was asked for; a debug build checks
 * that the block has them, other builds ignore them.
 */
mi_decl_export void mi_free_size(void *p, size_t size) mi_attr_noexcept;
mi_decl_export void mi_free_aligned(void *p, size_t alignment)
	mi_attr_noexcept;
mi_decl_export void mi_free_size_aligned(void *p, size_t size,
					 size_t alignment)
	mi_attr_noexcept;

/* mi_free() that ignores a pointer outside the memory that we manage. */
mi_decl_export void mi_cfree(void *p) mi_attr_noexcept;

/*
 * A copy of a string up to its NUL, in a block of just that length; the n form
 * copies n characters at most and adds a NUL. s NULL gives NULL, errno
 * untouched. O(length). mi_wcsdup() takes 16-bit characters, not wchar_t.
 */
mi_decl_alloc char *mi_strdup(const char *s) mi_attr_noexcept mi_attr_malloc;
mi_decl_alloc char *mi_strndup(const char *s, size_t n)
	mi_attr_noexcept mi_attr_malloc;
mi_decl_alloc unsigned char *mi_mbsdup(const unsigned char *s)
	mi_attr_noexcept mi_attr_malloc;
mi_decl_alloc unsigned short *mi_wcsdup(const unsigned short *s)
	mi_attr_noexcept mi_attr_malloc;

/*
 * The system's realpath(), and its errno. resolved_name NULL: the result is a
 * block of ours, to be freed; else it is resolved_name.
 */
mi_decl_alloc char *mi_realpath(const char *fname, char *resolved_name)
	mi_attr_noexcept;

/* ---- C++ operator new -------------------------------------------------- */

/*
 * As the function without "new", but never NULL. Where memory is out, the C++
 * new-handler is called and the request tried again, for as long as a handler
 * is installed; a handler may throw. A request that no memory can satisfy
 * (overflow, above PTRDIFF_MAX, bad alignment), or no handler: std::bad_alloc
 * where the program has a C++ library, else the program is aborted.
 */
mi_decl_alloc void *mi_new(size_t size) mi_attr_malloc mi_attr_alloc_size(1);
mi_decl_alloc void *mi_new_aligned(size_t size, size_t alignment)
	mi_attr_malloc mi_attr_alloc_size(1) mi_attr_alloc_align(2);
mi_decl_alloc void *mi_new_n(size_t count, size_t size)
	mi_attr_malloc mi_attr_alloc_size2(1, 2);
mi_decl_alloc void *mi_new_realloc(void *p, size_t newsize)
	mi_attr_alloc_size(2);
mi_decl_alloc void *mi_new_reallocn(void *p, size_t newcount, size_t size)
	mi_attr_alloc_size2(2, 3);

/* The same from a heap, by the thread that made the heap. */
mi_decl_alloc void *mi_heap_alloc_new(mi_heap_t *heap, size_t size)
	mi_attr_malloc mi_attr_alloc_size(2);
mi_decl_alloc void *mi_heap_alloc_new_n(mi_heap_t *heap, size_t count,
					size_t size)
	mi_attr_malloc mi_attr_alloc_size2(2, 3);

/* NULL on failure: no handler is called, and nothing is thrown. */
mi_decl_alloc void *mi_new_nothrow(size_t size)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size(1);
mi_decl_alloc void *mi_new_aligned_nothrow(size_t size, size_t alignment)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size(1)
	mi_attr_alloc_align(2);

/* ---- Heaps: allocation ------------------------------------------------- */

/*
 * mi_heap_xyz(heap, ...) is mi_xyz(...), with each new block taken from heap;
 * a block that is resized may come from any heap. heap is not NULL, and only
 * the thread that made it may call; any thread may free the blocks.
 */
mi_decl_alloc void *mi_heap_malloc(mi_heap_t *heap, size_t size)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size(2);
mi_decl_alloc void *mi_heap_malloc_small(mi_heap_t *heap, size_t size)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size(2);
mi_decl_alloc void *mi_heap_zalloc(mi_heap_t *heap, size_t size)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size(2);
mi_decl_alloc void *mi_heap_calloc(mi_heap_t *heap, size_t count, size_t size)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size2(2, 3);
mi_decl_alloc void *mi_heap_mallocn(mi_heap_t *heap, size_t count, size_t size)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size2(2, 3);

mi_decl_alloc void *mi_heap_realloc(mi_heap_t *heap, void *p, size_t newsize)
	mi_attr_noexcept mi_attr_alloc_size(3);
mi_decl_alloc void *mi_heap_reallocn(mi_heap_t *heap, void *p, size_t count,
				     size_t size)
	mi_attr_noexcept mi_attr_alloc_size2(3, 4);
mi_decl_alloc void *mi_heap_reallocf(mi_heap_t *heap, void *p, size_t newsize)
	mi_attr_noexcept mi_attr_alloc_size(3);

mi_decl_alloc char *mi_heap_strdup(mi_heap_t *heap, const char *s)
	mi_attr_noexcept mi_attr_malloc;
mi_decl_alloc char *mi_heap_strndup(mi_heap_t *heap, const char *s, size_t n)
	mi_attr_noexcept mi_attr_malloc;
mi_decl_alloc char *mi_heap_realpath(mi_heap_t *heap, const char *fname,
				     char *resolved_name)
	mi_attr_noexcept;

mi_decl_alloc void *mi_heap_malloc_aligned(mi_heap_t *heap, size_t size,
					   size_t alignment)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size(2)
	mi_attr_alloc_align(3);
mi_decl_alloc void *mi_heap_malloc_aligned_at(mi_heap_t *heap, size_t size,
					      size_t alignment, size_t offset)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size(2);
mi_decl_alloc void *mi_heap_zalloc_aligned(mi_heap_t *heap, size_t size,
					   size_t alignment)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size(2)
	mi_attr_alloc_align(3);
mi_decl_alloc void *mi_heap_zalloc_aligned_at(mi_heap_t *heap, size_t size,
					      size_t alignment, size_t offset)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size(2);
mi_decl_alloc void *mi_heap_calloc_aligned(mi_heap_t *heap, size_t count,
					   size_t size, size_t alignment)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size2(2, 3)
	mi_attr_alloc_align(4);
mi_decl_alloc void *mi_heap_calloc_aligned_at(mi_heap_t *heap, size_t count,
					      size_t size, size_t alignment,
					      size_t offset)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size2(2, 3);
mi_decl_alloc void *mi_heap_realloc_aligned(mi_heap_t *heap, void *p,
					    size_t newsize, size_t alignment)
	mi_attr_noexcept mi_attr_alloc_size(3) mi_attr_alloc_align(4);
mi_decl_alloc void *mi_heap_realloc_aligned_at(mi_heap_t *heap, void *p,
					       size_t newsize,
					       size_t alignment,
					       size_t offset)
	mi_attr_noexcept mi_attr_alloc_size(3);

mi_decl_alloc void *mi_heap_rezalloc(mi_heap_t *heap, void *p, size_t newsize)
	mi_attr_noexcept mi_attr_alloc_size(3);
mi_decl_alloc void *mi_heap_recalloc(mi_heap_t *heap, void *p, size_t newcount,
				     size_t size)
	mi_attr_noexcept mi_attr_alloc_size2(3, 4);
mi_decl_alloc void *mi_heap_rezalloc_aligned(mi_heap_t *heap, void *p,
					     size_t newsize, size_t alignment)
	mi_attr_noexcept mi_attr_alloc_size(3) mi_attr_alloc_align(4);
mi_decl_alloc void *mi_heap_rezalloc_aligned_at(mi_heap_t *heap, void *p,
						size_t newsize,
						size_t alignment,
						size_t offset)
	mi_attr_noexcept mi_attr_alloc_size(3);
mi_decl_alloc void *mi_heap_recalloc_aligned(mi_heap_t *heap, void *p,
					     size_t newcount, size_t size,
					     size_t alignment)
	mi_attr_noexcept mi_attr_alloc_size2(3, 4) mi_attr_alloc_align(5);
mi_decl_alloc void *mi_heap_recalloc_aligned_at(mi_heap_t *heap, void *p,
						size_t newcount, size_t size,
						size_t alignment,
						size_t offset)
	mi_attr_noexcept mi_attr_alloc_size2(3, 4);

/* ---- Heaps: life and inspection ---------------------------------------- */

/*
 * A heap belongs to the thread that made it: only this thread may pass it to a
 * function. When the thread ends, its heaps are gone, and blocks that are
 * still live stay valid and can be freed by any thread.
 */

/* A new heap of the calling thread; NULL where memory is out. O(1). */
mi_decl_nodiscard mi_decl_export mi_heap_t *mi_heap_new(void)
	mi_attr_noexcept;

/*
 * A heap that takes memory from this arena alone: its requests fail when the
 * arena is full. NULL also where there is no such arena.
 */
mi_decl_nodiscard mi_decl_export mi_heap_t *
mi_heap_new_in_arena(mi_arena_id_t arena_id) mi_attr_noexcept;

/*
 * End a heap. delete hands its live blocks to the thread's backing heap,
 * destroy frees them all at once, without their being freed one by one. Where
 * the heap is the default one, the backing heap becomes it. NULL and a backing
 * heap are left as they are. O(areas of the heap).
 */
mi_decl_export void mi_heap_delete(mi_heap_t *heap) mi_attr_noexcept;
mi_decl_export void mi_heap_destroy(mi_heap_t *heap) mi_attr_noexcept;

/*
 * The heap that mi_malloc() and its kin use in this thread. set gives the one
 * before; NULL sets nothing. The backing heap lives as long as its thread.
 */
mi_decl_export mi_heap_t *mi_heap_set_default(mi_heap_t *heap)
	mi_attr_noexcept;
mi_decl_nodiscard mi_decl_export mi_heap_t *mi_heap_get_default(void)
	mi_attr_noexcept;
mi_decl_nodiscard mi_decl_export mi_heap_t *mi_heap_get_backing(void)
	mi_attr_noexcept;

/*
 * Take in the blocks that other threads freed and release empty areas; force
 * also gives unused memory back to the system. O(areas of the heap).
 */
mi_decl_export void mi_heap_collect(mi_heap_t *heap, bool force)
	mi_attr_noexcept;

/* Whether the block p, live and of any heap of ours, is in this heap. O(1). */
mi_decl_nodiscard mi_decl_export bool
mi_heap_contains_block(mi_heap_t *heap, const void *p) mi_attr_noexcept;

/*
 * Whether p, any pointer at all, points into this heap; mi_check_owned() asks
 * for the default heap. At most O(areas of the heap): for checks.
 */
mi_decl_nodiscard mi_decl_export bool
mi_heap_check_owned(mi_heap_t *heap, const void *p) mi_attr_noexcept;
mi_decl_nodiscard mi_decl_export bool mi_check_owned(const void *p)
	mi_attr_noexcept;

typedef struct mi_heap_area_s {
	void *blocks;		/* where the blocks of the area start */
	size_t reserved;	/* bytes set aside for it */
	size_t committed;	/* bytes of these that are usable now */
	size_t used;		/* number of live blocks */
	size_t block_size;	/* usable bytes of each block */
	size_t full_block_size;	/* bytes from one block to the next */
} mi_heap_area_t;

/* block is NULL and block_size 0 in the call for the area itself. */
typedef bool (mi_cdecl mi_block_visit_fun)(const mi_heap_t *heap,
					   const mi_heap_area_t *area,
					   void *block, size_t block_size,
					   void *arg);

/*
 * Calls visitor(heap, &area, NULL, 0, arg) once for each area and, where
 * visit_all_blocks, then once for each live block in it. false from the
 * visitor ends the walk. The visitor must not allocate from the heap nor free
 * its blocks, and area is valid during the call only. Gives whether the walk
 * came to its end. O(areas), or O(blocks that the areas can hold).
 */
mi_decl_export bool mi_heap_visit_blocks(const mi_heap_t *heap,
					 bool visit_all_blocks,
					 mi_block_visit_fun *visitor,
					 void *arg)
	mi_attr_noexcept;

/* ---- Arenas and memory handed over ------------------------------------- */

/*
 * Hand size bytes at start over, for good: nothing else may use them again.
 * Any start and any size that is worth its metadata will do.
 *
 *   is_committed  may be read and written now
 *   is_large      consists of large pages, or is pinned: never given back
 *   is_zero       is known to be zero
 *   numa_node     -1: none in particular
 *   exclusive     only for heaps made by mi_heap_new_in_arena()
 *   arena_id      NULL, or where the new arena's id goes
 *
 * false where start is NULL, the range too small, wraps around the address
 * space or overlaps one handed over before, or there are too many arenas.
 */
mi_decl_export bool mi_manage_os_memory(void *start, size_t size,
					bool is_committed, bool is_large,
					bool is_zero, int numa_node)
	mi_attr_noexcept;
mi_decl_export bool mi_manage_os_memory_ex(void *start, size_t size,
					   bool is_committed, bool is_large,
					   bool is_zero, int numa_node,
					   bool exclusive,
					   mi_arena_id_t *arena_id)
	mi_attr_noexcept;

/*
 * Take an arena of size bytes from the system ahead of need. commit: usable at
 * once; allow_large: of large pages where there are some. Gives 0 or ENOMEM.
 */
mi_decl_export int mi_reserve_os_memory(size_t size, bool commit,
					bool allow_large)
	mi_attr_noexcept;
mi_decl_export int mi_reserve_os_memory_ex(size_t size, bool commit,
					   bool allow_large, bool exclusive,
					   mi_arena_id_t *arena_id)
	mi_attr_noexcept;

/*
 * Take pages huge pages of 1 GiB each, spread over the first numa_nodes nodes
 * (0: all), or on one node (-1: any); nodes and timeout_msecs are accepted and
 * have no effect here. Gives 0, or ENOMEM, also where there are no huge pages.
 */
mi_decl_export int mi_reserve_huge_os_pages_interleave(size_t pages,
						       size_t numa_nodes,
						       size_t timeout_msecs)
	mi_attr_noexcept;
mi_decl_export int mi_reserve_huge_os_pages_at(size_t pages, int numa_node,
					       size_t timeout_msecs)
	mi_attr_noexcept;
mi_decl_export int mi_reserve_huge_os_pages_at_ex(size_t pages, int numa_node,
						  size_t timeout_msecs,
						  bool exclusive,
						  mi_arena_id_t *arena_id)
	mi_attr_noexcept;

/* The old form: seconds; *pages_reserved, unless NULL, tells how many came. */
mi_decl_export int mi_reserve_huge_os_pages(size_t pages, double max_secs,
					    size_t *pages_reserved)
	mi_attr_noexcept;

/* Start of an arena and its bytes in *size, unless NULL; no arena: NULL, 0. */
mi_decl_export void *mi_arena_area(mi_arena_id_t arena_id, size_t *size)
	mi_attr_noexcept;

/* Print the arenas through the output hook, in more detail where asked. */
mi_decl_export void mi_debug_show_arenas(bool show_inuse, bool show_abandoned,
					 bool show_purge)
	mi_attr_noexcept;

/* ---- Threads, process, hooks ------------------------------------------- */

/* mi_heap_collect() on the default heap, and the arenas' unused memory. */
mi_decl_export void mi_collect(bool force) mi_attr_noexcept;

/* MI_MALLOC_VERSION of the library that runs. */
mi_decl_nodiscard mi_decl_export int mi_version(void) mi_attr_noexcept;

/* Whether the C library's malloc was redirected at load time: never here. */
mi_decl_nodiscard mi_decl_export bool mi_is_redirected(void) mi_attr_noexcept;

/*
 * Set up the process, or a thread; tear a thread's heaps down. Happens without
 * being asked for where the system lets us know; any number of calls will do.
 * A thread that goes on after mi_thread_done() is set up again on demand.
 */
mi_decl_export void mi_process_init(void) mi_attr_noexcept;
mi_decl_export void mi_thread_init(void) mi_attr_noexcept;
mi_decl_export void mi_thread_done(void) mi_attr_noexcept;

/*
 * The hooks below are one for the process, set at any time by any thread; fun
 * and arg are used together. A hook may run in any thread, several at a time.
 */

/*
 * Called on the slow path of allocation and by a collection, so that a program
 * can free what it has put off: a bounded number of blocks a call, or all of
 * them where force is true. heartbeat grows with each call in a thread. It may
 * allocate; while it runs it is not called again in that thread. NULL: none.
 */
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wlong-long" /* C++98 has none */
#endif
typedef void (mi_cdecl mi_deferred_free_fun)(bool force,
					     unsigned long long heartbeat,
					     void *arg);
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
mi_decl_export void mi_register_deferred_free(
	mi_deferred_free_fun *deferred_free, void *arg) mi_attr_noexcept;

/*
 * Where messages go: msg ends with a NUL, and may be part of a line. It must
 * not allocate. NULL: standard error, or the console.
 */
typedef void (mi_cdecl mi_output_fun)(const char *msg, void *arg);
mi_decl_export void mi_register_output(mi_output_fun *out, void *arg)
	mi_attr_noexcept;

/*
 * Called on an error, after its message went to the output hook. err is
 *
 *   EINVAL     a pointer that is no block of ours: foreign or interior
 *   EAGAIN     a block that was freed before
 *   EFAULT     damaged data of the allocator
 *   ENOMEM     a request failed for want of memory
 *   EOVERFLOW  a request above PTRDIFF_MAX, or count * size overflows
 *
 * Where it returns from one of the first three, the policy applies: abort, or
 * with MIMALLOC_ABORT_ON_ERROR=0 ignore the call. After the last two the request
 * gives NULL. NULL: no hook.
 */
typedef void (mi_cdecl mi_error_fun)(int err, void *arg);
mi_decl_export void mi_register_error(mi_error_fun *fun, void *arg)
	mi_attr_noexcept;

/* ---- Options ----------------------------------------------------------- */

/*
 * Values as in 2.1.7. An option without a meaning here is accepted and kept,
 * and has no effect.
 */
typedef enum mi_option_e {
	mi_option_show_errors = 0,
	mi_option_show_stats = 1,
	mi_option_verbose = 2,
	mi_option_eager_commit = 3,
	mi_option_arena_eager_commit = 4,
	mi_option_purge_decommits = 5,
	mi_option_allow_large_os_pages = 6,
	mi_option_reserve_huge_os_pages = 7,
	mi_option_reserve_huge_os_pages_at = 8,
	mi_option_reserve_os_memory = 9,	/* KiB */
	mi_option_deprecated_segment_cache = 10,
	mi_option_deprecated_page_reset = 11,
	mi_option_abandoned_page_purge = 12,
	mi_option_deprecated_segment_reset = 13,
	mi_option_eager_commit_delay = 14,
	mi_option_purge_delay = 15,		/* milliseconds */
	mi_option_use_numa_nodes = 16,
	mi_option_disallow_os_alloc = 17,
	mi_option_os_tag = 18,
	mi_option_max_errors = 19,
	mi_option_max_warnings = 20,
	mi_option_max_segment_reclaim = 21,
	mi_option_destroy_on_exit = 22,
	mi_option_arena_reserve = 23,		/* KiB */
	mi_option_arena_purge_mult = 24,
	mi_option_purge_extend_delay = 25,
	mi_option_abandoned_reclaim_on_free = 26,
	mi_option_disallow_arena_alloc = 27,
	mi_option_retry_on_oom = 28,
	_mi_option_last = 29			/* how many there are */
} mi_option_t;

/*
 * Read and set options, O(1). A hosted system reads MIMALLOC_<NAME> from the
 * environment first: a number, and where it is a size one of bytes, or with K,
 * M, G or T of KiB, MiB, GiB or TiB. An option that does not exist reads as 0,
 * and is never set.
 *
 * is_enabled      whether the value is not 0
 * enable, disable set it to 1, to 0
 * set_default     sets it unless the environment or a call has set it already
 */
mi_decl_nodiscard mi_decl_export bool mi_option_is_enabled(mi_option_t option)
	mi_attr_noexcept;
mi_decl_export void mi_option_enable(mi_option_t option) mi_attr_noexcept;
mi_decl_export void mi_option_disable(mi_option_t option) mi_attr_noexcept;
mi_decl_export void mi_option_set_enabled(mi_option_t option, bool enable)
	mi_attr_noexcept;
mi_decl_export void mi_option_set_enabled_default(mi_option_t option,
						  bool enable)
	mi_attr_noexcept;
mi_decl_nodiscard mi_decl_export long mi_option_get(mi_option_t option)
	mi_attr_noexcept;
mi_decl_export void mi_option_set(mi_option_t option, long value)
	mi_attr_noexcept;
mi_decl_export void mi_option_set_default(mi_option_t option, long value)
	mi_attr_noexcept;

/* The value, raised to min where below it, lowered to max where above it. */
mi_decl_nodiscard mi_decl_export long
mi_option_get_clamp(mi_option_t option, long min, long max) mi_attr_noexcept;

/* The value in bytes where its unit is KiB, else as it is; negative: 0. */
mi_decl_nodiscard mi_decl_export size_t mi_option_get_size(mi_option_t option)
	mi_attr_noexcept;

/* ---- Statistics -------------------------------------------------------- */

/*
 * Times in milliseconds, memory in bytes, page faults by number. Any pointer
 * may be NULL; what the system does not tell is 0.
 */
mi_decl_export void mi_process_info(size_t *elapsed_msecs, size_t *user_msecs,
				    size_t *system_msecs, size_t *current_rss,
				    size_t *peak_rss, size_t *current_commit,
				    size_t *peak_commit, size_t *page_faults)
	mi_attr_noexcept;

/* Set the statistics to zero; add this thread's to those of the process. */
mi_decl_export void mi_stats_reset(void) mi_attr_noexcept;
mi_decl_export void mi_stats_merge(void) mi_attr_noexcept;

/*
 * Print the statistics of the process, or of this thread, through out; out
 * NULL is the output hook. mi_stats_print() ignores its argument, which is
 * there for old programs, and takes the output hook.
 */
mi_decl_export void mi_stats_print(void *out) mi_attr_noexcept;
mi_decl_export void mi_stats_print_out(mi_output_fun *out, void *arg)
	mi_attr_noexcept;
mi_decl_export void mi_thread_stats_print_out(mi_output_fun *out, void *arg)
	mi_attr_noexcept;

/*
 * Added by 2.2: the same as JSON, see docs/statistics.md, in a buffer of so
 * many bytes, or, where buf is NULL, in a block that is to be freed by
 * mi_free(). Gives the buffer, or NULL: the text does not fit, or there is no
 * memory. 32 KiB are enough for all block sizes.
 */
mi_decl_export char *mi_stats_get_json(size_t buf_size, char *buf)
	mi_attr_noexcept;

/* ---- Added by v3, where they cost nothing ------------------------------ */

/* mi_free() of a block asked for with MI_SMALL_SIZE_MAX bytes or less. */
mi_decl_export void mi_free_small(void *p) mi_attr_noexcept;

/* mi_zalloc_small() from a heap. */
mi_decl_alloc void *mi_heap_zalloc_small(mi_heap_t *heap, size_t size)
	mi_attr_noexcept mi_attr_malloc mi_attr_alloc_size(2);

/*
 * The heap that p, any pointer at all, points into: NULL where there is none,
 * as for a block whose thread has ended. contains: whether it is this heap;
 * any: whether there is one. O(1).
 */
mi_decl_nodiscard mi_decl_export mi_heap_t *mi_heap_of(const void *p)
	mi_attr_noexcept;
mi_decl_nodiscard mi_decl_export bool
mi_heap_contains(const mi_heap_t *heap, const void *p) mi_attr_noexcept;
mi_decl_nodiscard mi_decl_export bool mi_any_heap_contains(const void *p)
	mi_attr_noexcept;

/* The backing heap of the main thread, which alone may allocate from it. */
mi_decl_nodiscard mi_decl_export mi_heap_t *mi_heap_main(void)
	mi_attr_noexcept;

/* Whether p points into this arena; no such arena: false. */
mi_decl_nodiscard mi_decl_export bool
mi_arena_contains(mi_arena_id_t arena_id, const void *p) mi_attr_noexcept;

/* Bytes: what an arena's start is rounded up to, the least it may have. */
mi_decl_nodiscard mi_decl_export size_t mi_arena_min_alignment(void)
	mi_attr_noexcept;
mi_decl_nodiscard mi_decl_export size_t mi_arena_min_size(void)
	mi_attr_noexcept;

/* Print the options, or what mi_process_info() tells; out as above. */
mi_decl_export void mi_options_print(void) mi_attr_noexcept;
mi_decl_export void mi_options_print_out(mi_output_fun *out, void *arg)
	mi_attr_noexcept;
mi_decl_export void mi_process_info_print(void) mi_attr_noexcept;
mi_decl_export void mi_process_info_print_out(mi_output_fun *out, void *arg)
	mi_attr_noexcept;

#ifdef __cplusplus
} /* extern "C" */
#endif

/* ---- Typed macros ------------------------------------------------------ */

/* Room for one tp, or for an array of n, as a tp *; no constructor runs. */
#ifdef __cplusplus
#define mi_typed_(tp, p) (static_cast<tp *>(p))
#else
#define mi_typed_(tp, p) ((tp *)(p))
#endif

#define mi_malloc_tp(tp) mi_typed_(tp, mi_malloc(sizeof(tp)))
#define mi_zalloc_tp(tp) mi_typed_(tp, mi_zalloc(sizeof(tp)))
#define mi_calloc_tp(tp, n) mi_typed_(tp, mi_calloc(n, sizeof(tp)))
#define mi_mallocn_tp(tp, n) mi_typed_(tp, mi_mallocn(n, sizeof(tp)))
#define mi_reallocn_tp(p, tp, n) mi_typed_(tp, mi_reallocn(p, n, sizeof(tp)))
#define mi_recalloc_tp(p, tp, n) mi_typed_(tp, mi_recalloc(p, n, sizeof(tp)))

#define mi_heap_malloc_tp(hp, tp) mi_typed_(tp, mi_heap_malloc(hp, sizeof(tp)))
#define mi_heap_zalloc_tp(hp, tp) mi_typed_(tp, mi_heap_zalloc(hp, sizeof(tp)))
#define mi_heap_calloc_tp(hp, tp, n) \
	mi_typed_(tp, mi_heap_calloc(hp, n, sizeof(tp)))
#define mi_heap_mallocn_tp(hp, tp, n) \
	mi_typed_(tp, mi_heap_mallocn(hp, n, sizeof(tp)))
#define mi_heap_reallocn_tp(hp, p, tp, n) \
	mi_typed_(tp, mi_heap_reallocn(hp, p, n, sizeof(tp)))
#define mi_heap_recalloc_tp(hp, p, tp, n) \
	mi_typed_(tp, mi_heap_recalloc(hp, p, n, sizeof(tp)))

/* ---- C++ allocators ---------------------------------------------------- */

/* They need a C++ library, which a unikernel may not have. */
#if defined(__cplusplus) && defined(__has_include)
#if !__has_include(<new>) || !__has_include(<cstdlib>)
#define MI_NO_CXX_LIBRARY 1
#endif
#endif

#if defined(__cplusplus) && !defined(MI_NO_CXX_LIBRARY)

#include <cstddef>
#include <cstdlib>
#include <new>
#if __cplusplus >= 201103L
#include <memory>
#include <type_traits>
#include <utility>
#endif

namespace mi_detail {

#if __cplusplus >= 201103L
template <class T> struct align_of {
	static constexpr std::size_t value = alignof(T);
};
#elif defined(__GNUC__)
template <class T> struct align_of {
	enum { value = __alignof__(T) };
};
#else
template <class T> struct align_of {
	enum { value = sizeof(void *) };
};
#endif

inline std::new_handler get_new_handler()
{
#if __cplusplus >= 201103L
	return std::get_new_handler();
#else
	std::new_handler handler = std::set_new_handler(0);

	std::set_new_handler(handler);
	return handler;
#endif
}

/* No memory will ever do. Without exceptions, all that is left is the end. */
#if defined(__cpp_exceptions) || defined(__EXCEPTIONS)
inline void throw_bad_alloc() { throw std::bad_alloc(); }
#else
inline void throw_bad_alloc() { std::abort(); }
#endif

/* Returns where the new-handler did: it is worth another try. */
inline void out_of_memory()
{
	std::new_handler handler = get_new_handler();

	if (!handler)
		throw_bad_alloc();
	handler();
}

/* Elements of T in the largest block there may be, PTRDIFF_MAX bytes. */
template <class T> inline std::size_t max_count() mi_attr_noexcept
{
	return (~static_cast<std::size_t>(0) / 2) / sizeof(T);
}

/* Room for n objects of T from a heap; NULL is the default heap. */
template <class T> inline T *allocate(mi_heap_t *heap, std::size_t n)
{
	const std::size_t align = align_of<T>::value;
	void *p;

	if (n > max_count<T>())
		throw_bad_alloc();
	for (;;) {
		if (align <= 16)
			p = heap ? mi_heap_malloc(heap, n * sizeof(T))
				 : mi_malloc(n * sizeof(T));
		else
			p = heap ? mi_heap_malloc_aligned(heap, n * sizeof(T),
							  align)
				 : mi_malloc_aligned(n * sizeof(T), align);
		if (p)
			return static_cast<T *>(p);
		out_of_memory();
	}
}

/* What the allocators below share: the members that know T alone. */
template <class T> struct allocator_base {
	typedef T value_type;
	typedef std::size_t size_type;
	typedef std::ptrdiff_t difference_type;
	typedef T &reference;
	typedef const T &const_reference;
	typedef T *pointer;
	typedef const T *const_pointer;

#if __cplusplus >= 201103L
	using propagate_on_container_copy_assignment = std::true_type;
	using propagate_on_container_move_assignment = std::true_type;
	using propagate_on_container_swap = std::true_type;

	template <class U, class... Args> void construct(U *p, Args &&...args)
	{
		::new (static_cast<void *>(p)) U(std::forward<Args>(args)...);
	}
	template <class U> void destroy(U *p) noexcept { p->~U(); }
#else
	void construct(pointer p, const_reference value)
	{
		::new (static_cast<void *>(p)) value_type(value);
	}
	void destroy(pointer p) { p->~T(); }
#endif

	pointer address(reference x) const mi_attr_noexcept { return &x; }
	const_pointer address(const_reference x) const mi_attr_noexcept
	{
		return &x;
	}
	size_type max_size() const mi_attr_noexcept { return max_count<T>(); }
};

} /* namespace mi_detail */

/*
 * A standard allocator over the default heap of the thread that allocates. All
 * of them are equal. allocate() throws std::bad_alloc where memory is out and
 * there is no new-handler; built without exceptions, it aborts.
 */
template <class T>
struct mi_stl_allocator : public mi_detail::allocator_base<T> {
	typedef std::size_t size_type;

	template <class U> struct rebind {
		typedef mi_stl_allocator<U> other;
	};
#if __cplusplus >= 201103L
	using is_always_equal = std::true_type;
#endif

	mi_stl_allocator() mi_attr_noexcept {}
	mi_stl_allocator(const mi_stl_allocator &other) mi_attr_noexcept
		: mi_detail::allocator_base<T>(other) {}
	template <class U>
	mi_stl_allocator(const mi_stl_allocator<U> &) mi_attr_noexcept {}
	mi_stl_allocator &operator=(const mi_stl_allocator &) mi_attr_noexcept
	{
		return *this;
	}

	mi_stl_allocator select_on_container_copy_construction() const
	{
		return *this;
	}

	mi_decl_nodiscard T *allocate(size_type n, const void * = 0)
	{
		return mi_detail::allocate<T>(0, n);
	}
	void deallocate(T *p, size_type) mi_attr_noexcept { mi_free(p); }
};

template <class T1, class T2>
inline bool operator==(const mi_stl_allocator<T1> &,
		       const mi_stl_allocator<T2> &) mi_attr_noexcept
{
	return true;
}

template <class T1, class T2>
inline bool operator!=(const mi_stl_allocator<T1> &,
		       const mi_stl_allocator<T2> &) mi_attr_noexcept
{
	return false;
}

#if __cplusplus >= 201103L

namespace mi_detail {

/*
 * An allocator over a heap of its own, which it shares with its copies and
 * which ends with the last of them; or over the caller's heap, which it leaves
 * alone. Where is_destroy, the heap is destroyed at its end, and deallocate()
 * does nothing. All copies stay with the thread that made the heap.
 */
template <class T, bool is_destroy>
struct heap_allocator : public allocator_base<T> {
	using is_always_equal = std::false_type;

	explicit heap_allocator(mi_heap_t *heap)
		: heap_(heap, leave_alone()) {}

	/* Moving is copying: what was moved from must keep its heap. */
	heap_allocator(const heap_allocator &) = default;
	heap_allocator &operator=(const heap_allocator &) = default;

	heap_allocator() : heap_(make_heap(), end_heap()) {}

	template <class U>
	explicit heap_allocator(const heap_allocator<U, is_destroy> &other)
		noexcept : heap_(other.shared_heap()) {}

	mi_decl_nodiscard T *allocate(std::size_t n, const void * = nullptr)
	{
		return mi_detail::allocate<T>(heap_.get(), n);
	}

	void deallocate(T *p, std::size_t) noexcept
	{
		if (!is_destroy)
			mi_free(p);
	}

	/* mi_heap_collect() on the heap. */
	void collect(bool force) noexcept
	{
		mi_heap_collect(heap_.get(), force);
	}

	/* Whether p points into the heap, whether other has the same heap. */
	bool is_owner(const void *p) const noexcept
	{
		return mi_heap_check_owned(heap_.get(), p);
	}
	template <class U>
	bool is_equal(const heap_allocator<U, is_destroy> &other) const noexcept
	{
		return heap_ == other.shared_heap();
	}

	const std::shared_ptr<mi_heap_t> &shared_heap() const noexcept
	{
		return heap_;
	}

private:
	struct leave_alone {
		void operator()(mi_heap_t *) const noexcept {}
	};

	struct end_heap {
		void operator()(mi_heap_t *heap) const noexcept
		{
			if (is_destroy)
				mi_heap_destroy(heap);
			else
				mi_heap_delete(heap);
		}
	};

	static mi_heap_t *make_heap()
	{
		mi_heap_t *heap;

		while (!(heap = mi_heap_new()))
			out_of_memory();
		return heap;
	}

	std::shared_ptr<mi_heap_t> heap_;
};

template <class T1, class T2, bool is_destroy>
inline bool operator==(const heap_allocator<T1, is_destroy> &a,
		       const heap_allocator<T2, is_destroy> &b) noexcept
{
	return a.is_equal(b);
}

template <class T1, class T2, bool is_destroy>
inline bool operator!=(const heap_allocator<T1, is_destroy> &a,
		       const heap_allocator<T2, is_destroy> &b) noexcept
{
	return !a.is_equal(b);
}

} /* namespace mi_detail */

/* The heap is deleted at the end: blocks that are still live stay valid. */
template <class T>
struct mi_heap_stl_allocator : public mi_detail::heap_allocator<T, false> {
	using base = mi_detail::heap_allocator<T, false>;
	template <class U> struct rebind {
		using other = mi_heap_stl_allocator<U>;
	};

	mi_heap_stl_allocator() = default;
	mi_heap_stl_allocator(mi_heap_t *heap) : base(heap) {}
	template <class U>
	mi_heap_stl_allocator(const mi_heap_stl_allocator<U> &other) noexcept
		: base(other) {}

	mi_heap_stl_allocator select_on_container_copy_construction() const
	{
		return *this;
	}
};

/* The heap is destroyed at the end, and every block of it with it. */
template <class T>
struct mi_heap_destroy_stl_allocator
	: public mi_detail::heap_allocator<T, true> {
	using base = mi_detail::heap_allocator<T, true>;
	template <class U> struct rebind {
		using other = mi_heap_destroy_stl_allocator<U>;
	};

	mi_heap_destroy_stl_allocator() = default;
	mi_heap_destroy_stl_allocator(mi_heap_t *heap) : base(heap) {}
	template <class U>
	mi_heap_destroy_stl_allocator(
		const mi_heap_destroy_stl_allocator<U> &other) noexcept
		: base(other) {}

	mi_heap_destroy_stl_allocator
	select_on_container_copy_construction() const
	{
		return *this;
	}
};

#endif /* C++11 */
#endif /* __cplusplus */

#endif /* MIMALLOC_H */
