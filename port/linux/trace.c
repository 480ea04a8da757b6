/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Of a report: which thread calls, and from where. What the C library has for
 * that is used where it has it: glibc unwinds the stack, musl does not, and a
 * static program may have neither that nor names.
 *
 * glibc loads the code that unwinds when it is first asked for: it allocates
 * then, from us. So nothing of ours is held when that is done, and it is done
 * last. A mistake that is found meanwhile is told in short, and ends nothing.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ground/atomic.h"
#include "ground/error.h"
#include "ground/types.h"
#include "system.h"

#define FRAMES_MAX	32
#define PATH_SHOWN	120	/* of a file's name, its end */
#define NAME_SHOWN	80	/* of a function's name, its beginning */

__attribute__((weak)) int backtrace(void **frames, int size);
#pragma weak dladdr

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

static bool address_find(const void *address, Dl_info *info)
{
	memset(info, 0, sizeof(*info));
	return dladdr && dladdr(address, info) && info->dli_fname;
}

/*
 * As backtrace_symbols(3) has it: file(function+offset) [address], or where no
 * name is exported file(+offset), which addr2line(1) takes. A call may be the
 * last of its function: what is looked for is the byte before.
 */
static void tell_frame(struct text *text, const void *frame)
{
	uintptr_t address = (uintptr_t)frame, base;
	size_t length;
	Dl_info info;

	error_detail(text);
	text_string(text, "from ");
	if (address_find((const char *)frame - 1, &info)) {
		length = strlen(info.dli_fname);
		text_name(text, info.dli_fname + (length > PATH_SHOWN ?
						  length - PATH_SHOWN : 0),
			  PATH_SHOWN);
		text_string(text, "(");
		base = (uintptr_t)info.dli_fbase;
		if (info.dli_sname) {
			text_name(text, info.dli_sname, NAME_SHOWN);
			base = (uintptr_t)info.dli_saddr;
		}
		text_string(text, "+");
		text_hex(text, address - base);
		text_string(text, ") ");
	}
	text_string(text, "[");
	text_hex(text, address);
	text_string(text, "]\n");
	text_print(text);
}

/* Whether the address is in the shared library that we are */
static bool is_ours(const void *address)
{
#ifdef PORT_EARLY
	static const char here;
	Dl_info info, own;

	return address_find(&here, &own) && address_find(address, &info) &&
	       own.dli_fbase == info.dli_fbase;
#else
	(void)address;
	return false;
#endif
}

/* Behind that of the caller, who was told, and outside of us */
static void tell_frames(struct text *text, const void *caller)
{
	void *frames[FRAMES_MAX];
	int count = backtrace(frames, FRAMES_MAX), i;

	for (i = 0; i < count && frames[i] != caller;)
		i++;
	i = i < count ? i + 1 : 0;
	while (i < count && is_ours(frames[i]))
		i++;
	for (; i < count; i++)
		tell_frame(text, frames[i]);
}

static uintptr_t tracing;	/* a thread, or 0 */

/* In a child: that thread may not be there */
void trace_forget(void)
{
	__atomic_store_n(&tracing, 0, __ATOMIC_RELAXED);
}

bool port_tell_caller(const void *caller)
{
	uintptr_t nobody = 0, self = port_thread_id();
	struct text text = { .length = 0 };
	int error = errno;

	/* relaxed, here and below: nothing but the word itself is shared */
	if (__atomic_load_n(&tracing, __ATOMIC_RELAXED) == self)
		return false;
	tell_thread(&text);
	if (caller && !is_ours(caller))
		tell_frame(&text, caller);
	if (error_policy.trace && backtrace &&
	    !port_lock_is_interrupted(&default_instance.lock) &&
	    __atomic_compare_exchange_n(&tracing, &nobody, self, false,
					__ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
		tell_frames(&text, caller);
		__atomic_store_n(&tracing, 0, __ATOMIC_RELAXED);
	}
	errno = error;
	return true;
}
