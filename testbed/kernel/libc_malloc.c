/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The application's allocation functions: as in Unikraft, the default
 * allocator's. The names that musl uses inside itself lead here too.
 * aligned_alloc and malloc_usable_size, which Unikraft's libcs lack, are left
 * to the allocator under test: musl's would bring in musl's own malloc, and the
 * Makefile refuses that.
 */
#include <stddef.h>
#include <uk/alloc.h>

void *malloc(size_t size)
{
	return uk_malloc(uk_alloc_get_default(), size);
}

void *calloc(size_t count, size_t size)
{
	return uk_calloc(uk_alloc_get_default(), count, size);
}

void *realloc(void *block, size_t size)
{
	return uk_realloc(uk_alloc_get_default(), block, size);
}

void free(void *block)
{
	uk_free(uk_alloc_get_default(), block);
}

int posix_memalign(void **block, size_t align, size_t size)
{
	return uk_posix_memalign(uk_alloc_get_default(), block, align, size);
}

void *memalign(size_t align, size_t size)
{
	return uk_memalign(uk_alloc_get_default(), align, size);
}

void *__libc_malloc(size_t size) __attribute__((alias("malloc")));
void *__libc_calloc(size_t count, size_t size)
	__attribute__((alias("calloc")));
void *__libc_realloc(void *block, size_t size)
	__attribute__((alias("realloc")));
void __libc_free(void *block) __attribute__((alias("free")));
void *__libc_malloc_impl(size_t size) __attribute__((alias("malloc")));
