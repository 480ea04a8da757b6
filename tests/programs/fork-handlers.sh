#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# fork-handlers.c: handlers of a library whose constructor runs before ours,
# with the shared library preloaded and linked, and with the archive.

source "$(dirname "$0")/lib.bash"
source "$(dirname "$0")/fork.bash"
begin 20 gcc

program=$folder/fork-handlers.c
cc() {
	gcc "${strict[@]}" "$@"
}

build_all() {
	cd "$tmp" || return
	local ours="-L$(dirname "$MIMALLOC_SO") -Wl,-rpath,$(dirname \
		"$MIMALLOC_SO")"
	cc -shared -fPIC -DLIBRARY -o libx.so "$program" &&
	cc -c -fPIE -DLIBRARY -o x.o "$program" &&
	cc -o dynamic "$program" -L. -lx -Wl,-rpath,"$tmp" &&
	cc -o linked "$program" -Wl,--no-as-needed -L. -lx -Wl,-rpath,"$tmp" \
		$ours -lmimalloc &&
	cc -o archive "$program" "$archive" -L. -lx -Wl,-rpath,"$tmp" &&
	cc -static-pie -o static-pie x.o "$program" "$archive" &&
	cc -static -o static x.o "$program" "$archive"
}
check "the programs build" build_all

for mode in small large threads; do
	fine "$mode: plain" "$tmp/dynamic" $mode
	fine_served "$mode: shared library, preloaded" \
		env LD_PRELOAD="$MIMALLOC_SO" "$tmp/dynamic" $mode
	for kind in linked archive static-pie static; do
		fine_served "$mode: $kind" "$tmp/$kind" $mode
	done
done

# Its constructor runs before that of the C library, which finds environ
shows_statistics() {
	env MIMALLOC_SHOW_STATS=1 "$@" >"$tmp/said" 2>&1
	grep -q '^dynamic\[[0-9]*\]: mimalloc statistics$' "$tmp/said"
}
check "the environment is read all the same" shows_statistics \
	env LD_PRELOAD="$MIMALLOC_SO" "$tmp/dynamic" small
finish
