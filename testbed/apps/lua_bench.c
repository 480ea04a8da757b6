/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lua: binary trees, strings and tables, as apps/lua_bench/bench.lua has them.
 * Printed: executed instructions for each node, string and record, and the
 * memory taken from the heap; shared/watch.h tells the form.
 *
 *   arguments: [how many of each, 1000 when left out]
 *
 * The Lua is as it comes: its memory is from realloc() and free().
 */
#include <stdio.h>
#include <stdlib.h>
#include <lauxlib.h>
#include <lualib.h>
#include <testbed/testbed.h>

#include "shared/file.h"
#include "shared/watch.h"

#define MOST 1000000

SHARED_FILE(bench_lua, "lua_bench/bench.lua");

const size_t testbed_stack_bytes = TESTBED_STACK_LARGE;

static int call_progress(lua_State *l)
{
	watch_progress(luaL_checkstring(l, 1), luaL_checkinteger(l, 2),
		       luaL_checkinteger(l, 3));
	return 0;
}

static int call_instructions(lua_State *l)
{
	lua_pushinteger(l, (lua_Integer)watch_instructions());
	return 1;
}

static int call_memory(lua_State *l)
{
	watch_memory(luaL_checkstring(l, 1));
	return 0;
}

static void fail(lua_State *l)
{
	watch_failed();
	printf("FAILED: %s\n", l ? lua_tostring(l, -1) : "not enough memory");
	exit(1);
}

/* In protected mode: whatever is short of memory there says so. */
static int run(lua_State *l)
{
	luaL_openlibs(l);
	lua_register(l, "progress", call_progress);
	lua_register(l, "instructions", call_instructions);
	lua_register(l, "memory", call_memory);
	if (luaL_loadbuffer(l, bench_lua, bench_lua_bytes(), "=bench.lua"))
		return lua_error(l);
	lua_pushvalue(l, 1);
	lua_call(l, 1, 0);
	return 0;
}

int main(int argc, char **argv)
{
	long number = watch_number(argc, argv, MOST);
	lua_State *l;

	printf("%s, alloc %s, mode %s\n", LUA_RELEASE, testbed_alloc_name(),
	       testbed_mode_name());
	watch_start();
	watch_progress("trees", 0, 1);
	l = luaL_newstate();
	if (!l)
		fail(NULL);
	lua_pushcfunction(l, run);
	lua_pushinteger(l, number);
	if (lua_pcall(l, 1, 0, 0))
		fail(l);
	watch_look();
	lua_close(l);
	watch_end();
	puts("SUCCESS");
	return 0;
}
