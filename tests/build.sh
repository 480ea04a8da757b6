#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The host build itself: what is built anew when, which settings are refused,
# whose flags count, and that the bytes do not tell where they were made.

root=$(cd "$(dirname "$0")/.." && pwd)
source "$root/tests/programs/lib.bash"
prepare 71 make gcc

copy_tree() {
	mkdir -p "$1" && tar -C "$root" -c --exclude=./build --exclude=./.git \
		--exclude=./testbed/sqlite --exclude=./testbed/lua \
		--exclude=./testbed/quickjs . | tar -C "$1" -x
}

# The test may itself run below a make that has other settings.
own_make() {
	env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u MAKELEVEL -u WERROR \
		timeout 100 make -C "$tree" --no-print-directory \
		OPTIMIZE=-O0 CFLAGS=-flto BUILD="$build" "$@"
}

# Nothing to be done, and what would be compiled
current() {
	own_make -q "$@"
}

stale() {
	own_make -n "$@" >"$tmp/would" && cat "$tmp/would" &&
		grep -q 'echo "  CC' "$tmp/would"
}

# says TEXT COMMAND...: on either stream, whatever the exit status
says() {
	local wanted=$1
	shift
	"$@" >"$tmp/said" 2>&1
	cat "$tmp/said"
	grep -qF -e "$wanted" "$tmp/said"
}

# refused TEXT SETTING...: in one line, before any command is run
refused() {
	local wanted=$1
	shift
	! own_make -n "$@" >"$tmp/said" 2>&1 && cat "$tmp/said" &&
		[ "$(wc -l <"$tmp/said")" -eq 1 ] && grep -qF "$wanted" "$tmp/said"
}

rebuilds_all() {
	own_make -n "$@" | grep -c 'echo "  CC' >"$tmp/count"
	cat "$tmp/count"
	[ "$(cat "$tmp/count")" -ge "$(ls "$build"/static/*/*.o \
		"$build"/static/*/*/*.o | wc -l)" ]
}

# Where it is built, and how it is linked
cat >"$tmp/use.c" <<'END'
#include <mimalloc.h>
#include <stdlib.h>

int main(void)
{
	char *text = malloc(9);
	int bad = !mi_is_in_heap_region(text);

	free(text);
	return bad;
}
END
tree=$tmp/tree
build=$tmp/build
copy_tree "$tree"
check "-flto in CFLAGS gives an archive" own_make -j 2 "$build/libmimalloc.a"
check "that links without it" gcc -I"$root/include" -o "$tmp/use" \
	"$tmp/use.c" "$build/libmimalloc.a"
check "and works" "$tmp/use"
check "a program compiled with -flto links with -u malloc" gcc -flto -O2 \
	-Wl,-u,malloc -I"$root/include" -o "$tmp/use" "$tmp/use.c" \
	"$build/libmimalloc.a"
check "and has its malloc from there" "$tmp/use"

tree="$tmp/further away/tree"
build=$tmp/another
copy_tree "$tree"
check "it builds in another folder" own_make -j 2 "$build/libmimalloc.a"
same "and has the same bytes there" "$tmp/build/libmimalloc.a" \
	"$build/libmimalloc.a"
tree=$tmp/tree
build=$tmp/build
text=$build/static/src/ground/text.o
heap=$build/static/src/heaps/heap.o
unit=$build/unit/src/ground/text.o

# Settings that changed
check "an object of the unit tests builds" own_make "$unit"
check "and what is there is not built again" current "$build/libmimalloc.a" \
	"$unit"
for setting in HARDENING=2 THREADS=0 DEBUG=1 TRACK=valgrind CFLAGS=-O1 \
	CPPFLAGS=-DX CFLAGS_EXTRA=-DX CXXFLAGS=-DX LDFLAGS=-s CC=c99 WERROR=1; do
	check "with $setting it is" stale "$text" $setting
done
check "those of the unit tests, too" stale "$unit" HARDENING=2
bed=$build/testbed/objects-single/src/ground/text.o
guest=$build/kernel/console.o
check "an object of the unikernel's library builds" own_make "$bed"
check "and is not built again" current "$bed"
for setting in TESTBED_HARDENING=2 TESTBED_DEBUG=1 TESTBED_DEFINES=-DX \
	TESTBED_CC=c99 OPTIMIZE=-O1; do
	check "with $setting it is" stale "$bed" $setting
done
check "an object of the unikernel builds" own_make -C testbed "$guest"
check "and is not built again" current -C testbed "$guest"
for setting in DEFINES=-DX CC=c99 OPTIMIZE=-O1; do
	check "with $setting it is" stale -C testbed "$guest" $setting
done
check "DEBUG=1 mixes old objects with no new one" \
	rebuilds_all "$build/libmimalloc.a" DEBUG=1
check "another setting is built" own_make "$text" HARDENING=2
check "and then it is the one that is there" current "$text" HARDENING=2
check "going back is a change as well" own_make "$text" "$heap"

# Headers. File systems tell times in steps of some milliseconds
sleep 0.1
touch "$tree/src/heaps/heaps.h"
check "who includes a header is built again when it changes" stale "$heap"
check "who does not is not" current "$text"
sed -i '1i #include "gone.h"' "$tree/src/ground/text.c"
touch "$tree/src/ground/gone.h"
check "a header is included" own_make "$text"
sed -i 1d "$tree/src/ground/text.c"
rm "$tree/src/ground/gone.h"
check "and gone with the line that names it" own_make "$text"

# Values and names
for setting in HARDENING=7 THREADS=yes DEBUG=9 TRACK=foo SANITIZE=foo \
	SANITIZE=address,foo WERROR=on THREADS= "THREADS=0 1"; do
	check "$setting is refused by name" refused "$setting: has to be" \
		"$setting"
done
check "HARDENIG=2 is asked about" \
	refused "HARDENIG: no such variable. HARDENING?" HARDENIG=2
check "and PERFIX=/usr" refused "PERFIX: no such variable. PREFIX?" PERFIX=/usr
check "a name like no other is sent to the help" \
	refused "ZZZ: no such variable. See make help" ZZZ=1

# Flags
compiles() {
	own_make -n V=1 "$@" "$text"
}
check "CFLAGS leave ours alone" says "-fvisibility=hidden" compiles CFLAGS=-O3
check "and come after them" says "$(printf '%s ' -O3 -DX)" \
	compiles CFLAGS="-O3 -DX" CFLAGS_EXTRA=
check "CXXFLAGS come after ours where C++ is compiled" says "-DX -o" \
	own_make -n V=1 CXXFLAGS=-DX "$build/tests/cxx/test_stl"
check "those of the environment count, too" says "-DFROM_THERE -DHERE" \
	env CPPFLAGS=-DFROM_THERE CFLAGS=-DHERE \
	make -n -C "$tree" BUILD="$build" "$text"
check "so do LDFLAGS" says "-Wl,--as-needed -shared" \
	own_make -n "$build/libmimalloc.so" LDFLAGS=-Wl,--as-needed
below() {
	printf 'include Makefile\nbelow:\n\t@echo "$${CFLAGS-none}"\n' \
		>"$tmp/below.mk"
	CFLAGS=-DHERE own_make -f "$tmp/below.mk" below
}
check "a make below has none of our flags for the user's" says none below
for tool in gcc ld objcopy ar; do
	check "CROSS= is for $tool" says "cross-$tool " \
		own_make -n "$build/libmimalloc.a" CROSS=cross-
done
check "CC= goes before CROSS=" says "own-cc -std" \
	compiles CROSS=cross- CC=own-cc

echo 'static int unused;' >>"$tree/src/ground/text.c"
check "a warning is no error" own_make "$text"
check "but with WERROR=1" says "-Werror=unused" own_make "$text" WERROR=1
for script in check install-packages; do
	printf '#!/bin/sh\necho "WERROR=$WERROR"\n' >"$tree/tests/$script"
done
check "which make check has" says "WERROR=1" own_make check
cp "$root/src/ground/text.c" "$tree/src/ground/text.c"

# Help
settings_of_help() {
	sed -n 's/^  \([A-Z_]*\)=.*\[\([^ ]*\)\]$/\1 \2/p' "$tmp/help"
}

defaults_are_true() {
	local name value
	while read -r name value; do
		case $name in BUILD|OPTIMIZE) continue ;; esac
		printf 'show:;@echo "$(%s)"\n' "$name" >"$tmp/show.mk"
		value=${value//PREFIX//usr/local}
		own_make -f Makefile -f "$tmp/show.mk" show >"$tmp/shown"
		[ "$(cat "$tmp/shown")" = "$value" ] ||
			{ echo "$name is $(cat "$tmp/shown")"; return 1; }
	done < <(settings_of_help)
	[ "$(settings_of_help | wc -l)" -ge 15 ]
}

targets_exist() {
	local target count=0
	own_make -pn help >"$tmp/database"
	for target in $(sed -n '/^Targets/,/^$/s/^  \([a-z-]*\) .*/\1/p' \
		"$tmp/help"); do
		grep -q "^$target:" "$tmp/database" || { echo "$target"; return 1; }
		count=$((count + 1))
	done
	[ $count -ge 10 ]
}

names_are_known() {
	local name count=0
	for name in $(grep -oE '\<[A-Za-z]+_?[A-Za-z]*=' "$tmp/help"); do
		case $name in
		THREADS=|HARDENING=|DEBUG=|WERROR=) own_make -n help "${name}1" ;;
		TRACK=|SANITIZE=) own_make -n help "$name" ;;
		*)	own_make -n help "${name}x" ;;
		esac >"$tmp/name" 2>&1 || { cat "$tmp/name"; return 1; }
		count=$((count + 1))
	done
	[ $count -ge 30 ]
}

own_make help >"$tmp/help"
check "make help tells the versions" \
	grep -q '^lib-mimalloc [0-9.]*, interface of mimalloc 2.1.7$' "$tmp/help"
check "its defaults are true" defaults_are_true
check "its variables are known" names_are_known
check "its targets exist" targets_exist
finish
