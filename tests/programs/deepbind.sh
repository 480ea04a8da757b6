#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What docs/linux.md says of libraries that are opened with RTLD_DEEPBIND.

root=$(cd "$(dirname "$0")/../.." && pwd)
source "$root/tests/programs/lib.bash"
begin 9 gcc
folder=$(dirname "$MIMALLOC_SO")

cat >"$tmp/plugin.c" <<'END'
#include <stdlib.h>

void plugin_take(void *p)
{
	free(p);
}
END

cat >"$tmp/host.c" <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	void *plugin = dlopen(argv[argc - 1], RTLD_NOW | RTLD_DEEPBIND);
	void (*take)(void *);

	take = (void (*)(void *))dlsym(plugin, "plugin_take");
	take(malloc(100));
	return 0;
}
END

# The last section of docs/linux.md has the source of what removes the flag.
sed -n '/^    #define _GNU_SOURCE/,/^    }/s/^    //p' \
	"$root/docs/linux.md" >"$tmp/shallow.c"

compile() {
	gcc -O1 -Wall -Wextra -Werror -fno-builtin "$@"
}

aborts() {
	local status
	"$@"
	status=$?
	echo "status $status"
	[ "$status" -eq 134 ]
}

# loaded PRELOAD PROGRAM PLUGIN
loaded() {
	(export LD_LIBRARY_PATH=$tmp LD_PRELOAD=$1; exec "$2" "$3")
}

ln -s "$MIMALLOC_SO" "$tmp/libmimalloc.so.2"
check "all compiles" eval 'compile -shared -fPIC -o "$tmp/plugin.so" \
	"$tmp/plugin.c" && compile -shared -fPIC -o "$tmp/linked.so" \
	"$tmp/plugin.c" -L"$folder" -Wl,--no-as-needed -lmimalloc &&
	compile -o "$tmp/host" "$tmp/host.c" -ldl &&
	compile -o "$tmp/linked" "$tmp/host.c" -Wl,--no-as-needed -L"$folder" \
		-lmimalloc -ldl &&
	compile -rdynamic -o "$tmp/archive" "$tmp/host.c" \
		"$folder/libmimalloc.a" -ldl'
check "what removes the flag compiles" compile -shared -fPIC \
	-o "$tmp/shallow.so" "$tmp/shallow.c" -ldl
check "without our library it works" loaded "" "$tmp/host" "$tmp/plugin.so"
check "preloaded, a block that the plugin frees is foreign to glibc" \
	aborts loaded "$MIMALLOC_SO" "$tmp/host" "$tmp/plugin.so"
check "also where the program is linked to our library" \
	aborts loaded "" "$tmp/linked" "$tmp/plugin.so"
check "also to the archive" \
	aborts loaded "" "$tmp/archive" "$tmp/plugin.so"
check "a plugin that is linked to our library works" \
	loaded "$MIMALLOC_SO" "$tmp/host" "$tmp/linked.so"
check "also in a program that is" loaded "" "$tmp/linked" "$tmp/linked.so"
check "any works where the flag is removed" \
	loaded "$MIMALLOC_SO:$tmp/shallow.so" "$tmp/host" "$tmp/plugin.so"
finish
