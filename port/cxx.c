/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What operator new does when memory is out, in all ports. Exceptions pass
 * through here, so this file has unwind tables, as its callers have.
 */
#include <stddef.h>

#include "ground/port.h"
#include "ground/text.h"

/* Of libstdc++ or libc++abi, where the program has one */
typedef void (*new_handler)(void);
__attribute__((weak)) new_handler _ZSt15get_new_handlerv(void);
__attribute__((weak, noreturn)) void _ZSt17__throw_bad_allocv(void);

bool port_new_handler(void)
{
	new_handler handler = NULL;

	if (_ZSt15get_new_handlerv)
		handler = _ZSt15get_new_handlerv();
	if (!handler)
		return false;
	handler();
	return true;
}

void port_throw_bad_alloc(void)
{
	struct text text = { .length = 0 };

	if (_ZSt17__throw_bad_allocv)
		_ZSt17__throw_bad_allocv();
	text_begin(&text, "mimalloc: error: out of memory in operator new\n");
	text_print(&text);
	port_abort();
}
