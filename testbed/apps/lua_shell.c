/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lua's own prompt, the program lua, on the console. It has os and io as far
 * as there are files and processes: what they cannot do they say.
 */
#include <lua.h>
#include <stdio.h>
#include <testbed/testbed.h>

/* A pattern may nest C calls as deep as Lua lets it. */
const size_t testbed_stack_bytes = TESTBED_STACK_LARGE;

int lua_main(int argc, char **argv);	/* the main() of lua.c */

int main(int argc, char **argv)
{
	static char *prompt[] = { "lua", "-i", NULL };

	printf("On %s; control-D or os.exit() ends it\n",
	       testbed_alloc_name());
	return argc > 1 ? lua_main(argc, argv) : lua_main(2, prompt);
}
