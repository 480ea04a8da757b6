#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The system calls of a program with the library and without: what is new is
# in the table of docs/linux.md. And what may be refused, as told there, is
# refused, and the program works.

root=$(cd "$(dirname "$0")/../.." && pwd)
source "$root/tests/programs/lib.bash"
begin 5 gcc strace

cat >"$tmp/use.c" <<'END'
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define MIB ((size_t)1 << 20)

static void *work(void *unused)
{
	int i;

	(void)unused;
	for (i = 0; i < 20000; i++)
		free(malloc(40000));
	return NULL;
}

int main(void)
{
	char *p = malloc(2 * MIB), *small[200], *large[300];
	pthread_t threads[4];
	char last = 1;
	size_t i;

	memset(p, last, 2 * MIB);
	for (i = 3; i < 40; i++) {
		p = realloc(p, i * MIB);
		if (!p || p[0] != last || p[(i - 1) * MIB - 1] != last)
			return 1;
		last = (char)i;
		memset(p, last, i * MIB);
	}
	free(p);
	/* more than are moved at the same time: some are copied */
	for (i = 0; i < 300; i++)
		memset(large[i] = malloc(MIB), 1, 4096);
	for (i = 0; i < 300; i++)
		if (!(large[i] = realloc(large[i], 2 * MIB)) || !large[i][1])
			return 4;
	for (i = 0; i < 300; i++)
		free(large[i]);
	for (i = 0; i < 200; i++)
		memset(small[i] = malloc(100000), 1, 100000);
	for (i = 0; i < 200; i++)
		free(small[i]);
	for (i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, work, NULL))
			return 2;
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	p = calloc(50, MIB);
	for (i = 0; i < 50 * MIB; i += 4096)
		if (p[i])
			return 3;
	return 0;
}
END

# names FILE: the system calls in it, each once
names() {
	sed -nE 's/^[0-9]+ +([a-z0-9_]+)\(.*/\1/p' "$1" | sort -u
}

documented() {
	sed -n '/^## System calls/,/^## Limits/p' "$root/docs/linux.md" |
		sed -n 's/^| \(`.*`\) |.*/\1/p' | grep -o '[a-z0-9_]*' | sort -u
}

new_are_documented() {
	names "$tmp/without" >"$tmp/without.names"
	names "$tmp/with" >"$tmp/with.names"
	documented >"$tmp/table"
	comm -13 "$tmp/without.names" "$tmp/with.names" >"$tmp/new"
	echo "new:" $(cat "$tmp/new")
	grep -qx sysinfo "$tmp/new" && grep -q /proc/self/pagemap "$tmp/with" &&
		grep -qx pread64 "$tmp/table" && grep -qx mmap "$tmp/table" &&
		! comm -23 "$tmp/new" "$tmp/table" | grep .
}

traced() {
	local to=$1
	shift
	timeout 200 strace -f -o "$to" "$@"
}

check "use.c compiles" gcc -O1 -fno-builtin -o "$tmp/use" "$tmp/use.c" -pthread
if ! strace -o "$tmp/none" true 2>"$tmp/refused"; then
	comment "$tmp/refused"
	for name in plain preloaded compared refused; do
		points=$((points + 1))
		echo "ok $points - $name # SKIP ptrace is not permitted here" \
			"(a container: --cap-add=SYS_PTRACE)"
	done
	finish
fi
check "plain it works" traced "$tmp/without" "$tmp/use"
check "preloaded it works" traced "$tmp/with" -E LD_PRELOAD="$MIMALLOC_SO" \
	-E MIMALLOC_SHOW_STATS=1 "$tmp/use"
check "what it calls then, and not plain, is documented" new_are_documented
check "refused madvise, mremap, pread64 and sysinfo it works" traced "$tmp/refusing" \
	-E LD_PRELOAD="$MIMALLOC_SO" \
	-e inject=madvise,mremap,sysinfo:error=EPERM \
	-e inject=pread64:error=EPERM:when=9+ "$tmp/use"
finish
