/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All complaints. A caller's mistake is always reported; then the policy
 * decides. Exhausted memory is an answer, not a mistake: reported only where
 * that is asked for.
 */
#include "ground/error.h"

struct error_policy error_policy = {
	.abort = true, .trace = true, .max_messages = 32,
};

static struct {
	error_fun *call;
	void *arg;
} hook;

static long messages;

void error_set_hook(error_fun *call, void *arg)
{
	hook.call = call;
	hook.arg = arg;
}

static void call_hook(int error)
{
	if (hook.call)
		hook.call(error, hook.arg);
}

static const struct {
	const char *before, *after;
	int error;
} catalogue[] = {
	[ERROR_FOREIGN] = { "invalid ", ": not a block of this heap",
			    PORT_EINVAL },
	[ERROR_INTERIOR] = { "invalid ",
			     ": inside a block, not at its start",
			     PORT_EINVAL },
	[ERROR_DOUBLE_FREE] = { "double ", "", PORT_EAGAIN },
	[ERROR_OVERWRITTEN] = { "free block ", " was written to",
				PORT_EFAULT },
};

void error_detail(struct text *text)
{
	text_begin(text, "mimalloc: error:   ");
}

/* The line that names the mistake and the pointer */
static void tell_mistake(struct text *text, const struct pointer_report *report)
{
	enum pointer_error error = report->error;
	bool is_free = report->call[0] == 'f';

	text_begin(text, "mimalloc: error: ");
	text_string(text, error == ERROR_DOUBLE_FREE && !is_free ? "invalid " :
		    catalogue[error].before);
	if (error != ERROR_OVERWRITTEN)
		text_string(text, is_free ? "free of " : "pointer ");
	text_hex(text, (uintptr_t)report->p);
	text_string(text, catalogue[error].after);
	if (!is_free && error != ERROR_OVERWRITTEN) {
		text_string(text, error == ERROR_DOUBLE_FREE ?
			    ": freed already, in " : ", in ");
		text_string(text, report->call);
	}
	text_string(text, "\n");
	text_print(text);
}

static void tell_place(struct text *text, const struct pointer_report *report)
{
	const struct error_place *place = &report->place;

	error_detail(text);
	text_string(text, place->what ? place->what : "not in our memory");
	if (place->start) {
		text_string(text, " ");
		text_hex(text, place->start);
		text_string(text, " of ");
		text_number(text, place->bytes, 1);
		text_string(text, " bytes, offset ");
		text_number(text, (uintptr_t)report->p - place->start, 1);
		text_string(text, ": ");
		text_string(text, place->state);
		text_string(text, place->whose);
	}
	text_string(text, "\n");
	text_print(text);
}

COLD void error_pointer(const struct pointer_report *report)
{
	struct text text = { .length = 0 };

	tell_mistake(&text, report);
	tell_place(&text, report);
	port_tell_caller(report->caller);
	call_hook(catalogue[report->error].error);
	if (error_policy.abort)
		port_abort();
}

static bool may_complain(void)
{
	return error_policy.show && (error_policy.max_messages < 0 ||
				     messages++ < error_policy.max_messages);
}

COLD void *error_no_memory(size_t bytes)
{
	struct text text = { .length = 0 };

	if (may_complain()) {
		text_begin(&text, "mimalloc: error: no memory for ");
		text_number(&text, bytes, 1);
		text_string(&text, " bytes\n");
		text_print(&text);
	}
	call_hook(bytes > PTRDIFF_MAX ? PORT_EOVERFLOW : PORT_ENOMEM);
	port_set_errno(PORT_ENOMEM);
	return NULL;
}

COLD void *error_overflow(size_t count, size_t size)
{
	struct text text = { .length = 0 };

	if (may_complain()) {
		text_begin(&text, "mimalloc: error: overflow of ");
		text_number(&text, count, 1);
		text_string(&text, " * ");
		text_number(&text, size, 1);
		text_string(&text, " bytes\n");
		text_print(&text);
	}
	call_hook(PORT_EOVERFLOW);
	port_set_errno(PORT_ENOMEM);
	return NULL;
}

COLD void *error_alignment(size_t alignment)
{
	struct text text = { .length = 0 };

	if (may_complain()) {
		text_begin(&text, "mimalloc: error: bad alignment ");
		text_number(&text, alignment, 1);
		text_string(&text, "\n");
		text_print(&text);
	}
	port_set_errno(PORT_EINVAL);
	return NULL;
}

COLD void error_assert(const char *what, const char *file, int line)
{
	struct text text = { .length = 0 };

	text_begin(&text, "mimalloc: assertion failed: ");
	text_string(&text, what);
	text_string(&text, " (");
	text_string(&text, file);
	text_string(&text, ":");
	text_number(&text, (size_t)line, 1);
	text_string(&text, ")\n");
	text_print(&text);
	port_abort();
}
