/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A JavaScript prompt on the console. The one of qjs wants files, so this is a
 * small one of our own: a statement may span lines, its value is shown, and
 * what is thrown is told. exit() or control-D ends it.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <testbed/testbed.h>

#include "javascript/javascript.h"
#include "shared/reserve.h"

#define LINE_BYTES 4096
#define STATEMENT_BYTES 65536

static char statement[STATEMENT_BYTES];

static JSValue call_exit(JSContext *js, JSValueConst this, int count,
			 JSValueConst *values)
{
	int32_t status = 0;

	(void)this;
	if (count && JS_ToInt32(js, &status, values[0]))
		return JS_EXCEPTION;
	exit(status);
}

/* An object as JSON; what has none, such as a function, as String() says. */
static JSValue text_of(JSContext *js, JSValueConst value)
{
	JSValue json = JS_UNDEFINED;

	if (JS_IsString(value) || (JS_IsObject(value)
				   && !JS_IsFunction(js, value)
				   && !JS_IsError(js, value)))
		json = JS_JSONStringify(js, value, JS_UNDEFINED, JS_UNDEFINED);
	if (JS_IsException(json))
		JS_FreeValue(js, JS_GetException(js));	/* a cycle, say */
	else if (!JS_IsUndefined(json))
		return json;
	return JS_ToString(js, value);
}

static void print_value(JSContext *js, JSValueConst value)
{
	JSValue string = JS_IsSymbol(value)
		? JS_NewString(js, "a symbol") : text_of(js, value);
	const char *text = JS_IsException(string)
		? NULL : JS_ToCString(js, string);

	if (text)
		puts(text);
	else
		javascript_print_error(js);
	JS_FreeCString(js, text);
	JS_FreeValue(js, string);
}

/* What promises have left to do. */
static void run_jobs(JSContext *js)
{
	JSContext *of;
	int rc;

	while ((rc = JS_ExecutePendingJob(JS_GetRuntime(js), &of)) != 0)
		if (rc < 0)
			javascript_print_error(of);
}

static void run(JSContext *js)
{
	JSValue value = JS_Eval(js, statement, strlen(statement), "<input>",
				JS_EVAL_TYPE_GLOBAL);

	if (JS_IsException(value))
		javascript_print_error(js);
	else if (!JS_IsUndefined(value))
		print_value(js, value);
	JS_FreeValue(js, value);
	run_jobs(js);
}

/*
 * An error of syntax in the line after the last one: more may mend it. Each
 * error has the place where it was made, "at <input>:LINE:COLUMN".
 */
static bool is_at_end(const char *stack)
{
	const char *place = strstr(stack, "<input>:");
	long lines = 1;

	for (const char *at = statement; *at; at++)
		lines += *at == '\n';
	return place && strtol(place + strlen("<input>:"), NULL, 10) >= lines;
}

static bool has_open_template(void)
{
	unsigned int count = 0;

	for (const char *at = statement; *at; at++)
		count += *at == '`';
	return count % 2;
}

static bool is_incomplete(JSContext *js)
{
	JSValue error, stack = JS_UNDEFINED;
	bool incomplete = false;
	const char *text;
	JSValue code = JS_Eval(js, statement, strlen(statement), "<input>",
			       JS_EVAL_TYPE_GLOBAL
			       | JS_EVAL_FLAG_COMPILE_ONLY);

	JS_FreeValue(js, code);
	if (!JS_IsException(code))
		return false;
	error = JS_GetException(js);
	if (JS_IsError(js, error))
		stack = JS_GetPropertyStr(js, error, "stack");
	text = JS_IsString(stack) ? JS_ToCString(js, stack) : NULL;
	if (text)
		incomplete = is_at_end(text) || has_open_template();
	JS_FreeCString(js, text);
	JS_FreeValue(js, stack);
	JS_FreeValue(js, error);
	return incomplete;
}

/* Whether there was one. An empty line ends a statement, whatever it lacks. */
static bool take_line(JSContext *js)
{
	static char line[LINE_BYTES];

	reserve_before_line();
	printf("%s", *statement ? " ...> " : "qjs> ");
	fflush(stdout);
	if (!fgets(line, LINE_BYTES, stdin))
		return false;
	if (strlen(statement) + strlen(line) >= sizeof(statement)) {
		puts("error: statement too long");
		*statement = '\0';
		return true;
	}
	strcat(statement, line);
	if (*line == '\n' || !is_incomplete(js)) {
		run(js);
		*statement = '\0';
	}
	return true;
}

int main(void)
{
	JSContext *js = javascript_create();

	if (!js) {
		puts("FAILED: out of memory");
		return 1;
	}
	javascript_function(js, "exit", call_exit, 1);
	printf("QuickJS %s in the testbed, on %s; exit() or control-D ends "
	       "it\n", QUICKJS_VERSION, testbed_alloc_name());
	while (take_line(js))
		;
	javascript_destroy(js);
	puts("bye");
	return 0;
}
