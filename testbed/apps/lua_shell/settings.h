/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What lua.c of Lua is compiled with beside its own: the prompts as shell.py
 * knows them, lines as long as the console's, and a step before each of them.
 */
#ifndef LUA_SHELL_SETTINGS_H
#define LUA_SHELL_SETTINGS_H

#include <stdio.h>

#include "../shared/reserve.h"

#define LUA_PROMPT "lua> "
#define LUA_PROMPT2 "...> "
#define LUA_MAXINPUT 4096

#define lua_initreadline(l) ((void)(l))
#define lua_readline(l, line, prompt)					\
	((void)(l), reserve_before_line(), fputs(prompt, stdout),	\
	 fflush(stdout), fgets(line, LUA_MAXINPUT, stdin) != NULL)
#define lua_saveline(l, line) ((void)(l), (void)(line))
#define lua_freeline(l, line) ((void)(l), (void)(line))

#define main lua_main

#endif /* LUA_SHELL_SETTINGS_H */
