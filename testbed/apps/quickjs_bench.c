/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * QuickJS: objects, arrays and strings, as apps/quickjs_bench/bench.js has
 * them. Printed: executed instructions for each, and the memory taken from the
 * heap; shared/watch.h tells the form.
 *
 *   arguments: [how many of each, 1000 when left out]
 *
 * The engine alone, without the library of its qjs, which wants files and
 * processes. Its memory is from malloc(), realloc() and free().
 */
#include <stdio.h>
#include <stdlib.h>
#include <quickjs.h>
#include <testbed/testbed.h>

#include "shared/file.h"
#include "javascript/javascript.h"
#include "shared/watch.h"

#define MOST 1000000

SHARED_FILE(bench_js, "quickjs_bench/bench.js");

static JSValue call_progress(JSContext *js, JSValueConst this, int count,
			     JSValueConst *values)
{
	const char *part = JS_ToCString(js, values[0]);
	int64_t done, whole;

	(void)this;
	(void)count;
	if (!part || JS_ToInt64(js, &done, values[1])
	    || JS_ToInt64(js, &whole, values[2]))
		return JS_EXCEPTION;
	watch_progress(part, done, whole);
	JS_FreeCString(js, part);
	return JS_UNDEFINED;
}

static JSValue call_instructions(JSContext *js, JSValueConst this, int count,
				 JSValueConst *values)
{
	(void)this;
	(void)count;
	(void)values;
	return JS_NewInt64(js, (int64_t)watch_instructions());
}

static JSValue call_memory(JSContext *js, JSValueConst this, int count,
			   JSValueConst *values)
{
	const char *when = JS_ToCString(js, values[0]);

	(void)this;
	(void)count;
	if (!when)
		return JS_EXCEPTION;
	watch_memory(when);
	JS_FreeCString(js, when);
	return JS_UNDEFINED;
}

static int run(JSContext *js, long number)
{
	JSValue global = JS_GetGlobalObject(js);
	JSValue value;
	int failed;

	javascript_function(js, "progress", call_progress, 3);
	javascript_function(js, "instructions", call_instructions, 0);
	javascript_function(js, "memory", call_memory, 1);
	JS_SetPropertyStr(js, global, "size", JS_NewInt64(js, number));
	JS_FreeValue(js, global);
	value = JS_Eval(js, bench_js, bench_js_bytes(), "bench.js",
			JS_EVAL_TYPE_GLOBAL);
	failed = JS_IsException(value);
	JS_FreeValue(js, value);
	return failed;
}

int main(int argc, char **argv)
{
	long number = watch_number(argc, argv, MOST);
	JSContext *js;

	printf("QuickJS %s, alloc %s, mode %s\n", QUICKJS_VERSION,
	       testbed_alloc_name(), testbed_mode_name());
	watch_start();
	watch_progress("objects", 0, 1);
	js = javascript_create();
	if (!js || run(js, number)) {
		watch_failed();
		fputs("FAILED: ", stdout);
		javascript_print_error(js);
		return 1;
	}
	watch_look();
	javascript_destroy(js);
	watch_end();
	puts("SUCCESS");
	return 0;
}
