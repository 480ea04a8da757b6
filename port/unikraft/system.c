/* SPDX-License-Identifier: BSD-3-Clause */
/* What src/ground/port.h asks for, but for threads and parameters. */
#include <errno.h>
#include <string.h>

#include "port_internal.h"

#include <uk/print.h>

#include "ground/error.h"

/* Memory is handed over: by uk_mimalloc_init() and addmem */
void *port_reserve(enum port_area area, size_t least, size_t *bytes,
		   bool *is_zero)
{
	(void)area;
	(void)least;
	(void)bytes;
	(void)is_zero;
	return NULL;
}

void port_release(void *start, size_t bytes)
{
	(void)start;
	(void)bytes;
}

size_t port_extend(enum port_area area, void *end, size_t least, size_t bytes)
{
	(void)area;
	(void)end;
	(void)least;
	(void)bytes;
	return 0;
}

size_t port_page_bytes(void)
{
	return UNIT_SIZE;
}

size_t port_request_max(void)
{
	return PTRDIFF_MAX;
}

bool port_copy_touched(void *to, const void *from, size_t bytes)
{
	(void)to;
	(void)from;
	(void)bytes;
	return false;
}

bool port_zero_touched(void *start, size_t bytes, bool purges)
{
	(void)purges;
	(void)start;
	(void)bytes;
	return false;
}

enum port_moved port_move(void *to, void *from, size_t bytes)
{
	(void)to;
	(void)from;
	(void)bytes;
	return PORT_NOT_MOVED;
}

enum port_moved port_renew(void *start, size_t bytes)
{
	(void)start;
	(void)bytes;
	return PORT_NOT_MOVED;
}

void port_thread_started(void)
{
}

#if CONFIG_LIBUKSCHED

#include <uk/thread.h>

#define thread_here()	uk_thread_current()

static void tell_thread_name(struct text *text, const struct uk_thread *thread)
{
	if (!thread->name)
		return;
	text_string(text, " (");
	text_name(text, thread->name, 32);
	text_string(text, ")");
}

#else

#define thread_here()	NULL
#define tell_thread_name(text, thread)	((void)(thread))

#endif /* CONFIG_LIBUKSCHED */

static bool begins_with(const char *text, const char *word)
{
	while (*word && *text == *word) {
		text++;
		word++;
	}
	return !*word;
}

/* What is wrong goes to the kernel's log; figures are printed as they are */
void port_message(const char *text)
{
	size_t length;

	if (begins_with(text, "mimalloc: error") ||
	    begins_with(text, "mimalloc: assertion")) {
		uk_pr_crit("%s", text);
		return;
	}
	if (begins_with(text, "mimalloc: warning")) {
		uk_pr_err("%s", text);
		return;
	}
	for (; *text; text += length) {
		for (length = 0; text[length] && text[length] != '\n';)
			length++;
		compat_write(text, length);
		if (!text[length])
			break;
		compat_write("\r\n", 2);
		length++;
	}
}

/* The stack is not unwound: Unikraft keeps no tables for that */
void port_tell_caller(const void *caller)
{
	const struct uk_thread *thread = thread_here();
	struct text text = { .length = 0 };

	if (thread) {
		error_detail(&text);
		text_string(&text, "thread ");
		text_hex(&text, (uintptr_t)thread);
		tell_thread_name(&text, thread);
		text_string(&text, "\n");
		text_print(&text);
	}
	if (caller) {
		error_detail(&text);
		text_string(&text, "from [");
		text_hex(&text, (uintptr_t)caller);
		text_string(&text, "]\n");
		text_print(&text);
	}
}

/* errno is thread local: a wild access before there is such storage */
int port_errno(void)
{
	return compat_tlsp_get() ? errno : 0;
}

void port_set_errno(int error)
{
	if (compat_tlsp_get())
		errno = error;
}

void port_abort(void)
{
	compat_crash();
}

#if PORT_FRAMES_RUN_OUT

/*
 * Frames that are left to others: stacks, page tables, and what drivers map.
 * A part of all frames, within limits.
 */
#define RESERVE_SHARE		32
#define RESERVE_BYTES_MIN	((size_t)256 << 10)
#define RESERVE_BYTES_MAX	((size_t)16 << 20)

/* Of what is touched, so much goes into tables and into the engine's map */
#define TABLES_SHARE		256

static size_t reserve_bytes(size_t total)
{
	size_t bytes = total / RESERVE_SHARE;

	if (bytes < RESERVE_BYTES_MIN)
		return RESERVE_BYTES_MIN;
	return bytes < RESERVE_BYTES_MAX ? bytes : RESERVE_BYTES_MAX;
}

size_t port_touchable(void)
{
	const struct uk_falloc *frames;
	size_t reserve, left;

	if (!uk_vas_get_active())	/* all is mapped */
		return SIZE_MAX;
	frames = compat_page_table()->fa;
	reserve = reserve_bytes(frames->total_memory);
	if (frames->free_memory <= reserve)
		return 0;
	left = frames->free_memory - reserve;
	return left - left / TABLES_SHARE;
}

bool purge_wanted(void)
{
	return uk_vas_get_active() != NULL;
}

bool port_purge(void *start, size_t bytes)
{
	struct uk_vas *vas = uk_vas_get_active();

	if (vas)
		(void)uk_vma_advise(vas, (__vaddr_t)start, bytes,
				    UK_VMA_ADV_DONTNEED, 0);
	return false;	/* frames come back with what they held last */
}

#else

bool purge_wanted(void)
{
	return false;
}

bool port_purge(void *start, size_t bytes)
{
	(void)start;
	(void)bytes;
	return false;
}

#endif /* PORT_FRAMES_RUN_OUT */
