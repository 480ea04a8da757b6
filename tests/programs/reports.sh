#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# reports.c: what the report of a mistake says, whatever the call and wherever
# it is made; and that a report ends.

source "$(dirname "$0")/lib.bash"
begin 28 gcc g++

source=$(dirname "$0")/reports.c
flags=(-std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -rdynamic
	-fasynchronous-unwind-tables -fno-optimize-sibling-calls)
check "reports.c compiles" gcc "${flags[@]}" -o "$tmp/reports" "$source" \
	-lpthread
check "and with the archive" gcc "${flags[@]}" -o "$tmp/archive" "$source" \
	"${MIMALLOC_SO%.so}.a" -lpthread
cat >"$tmp/delete.cpp" <<'END'
#include <cstdio>

extern "C" __attribute__((noinline)) void culprit_delete(char *p)
{
	char *volatile wrong = p + 16;

	delete wrong;
	std::puts("SURVIVED 1");
}

int main()
{
	char *p = static_cast<char *>(operator new(48));

	std::printf("BLOCK 0x%lx\n", reinterpret_cast<unsigned long>(p));
	std::fflush(stdout);
	culprit_delete(p);
}
END
check "a program in C++ compiles" g++ -O2 -rdynamic -w -o "$tmp/delete" \
	"$tmp/delete.cpp"

# made STATUS COMMAND...: makes the mistake; its words are in $tmp/said
made() {
	local status=$1
	shift
	ulimit -c 0
	env LD_PRELOAD="$MIMALLOC_SO" "$@" >"$tmp/said" 2>&1
	[ $? = "$status" ] && return
	cat "$tmp/said"
	return 1
}

said() {
	grep -qE -- "$1" "$tmp/said" && return
	echo "not said: $1"
	cat "$tmp/said"
	return 1
}

never_said() {
	! grep -E -- "$1" "$tmp/said"
}

block() {
	sed -n 's/^BLOCK //p' "$tmp/said"
}

# tells CULPRIT PLACE: the report's lines, each of which names the process
tells() {
	local who="^[a-z]+\\[[0-9]+\\]: mimalloc: error:  "
	said "$who $2" && said "$who thread [0-9]+ \\([a-z]+" || return
	grep -m 1 "error:   from " "$tmp/said" | grep -F "(culprit_$1+0x" ||
		said "the first caller to be culprit_$1"
}

# blames NAME PLACE [COMMAND]: aborts, or goes on, and tells the same
blames() {
	local name=$1 place=$2
	set -- "${3:-$tmp/reports}"
	made 134 "$@" "$name" && tells "$name" "$place" &&
		made 0 MIMALLOC_ABORT_ON_ERROR=0 "$@" "$name" &&
		tells "$name" "$place" && said '^SURVIVED 1$'
}

inside='block 0x[0-9a-f]+ of 48 bytes, offset 16: in use, of this thread$'
deep='large block 0x[0-9a-f]+ of 503808 bytes, offset 400000: in use$'
for call in free realloc reallocarray usable_size; do
	check "$call is told" blames $call "$inside"
	check "and where its block starts" said "  block $(block) of 48 bytes"
done
check "delete is told" blames delete "$inside" "$tmp/delete"
check "a second free is told" blames double \
	'block 0x[0-9a-f]+ of 48 bytes, offset 0: free, of this thread$'
check "deep inside a large block" blames deep "$deep"
check "and where that starts" said "large block $(block) of"
check "what is not ours" blames foreign 'not in our memory$'
check "a block that was written to" blames written \
	'block 0x[0-9a-f]+ of 3072 bytes, offset 0: free until now'
for call in free double; do
	check "$call in a program linked to the archive" \
		blames $call 'block 0x[0-9a-f]+ of 48 bytes' "$tmp/archive"
done

in_thread() {
	made 134 "$tmp/reports" in_thread && tells free "$inside" &&
		said "thread $(sed -n 's/^THREAD //p' "$tmp/said") " &&
		said '\(worker\?1\)$' &&
		said "^reports\\[$(sed -n 's/^PROCESS //p' "$tmp/said")\\]: "
}
check "another thread is named, with its process" in_thread

in_handler() {
	made 134 "$tmp/reports" in_handler && tells free "$inside" &&
		said 'from .*\(gsignal|from .*\(raise' && said '\(main\+'
}
check "in a signal handler, through to who was interrupted" in_handler

# Whatever is allocated meanwhile meets the next mistake
nested() {
	made 134 "$tmp/reports" nested && tells foreign 'not in our memory$' &&
		said 'was written to$' &&
		made 0 MIMALLOC_ABORT_ON_ERROR=0 "$tmp/reports" nested &&
		said 'was written to$' && said '^SURVIVED 1$'
}
check "a report during which another mistake is found ends" nested

amid() {
	made 134 "$tmp/reports" amid_malloc &&
		said 'in a signal handler that interrupted the allocator' &&
		[ "$(grep -c 'error:   from ' "$tmp/said")" = 1 ] &&
		tells foreign 'in a signal handler'
}
check "a handler that interrupts the allocator: one caller, no deadlock" amid
check "a handler that then allocates: a sentence in place of a deadlock" \
	made 134 "$tmp/reports" amid_malloc_again
check "that one" said \
	'error: a signal handler allocates or frees while the allocator'

check "MIMALLOC_BACKTRACE=0" made 134 MIMALLOC_BACKTRACE=0 "$tmp/reports" free
check "has the caller alone" tells free "$inside"
check "and no other" never_said 'from .*\(main'
finish
