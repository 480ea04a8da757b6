#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# reports.c: what the report of a mistake says, whatever the call and wherever
# it is made; and that a report ends.

source "$(dirname "$0")/lib.bash"
begin 35 gcc g++ addr2line

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
	[ "$(callers | head -n 1)" = "culprit_$1" ] ||
		said "the first caller to be culprit_$1"
}

# The functions of what was said, as addr2line finds them in their files. What
# is looked for is the call, before the place to which it returns.
callers() {
	sed -n 's/.*error:   from \(.*\)(+\(0x[0-9a-f]*\)) .*/\1 \2/p' \
		"$tmp/said" | while read -r file place; do
		addr2line -f -e "$file" "$(printf '%x' $((place - 1)))" |
			head -n 1
	done
}

# called NAME...: these are among the callers, in this order
called() {
	callers | tr '\n' ' ' >"$tmp/callers"
	grep -qE -- "(^| )$(printf '%s .*' "$@")" "$tmp/callers" && return
	cat "$tmp/callers"
	return 1
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
		called culprit_free on_signal in_handler main
}
check "in a signal handler, through to who was interrupted" in_handler

# What an output function allocates meets the next mistake
nested() {
	made 134 "$tmp/reports" nested && said 'error: invalid free' &&
		said 'was written to$' &&
		made 0 MIMALLOC_ABORT_ON_ERROR=0 "$tmp/reports" nested &&
		said 'was written to$' && said '^SURVIVED 1$'
}
check "a report during which another mistake is found ends" nested
check "after a report that an output function left, the next one aborts" \
	made 134 "$tmp/reports" left
check "so it did leave" said '^LEFT$'

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

# Who loads a library has the loader's lock until its constructors return
cat >"$tmp/loaded.c" <<'END'
void loaded(void);

__attribute__((constructor)) static void load(void)
{
	loaded();
}
END
check "loaded.c compiles" gcc -shared -fPIC -o "$tmp/loaded.so" "$tmp/loaded.c"
while_loading() {
	made 134 "$tmp/reports" loading "$tmp/loaded.so" && tells free "$inside" &&
		called culprit_free while_loaded
}
check "while another thread loads a library" while_loading
on_small_stack() {
	made 0 MIMALLOC_ABORT_ON_ERROR=0 "$tmp/reports" small_stack &&
		tells free "$inside" && called culprit_free on_signal main &&
		said '^SURVIVED 1$'
}
check "on a signal handler's stack of 8 KiB" on_small_stack
cancelled() {
	made 0 MIMALLOC_ABORT_ON_ERROR=0 "$tmp/reports" cancelled &&
		tells cancelled "$inside" && said '^SURVIVED 1$'
}
check "in a thread that is being cancelled" cancelled
no_library_more() {
	made 134 LD_DEBUG=files "$tmp/reports" free && tells free "$inside" &&
		never_said libgcc_s
}
check "nothing is loaded for it" no_library_more

check "MIMALLOC_BACKTRACE=0" made 134 MIMALLOC_BACKTRACE=0 "$tmp/reports" free
check "has the caller alone" tells free "$inside"
check "and no other" eval '[ "$(callers)" = culprit_free ]'
finish
