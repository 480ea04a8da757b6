/* SPDX-License-Identifier: BSD-3-Clause */
/* Duplicates of strings, and names of POSIX, BSD and Microsoft. */
#include "api/api.h"

static size_t length(const char *s, size_t limit)
{
	size_t n = 0;

	while (n < limit && s[n])
		n++;
	return n;
}

char *mi_heap_strndup(mi_heap_t *heap, const char *s, size_t n)
{
	char *copy;

	if (!s)
		return NULL;
	n = length(s, n);
	copy = mi_heap_malloc(heap, n + 1);
	if (copy) {
		memory_copy(copy, s, n);
		copy[n] = 0;
	}
	return copy;
}

char *mi_heap_strdup(mi_heap_t *heap, const char *s)
{
	return mi_heap_strndup(heap, s, SIZE_MAX);
}

char *mi_strdup(const char *s)
{
	return mi_heap_strdup(heap_to_api(heap_here()), s);
}

char *mi_strndup(const char *s, size_t n)
{
	return mi_heap_strndup(heap_to_api(heap_here()), s, n);
}

unsigned char *mi_mbsdup(const unsigned char *s)
{
	return (unsigned char *)mi_strdup((const char *)s);
}

unsigned short *mi_wcsdup(const unsigned short *s)
{
	unsigned short *copy;
	size_t n = 0;

	if (!s)
		return NULL;
	while (s[n])
		n++;
	n = (n + 1) * sizeof(*s);
	copy = mi_malloc(n);
	if (copy)
		memory_copy(copy, s, n);
	return copy;
}

char *mi_realpath(const char *fname, char *resolved_name)
{
	return mi_heap_realpath(heap_to_api(heap_here()), fname,
				resolved_name);
}

char *mi_heap_realpath(mi_heap_t *heap, const char *fname,
		       char *resolved_name)
{
	char path[PORT_PATH_MAX];

	if (!port_realpath(fname, resolved_name ? resolved_name : path))
		return NULL;
	return resolved_name ? resolved_name : mi_heap_strdup(heap, path);
}

int mi_dupenv_s(char **buf, size_t *size, const char *name)
{
	const char *value;

	if (size)
		*size = 0;
	if (!buf || !name)
		return PORT_EINVAL;
	*buf = NULL;
	value = port_environment(name);
	if (!value)
		return 0;
	*buf = mi_strdup(value);
	if (!*buf)
		return PORT_ENOMEM;
	if (size)
		*size = length(value, SIZE_MAX) + 1;
	return 0;
}

/* There is no environment of wide characters here */
int mi_wdupenv_s(unsigned short **buf, size_t *size,
		 const unsigned short *name)
{
	(void)name;
	if (size)
		*size = 0;
	if (buf)
		*buf = NULL;
	return PORT_EINVAL;
}

void *mi_reallocarray(void *p, size_t count, size_t size)
{
	return mi_reallocn(p, count, size);
}

int mi_reallocarr(void *p, size_t count, size_t size)
{
	int error = port_errno();
	void *block, **where = p;

	if (!p)
		return PORT_EINVAL;
	block = mi_reallocn(*where, count, size);
	if (!block) {
		port_set_errno(error);
		return PORT_ENOMEM;
	}
	*where = block;
	return 0;
}

void *mi__expand(void *p, size_t newsize)
{
	void *block = mi_expand(p, newsize);

	if (!block)
		port_set_errno(PORT_ENOMEM);
	return block;
}

size_t mi_malloc_size(const void *p)
{
	return mi_usable_size(p);
}

size_t mi_malloc_usable_size(const void *p)
{
	return mi_usable_size(p);
}

size_t mi_malloc_good_size(size_t size)
{
	return mi_good_size(size);
}

void mi_cfree(void *p)
{
	if (p && block_run_quiet(instance_here(), p))
		mi_free(p);
}
