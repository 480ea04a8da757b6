#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The programs of the other fork-*.sh with musl, for which the library is built
# here: shared, and as an archive in dynamic and in static executables. What
# docs/caveats.md excepts is left out.

source "$(dirname "$0")/lib.bash"
source "$(dirname "$0")/fork.bash"
prepare 22 make

if ! command -v musl-gcc >/dev/null; then
	while [ $points -lt $planned ]; do
		skip "musl-gcc is missing, see tests/packages.txt" "fork on musl"
	done
	finish
fi

build=$tmp/build
loader=(sh -c 'LD_PRELOAD=$0 exec "$@"' "$build/libmimalloc.so")

build_all() {
	env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u MAKELEVEL make -j 2 \
		-C "$folder/../.." CC=musl-gcc BUILD="$build" &&
	cd "$tmp" || return
	local handlers=$folder/fork-handlers.c signal=$folder/fork-signal.c
	local here=("${strict[@]}" -L. -Wl,-rpath,"$tmp")
	musl-gcc "${strict[@]}" -shared -fPIC -DLIBRARY -o libx.so "$handlers" &&
	musl-gcc "${strict[@]}" -c -fPIE -DLIBRARY -o x.o "$handlers" &&
	musl-gcc "${here[@]}" -o plain "$handlers" -lx &&
	musl-gcc "${here[@]}" -o linked "$handlers" -Wl,--no-as-needed -lx \
		-L"$build" -Wl,-rpath,"$build" -lmimalloc &&
	musl-gcc "${here[@]}" -o archive "$handlers" \
		"$build/libmimalloc.a" -lx &&
	musl-gcc "${strict[@]}" -static -o static x.o "$handlers" \
		"$build/libmimalloc.a" &&
	musl-gcc "${strict[@]}" -o stdio "$folder/fork-stdio.c" &&
	musl-gcc "${strict[@]}" -o stdio-linked "$folder/fork-stdio.c" \
		-Wl,--no-as-needed -L"$build" -Wl,-rpath,"$build" -lmimalloc ||
		return
	[ "$(uname -m)" = x86_64 ] || return 0
	here+=(-mno-red-zone -Wl,-z,now)
	musl-gcc "${here[@]}" -o signal "$signal" &&
	musl-gcc "${here[@]}" -static -o signal-static "$signal" \
		"$build/libmimalloc.a"
}
check "library and programs build with musl-gcc" build_all

for mode in small large threads; do
	fine "$mode: plain" "$tmp/plain" $mode
	fine_served "$mode: shared library, preloaded" \
		"${loader[@]}" "$tmp/plain" $mode
	for kind in linked archive static; do
		fine_served "$mode: $kind" "$tmp/$kind" $mode
	done
done

fine "fflush: plain" "$tmp/stdio"
fine_served "fflush: shared library, preloaded" "${loader[@]}" "$tmp/stdio"
fine_served "fflush: linked" "$tmp/stdio-linked"

if [ "$(uname -m)" = x86_64 ]; then
	fine_served "a signal: shared library, one thread" \
		"${loader[@]}" "$tmp/signal" alone 17
	fine_served "a signal: shared library, threads" \
		"${loader[@]}" "$tmp/signal" threads 17
	fine_served "a signal: static, threads" \
		"$tmp/signal-static" threads 19
else
	for point in 20 21 22; do
		skip "no trap flag on $(uname -m)" "fork in a signal handler"
	done
fi
finish
