#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What make install installs can be used: C and C++ programs find the headers
# and the shared and the static library by pkg-config and by CMake, and get
# all their memory from it, in a tree that was moved away from its prefix. Its
# manual is true, and make uninstall takes it away again.

root=$(cd "$(dirname "$0")/.." && pwd)
source "$root/tests/programs/lib.bash"
prepare 60 make gcc g++ pkg-config cmake readelf perl

# Neither program calls malloc by name: the library must replace it even where
# only the C library calls it.
cat >"$tmp/use.c" <<'END'
#include <mimalloc.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
	char *text = strdup("from the C library");
	char *own = mi_strdup("from the library");
	int bad = mi_version() != MI_MALLOC_VERSION ||
		  !mi_is_in_heap_region(text) || !mi_is_in_heap_region(own);

	free(text);
	mi_free(own);
	return bad;
}
END

cat >"$tmp/use.cpp" <<'END'
#include <mimalloc.h>
#include <string>
#include <vector>

int main()
{
	std::vector<int, mi_stl_allocator<int>> numbers(1000, 7);
	std::string *text = new std::string(1000, 'x');
	bool good = mi_version() == MI_MALLOC_VERSION &&
		    mi_is_in_heap_region(numbers.data()) &&
		    mi_is_in_heap_region(text) &&
		    mi_is_in_heap_region(text->data());

	delete text;
	return good ? 0 : 1;
}
END

# An allocator of a shared object's own: the C library does not have it.
cat >"$tmp/plugin.c" <<'END'
#include <mimalloc.h>
#include <stdlib.h>
#include <string.h>

int plugin_is_bad(void);

int plugin_is_bad(void)
{
	char *text = strdup("from the C library");
	char *own = mi_strdup("from the library");
	int bad = mi_is_in_heap_region(text) || !mi_is_in_heap_region(own);

	free(text);
	mi_free(own);
	return bad;
}
END
cat >"$tmp/main.c" <<'END'
int plugin_is_bad(void);

int main(void)
{
	return plugin_is_bad();
}
END

mkdir "$tmp/project"
cat >"$tmp/project/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.13)
project(use C CXX)
set(CMAKE_CXX_STANDARD 17)
find_package(mimalloc 2.1 CONFIG REQUIRED)
foreach(kind "" "-static")
	add_executable(c${kind} ../use.c)
	target_link_libraries(c${kind} mimalloc${kind})
	add_executable(cpp${kind} ../use.cpp)
	target_link_libraries(cpp${kind} mimalloc${kind})
endforeach()
add_library(plugin SHARED ../plugin.c)
target_link_libraries(plugin mimalloc-pic)
add_executable(main ../main.c)
target_link_libraries(main plugin)
if(NOT EXISTS "${MIMALLOC_INCLUDE_DIR}/mimalloc-override.h" OR
   NOT EXISTS "${MIMALLOC_LIBRARY_DIR}/libmimalloc.a")
	message(FATAL_ERROR "MIMALLOC_INCLUDE_DIR or MIMALLOC_LIBRARY_DIR")
endif()
foreach(version 2.0 2.1 2.1...<3)
	find_package(mimalloc ${version} CONFIG REQUIRED)
endforeach()
foreach(version 1.8 2.99 3.0 2.2...4)
	find_package(mimalloc ${version} CONFIG QUIET)
	if(mimalloc_FOUND)
		message(FATAL_ERROR "${version} must not be found")
	endif()
endforeach()
END

# The test may itself run below a make that has other settings.
own_make() {
	env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u MAKELEVEL make "$@"
}

# install_into TREE SETTING...
install_into() {
	local tree=$1
	shift
	own_make -C "$root" install DESTDIR="$tree" "$@"
}

# fails_and_leaves_no FILE COMMAND...
fails_and_leaves_no() {
	local file=$1
	shift
	! "$@" && [ ! -e "$file" ]
}

links_to() {
	[ "$(readlink "$1")" = "$2" ] || {
		echo "$1 leads to $(readlink "$1"), not to $2"
		return 1
	}
}

soname_is() {
	readelf -d "$1" >"$tmp/dynamic" && cat "$tmp/dynamic" &&
		grep -qF "soname: [$2]" "$tmp/dynamic"
}

needs_library() {
	readelf -d "$1" >"$tmp/dynamic" && cat "$tmp/dynamic" &&
		grep -q 'NEEDED.*\[libmimalloc\.so\.2\]' "$tmp/dynamic"
}

needs_no_library() {
	readelf -d "$1" >"$tmp/dynamic" &&
		! grep -F libmimalloc "$tmp/dynamic"
}

names_no_token() {
	! grep -rnE '@[A-Z_]+@' "$@"
}

# files_of FOLDER: a line for each file or link
files_of() {
	(cd "$1" && find . ! -type d | sort)
}

# says_ldconfig SETTING...: what make install would say is told by make -n
says_ldconfig() {
	own_make -n -C "$root" install "$@" >"$tmp/would" &&
		grep 'run ldconfig' "$tmp/would"
}

does_not_say_ldconfig() {
	own_make -n -C "$root" install "$@" >"$tmp/would" &&
		! grep 'ldconfig' "$tmp/would"
}

own_version_is_in_changelog() {
	local own
	own=$(package --variable=own_version mimalloc)
	echo "mimalloc.pc: $own"
	[ -n "$own" ] && grep -m 1 '^## ' "$root/CHANGELOG.md" |
		grep -F "## $own"
}

# Both name the same options
options_are_those_of_the_document() {
	grep -oE 'MIMALLOC_[A-Z_]+' "$1" | sort -u >"$tmp/manual"
	sed -n 's/^| `\([a-z_]*\)`.*/MIMALLOC_\U\1/p' \
		"$root/docs/options.md" | sort -u >"$tmp/document"
	[ -s "$tmp/document" ] && diff "$tmp/document" "$tmp/manual"
}

# The compiler judges the synopsis beside the header
synopsis_is_true() {
	{
		echo '#include <mimalloc.h>'
		sed -n '/^\.SH SYN/,/^\.B cc/s/^\.BI* *"*\([a-z].*mi_.*\)/\1/p' \
			"$1" | tr -d '"'
	} >"$tmp/synopsis.c"
	cat "$tmp/synopsis.c"
	[ "$(wc -l <"$tmp/synopsis.c")" -gt 10 ] &&
		gcc -fsyntax-only -Werror $(package --cflags mimalloc) \
			"$tmp/synopsis.c"
}

# is_served MI-RUN FOLDER: a program has the library of that folder
is_served() {
	"$1" perl -e 'open($f, "<", "/proc/self/maps"); print <$f>' \
		>"$tmp/maps" && cat "$tmp/maps" && grep -qF "$2/lib" "$tmp/maps"
}

package() {
	env PKG_CONFIG_SYSROOT_DIR="$tree" PKG_CONFIG_PATH= \
		PKG_CONFIG_LIBDIR="$tree$libdir/pkgconfig" pkg-config "$@"
}

run_shared() {
	env LD_LIBRARY_PATH="$tree$libdir" "$@"
}

use_pkg_config() {
	local compile
	for compile in "gcc use.c" "g++ use.cpp"; do
		set -- $compile
		check "$2 builds by pkg-config, shared" "$1" -O1 \
			$(package --cflags mimalloc) "$tmp/$2" -o "$tmp/shared" \
			$(package --libs mimalloc)
		check "it needs the shared library" needs_library "$tmp/shared"
		check "it runs" run_shared "$tmp/shared"
		check "$2 builds by pkg-config, static" "$1" -O1 -static \
			$(package --cflags mimalloc) "$tmp/$2" -o "$tmp/static" \
			$(package --static --libs mimalloc)
		check "it runs" "$tmp/static"
	done
}

stays_loaded() {
	readelf -d "$1" >"$tmp/dynamic" && cat "$tmp/dynamic" &&
		grep -q 'FLAGS_1.*NODELETE' "$tmp/dynamic"
}

use_pic() {
	check "a shared object builds by pkg-config" gcc -O1 -shared -fPIC \
		$(package --cflags mimalloc-pic) "$tmp/plugin.c" \
		-o "$tmp/libplugin.so" $(package --libs mimalloc-pic)
	check "it is never unloaded" stays_loaded "$tmp/libplugin.so"
	gcc -o "$tmp/main" "$tmp/main.c" "$tmp/libplugin.so"
	check "it works" "$tmp/main"
}

use_cmake() {
	local language
	check "CMake finds the package, and no other version of it" \
		cmake -S "$tmp/project" -B "$tmp/cmake" \
		-DCMAKE_PREFIX_PATH="$tree$prefix" \
		-DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF
	check "CMake builds" cmake --build "$tmp/cmake"
	for language in c cpp; do
		check "$language, shared, needs the shared library" \
			needs_library "$tmp/cmake/$language"
		check "it runs" run_shared "$tmp/cmake/$language"
		check "$language, static, does not" \
			needs_no_library "$tmp/cmake/$language-static"
		check "it runs" "$tmp/cmake/$language-static"
	done
	check "a shared object built by CMake is never unloaded" \
		stays_loaded "$tmp/cmake/libplugin.so"
	check "it works" "$tmp/cmake/main"
}

tree=$tmp/tree
prefix=/usr/local
libdir=$prefix/lib
check "make install" install_into "$tree" PREFIX=$prefix
check "the profiler is there" env MIMALLOC_PROFILE="$tmp/heap.pb" \
	LD_PRELOAD="$tree$prefix/lib/libmimalloc-profile.so" /bin/true
check "and works" test -s "$tmp/heap.pb"
installed=$tree$libdir
check "libmimalloc.so leads to libmimalloc.so.2" \
	links_to "$installed/libmimalloc.so" libmimalloc.so.2
check "libmimalloc.so.2 leads to libmimalloc.so.2.1" \
	links_to "$installed/libmimalloc.so.2" libmimalloc.so.2.1
check "its name is libmimalloc.so.2" \
	soname_is "$installed/libmimalloc.so.2.1" libmimalloc.so.2
check "no token is left in the package files" names_no_token \
	"$installed/pkgconfig/mimalloc.pc" "$installed/cmake/mimalloc-2.1"
check "pkg-config knows version 2.1, not 3" \
	package --exists 'mimalloc >= 2.1 mimalloc < 3'
use_pkg_config
use_pic
use_cmake
check "mimalloc.pc tells our version, CHANGELOG.md's first" \
	own_version_is_in_changelog
check "the licence is there" cmp "$root/LICENSE" \
	"$tree$prefix/share/doc/lib-mimalloc/LICENSE"
check "mi-run finds the library of the tree that it is in" is_served \
	"$tree$prefix/bin/mi-run" "$installed"
check "the completion of it and its manual are there" test -s \
	"$tree$prefix/share/bash-completion/completions/mi-run" -a -s \
	"$tree$prefix/share/man/man1/mi-run.1"
check "but not of mi-trace, which stays where it is" test ! -e \
	"$tree$prefix/share/bash-completion/completions/mi-trace" -a ! -e \
	"$tree$prefix/share/man/man1/mi-trace.1"
check "mimalloc(3) declares what the header does" synopsis_is_true \
	"$tree$prefix/share/man/man3/mimalloc.3"
check "mimalloc-options(7) has the options of docs/options.md" \
	options_are_those_of_the_document \
	"$tree$prefix/share/man/man7/mimalloc-options.7"

# Another prefix, with a library directory one level further down.
tree=$tmp/other
prefix=/opt/allocator
libdir=$prefix/lib/here
check "make install with another LIBDIR" \
	install_into "$tree" PREFIX=$prefix LIBDIR=$libdir
check "use.c builds by pkg-config" gcc $(package --cflags mimalloc) \
	"$tmp/use.c" -o "$tmp/shared" $(package --libs mimalloc)
check "it runs" run_shared "$tmp/shared"
sed -i 's,\.\./\(use\|plugin\|main\)\.,../../\1.,' "$tmp/project/CMakeLists.txt"
mkdir "$tmp/project/again"
mv "$tmp/project/CMakeLists.txt" "$tmp/project/again"
check "mi-run finds it there" is_served "$tree$prefix/bin/mi-run" "$tree$libdir"
check "CMake finds the package there" \
	cmake -S "$tmp/project/again" -B "$tmp/again" \
	-Dmimalloc_DIR="$tree$libdir/cmake/mimalloc-2.1"
check "CMake builds" cmake --build "$tmp/again"

mkdir -p "$tree$libdir/pkgconfig" "$tree$prefix/share/man/man3"
touch "$tree$libdir/libother.so" "$tree$libdir/pkgconfig/other.pc" \
	"$tree$prefix/share/man/man3/other.3" "$tree$prefix/include/other.h"
check "make uninstall" own_make -C "$root" uninstall DESTDIR="$tree" \
	PREFIX=$prefix LIBDIR=$libdir
check "takes all away but what others installed" \
	test "$(files_of "$tree" | sed 's,.*/,,' | sort | tr '\n' ' ')" = \
	"libother.so other.3 other.h other.pc "
check "and its own folders" test ! -e "$tree$libdir/cmake/mimalloc-2.1" -a \
	! -e "$tree$prefix/share/doc/lib-mimalloc"
check "prefix= is PREFIX=" install_into "$tree" prefix=/lower
check "all is there" test -e "$tree/lower/lib/libmimalloc.so"
check "where the loader has a cache, ldconfig is named" \
	says_ldconfig PREFIX=/usr/local
check "not for a package" does_not_say_ldconfig PREFIX=/usr DESTDIR=/package
check "nor for a place of one's own" does_not_say_ldconfig PREFIX=/opt/own

# Spaces: where it goes, and where it comes from.
check "make install below a folder with a space" \
	install_into "$tmp/a tree" PREFIX=/usr
check "all is there" test -e "$tmp/a tree/usr/lib/pkgconfig/mimalloc.pc"
check "mi-run, too" is_served "$tmp/a tree/usr/bin/mi-run" "$tmp/a tree/usr/lib"
mkdir "$tmp/a clone"
tar -C "$root" -c --exclude=./build --exclude=./.git . |
	tar -C "$tmp/a clone" -x
check "a tree whose path has a space builds" own_make -C "$tmp/a clone"
check "and so does its unikernel" own_make -C "$tmp/a clone" testbed-single \
	TESTBED_APPS=hello
check "an object that could not be finished is not kept" fails_and_leaves_no \
	"$tmp/a clone/build/again/mimalloc.o" \
	own_make -C "$tmp/a clone" BUILD=build/again OBJCOPY=false
finish
