/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Of a report: which thread calls, and from where. A mistake may be made while
 * the loader has its lock, in this thread or in another one. So nothing here
 * waits for that: files are found by _dl_find_object(3), the stack is walked by
 * an unwinder that does the same, and no function is looked up by its name.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>

#include "ground/atomic.h"
#include "ground/error.h"
#include "ground/types.h"
#include "system.h"

#define FRAMES_MAX	32
#define PATH_SHOWN	120	/* of a file's name, its end */

#ifdef DLFO_STRUCT_HAS_EH_DBASE
#pragma weak _dl_find_object
#endif
/* Part of the shared library; an archive uses that of the program, if any */
#ifndef PORT_UNWINDER
#pragma weak _Unwind_Backtrace
#pragma weak _Unwind_GetIP
#endif

static void tell_thread(struct text *text)
{
	char name[16 + 1] = "";

	error_detail(text);
	text_string(text, "thread ");
	text_number(text, (size_t)syscall(SYS_gettid), 1);
	if (prctl(PR_GET_NAME, name) == 0) {
		text_string(text, " (");
		text_name(text, name, sizeof(name));
		text_string(text, ")");
	}
	text_string(text, "\n");
	text_print(text);
}

/* The file that was loaded there, or NULL */
static const struct link_map *find_file(uintptr_t address)
{
#ifdef DLFO_STRUCT_HAS_EH_DBASE
	struct dl_find_object found;

	if (_dl_find_object && _dl_find_object((void *)address, &found) == 0)
		return found.dlfo_link_map;
#else
	(void)address;
#endif
	return NULL;
}

/* file(+offset) [address]: addr2line(1) takes the offset */
static void tell_frame(struct text *text, uintptr_t address)
{
	/* A call may be the last of its function, and that of its file */
	const struct link_map *file = find_file(address - 1);
	const char *path;
	size_t length;

	error_detail(text);
	text_string(text, "from ");
	if (file) {
		path = file->l_name && *file->l_name ? file->l_name :
		       program_invocation_name;
		length = strlen(path);
		text_name(text, path + (length > PATH_SHOWN ?
					length - PATH_SHOWN : 0), PATH_SHOWN);
		text_string(text, "(+");
		text_hex(text, address - file->l_addr);
		text_string(text, ") ");
	}
	text_string(text, "[");
	text_hex(text, address);
	text_string(text, "]\n");
	text_print(text);
}

/* Whether the address is in the shared library that we are */
static bool is_ours(uintptr_t address)
{
#ifdef PORT_EARLY
	/* This library, from its first byte to its last: the linker's names */
	extern HIDDEN const char __ehdr_start[], _end[];

	return address - (uintptr_t)__ehdr_start <
	       (uintptr_t)_end - (uintptr_t)__ehdr_start;
#else
	(void)address;
	return false;
#endif
}

struct walk {
	uintptr_t calls[FRAMES_MAX];
	int count;
};

static _Unwind_Reason_Code step(struct _Unwind_Context *context, void *arg)
{
	struct walk *walk = arg;
	uintptr_t address = _Unwind_GetIP(context);

	if (!address || walk->count == FRAMES_MAX)
		return _URC_END_OF_STACK;
	walk->calls[walk->count++] = address;
	return _URC_NO_REASON;
}

/* Behind that of the caller, who was told, and outside of us */
static void tell_frames(struct text *text, uintptr_t caller)
{
	struct walk walk = { .count = 0 };
	int i = 0;

	_Unwind_Backtrace(step, &walk);
	while (i < walk.count && walk.calls[i] != caller)
		i++;
	i = i < walk.count ? i + 1 : 0;
	while (i < walk.count && is_ours(walk.calls[i]))
		i++;
	for (; i < walk.count; i++)
		tell_frame(text, walk.calls[i]);
}

/* Without _dl_find_object() an unwinder takes the loader's lock */
static bool can_walk(void)
{
#ifdef PORT_UNWINDER
	return true;
#elif defined(DLFO_STRUCT_HAS_EH_DBASE)
	return _Unwind_Backtrace && _Unwind_GetIP && _dl_find_object;
#else
	return false;
#endif
}

void port_tell_caller(const void *caller)
{
	struct text text = { .length = 0 };
	uintptr_t address = (uintptr_t)caller;
	int error = errno;

	tell_thread(&text);
	if (address && !is_ours(address))
		tell_frame(&text, address);
	if (error_policy.trace && can_walk() &&
	    !port_lock_is_interrupted(&default_instance.lock))
		tell_frames(&text, address);
	errno = error;
}
