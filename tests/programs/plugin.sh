#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A shared object with the position independent archive in it: linked to, and
# opened by a program, by hundreds at once, by Python, and beside our library
# as the program's malloc. It exports nothing, and takes nobody's malloc.

root=$(cd "$(dirname "$0")/../.." && pwd)
source "$root/tests/programs/lib.bash"
begin 11 gcc nm python3
archive=$(dirname "$MIMALLOC_SO")/libmimalloc-pic.a
from=$root/tests/programs
copies=300

compile() {
	gcc -O1 -Wall -Wextra -Werror -I"$root/include" "$@"
}

exports_only_its_own() {
	nm -D --defined-only "$tmp/plugin.so" >"$tmp/names"
	cat "$tmp/names"
	[ "$(awk '{ print $3 }' "$tmp/names")" = plugin_work ]
}

# with_preload COMMAND...
with_preload() {
	env LD_PRELOAD="$MIMALLOC_SO" timeout 100 "$@"
}

# An object is told from another by its file.
many() {
	local i
	mkdir "$tmp/many"
	for ((i = 0; i < copies; i++)); do
		cp "$tmp/plugin.so" "$tmp/many/$i.so" || return
	done
	timeout 100 "$tmp/host" "$tmp"/many/*.so
}

cat >"$tmp/main.c" <<'END'
int plugin_work(void);

int main(void)
{
	return plugin_work();
}
END

cat >"$tmp/use.py" <<'END'
import _ctypes
import ctypes
import sys
import threading

plugin = ctypes.CDLL(sys.argv[1])
results = []
threads = [threading.Thread(target=lambda: results.append(plugin.plugin_work()))
           for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert results == [0] * 8, results
if len(sys.argv) > 2:
    _ctypes.dlclose(plugin._handle)
thread = threading.Thread(target=lambda: results.append([0] * 100000))
thread.start()
thread.join()
END

check "the shared object links" compile -shared -fPIC -Wl,-z,defs \
	-o "$tmp/plugin.so" "$from/plugin.c" "$archive" -pthread
check "it exports its own function and nothing else" exports_only_its_own
check "a program links to it" compile -o "$tmp/main" "$tmp/main.c" \
	"$tmp/plugin.so"
check "and works" timeout 100 "$tmp/main"
check "also with our library as its malloc" with_preload "$tmp/main"
check "a program that opens it compiles" compile -o "$tmp/host" \
	"$from/plugin_host.c" -ldl -pthread
check "it opens, works with and closes $copies of them" many
check "and one with our library as its malloc" with_preload "$tmp/host" \
	"$tmp/plugin.so"
check "Python uses it in threads" timeout 100 python3 "$tmp/use.py" \
	"$tmp/plugin.so"
check "and closes it" timeout 100 python3 "$tmp/use.py" "$tmp/plugin.so" close
check "Python on our library does" with_preload python3 "$tmp/use.py" \
	"$tmp/plugin.so" close
finish
