#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# 1,000 threads into which the C library frees after their last destructor, as
# dying_threads.c says: no heap stays for them, and no memory but what stays
# of the same threads without that.

source "$(dirname "$0")/lib.bash"
begin 5 gcc

heaps_now() {
	sed -n 's/.*threads (heaps) now \([0-9]*\),.*/\1/p' "$1"
}

grown_kib() {
	awk 'NF == 2 && $1 ~ /^[0-9]+$/ { print $2 - $1 }' "$1"
}

measured() {
	env LD_PRELOAD="$MIMALLOC_SO" MIMALLOC_PURGE_DELAY=0 \
		MIMALLOC_SHOW_STATS=1 "$tmp/dying" "$@"
}

check "dying_threads.c compiles" gcc -O2 -pthread -Wall -Wextra -Werror \
	-o "$tmp/dying" "$(dirname "$0")/dying_threads.c"
measured >"$tmp/strerror" 2>&1
point $? "threads that call strerror() end"
measured plain >"$tmp/none" 2>&1
point $? "threads that do not, end"
[ "$(heaps_now "$tmp/strerror")" = 1 ]
point $? "heaps after the end of all: $(heaps_now "$tmp/strerror")"
more=$(($(grown_kib "$tmp/strerror") - $(grown_kib "$tmp/none")))
[ "$more" -le 1024 ]
point $? "resident because of strerror(): $more KiB (limit 1024)"
finish
