/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <testbed/testbed.h>

#include "javascript.h"

/* What the engine leaves of the stack for calls that it does not look at */
#define STACK_RESERVE (64 * 1024)
#define CALLS_SHOWN 10

const size_t testbed_stack_bytes = TESTBED_STACK_LARGE;

/* The name under which QuickJS calls malloc_usable_size(): nobody knows. */
size_t quickjs_usable_size(const void *block);

size_t quickjs_usable_size(const void *block)
{
	(void)block;
	return 0;
}

static JSValue call_print(JSContext *js, JSValueConst this, int count,
			  JSValueConst *values)
{
	(void)this;
	for (int i = 0; i < count; i++) {
		const char *text = JS_ToCString(js, values[i]);

		if (!text)
			return JS_EXCEPTION;
		printf("%s%s", i ? " " : "", text);
		JS_FreeCString(js, text);
	}
	putchar('\n');
	return JS_UNDEFINED;
}

void javascript_function(JSContext *js, const char *name, JSCFunction *function,
			 int parameters)
{
	JSValue global = JS_GetGlobalObject(js);

	JS_SetPropertyStr(js, global, name,
			  JS_NewCFunction(js, function, name, parameters));
	JS_FreeValue(js, global);
}

static void console_create(JSContext *js)
{
	JSValue global = JS_GetGlobalObject(js);
	JSValue console = JS_NewObject(js);

	JS_SetPropertyStr(js, console, "log",
			  JS_NewCFunction(js, call_print, "log", 1));
	JS_SetPropertyStr(js, global, "console", console);
	JS_FreeValue(js, global);
}

JSContext *javascript_create(void)
{
	JSRuntime *engine = JS_NewRuntime();
	JSContext *js = engine ? JS_NewContext(engine) : NULL;

	if (!js) {
		if (engine)
			JS_FreeRuntime(engine);
		return NULL;
	}
	JS_SetMaxStackSize(engine, testbed_stack_bytes - STACK_RESERVE);
	javascript_function(js, "print", call_print, 1);
	console_create(js);
	return js;
}

void javascript_destroy(JSContext *js)
{
	JSRuntime *engine = JS_GetRuntime(js);

	JS_FreeContext(js);
	JS_FreeRuntime(engine);
}

/* The calls in which an error was made, one a line: the first of them. */
static void print_calls(const char *text)
{
	for (int line = 0; *text; line++) {
		size_t bytes = strcspn(text, "\n");

		if (line == CALLS_SHOWN) {
			puts("    ...");
			return;
		}
		printf("%.*s\n", (int)bytes, text);
		text += bytes + (text[bytes] == '\n');
	}
}

void javascript_print_error(JSContext *js)
{
	JSValue error, stack;
	const char *text;

	if (!js) {
		puts("out of memory");
		return;
	}
	error = JS_GetException(js);
	text = JS_ToCString(js, error);
	if (JS_IsNull(error))	/* what stands for one that found no room */
		puts("null: out of memory, unless it was thrown");
	else
		puts(text ? text : "an error, and no memory to tell of it");
	JS_FreeCString(js, text);
	stack = JS_IsError(js, error)
		? JS_GetPropertyStr(js, error, "stack") : JS_UNDEFINED;
	text = JS_IsString(stack) ? JS_ToCString(js, stack) : NULL;
	if (text)
		print_calls(text);
	JS_FreeCString(js, text);
	JS_FreeValue(js, stack);
	JS_FreeValue(js, error);
}
