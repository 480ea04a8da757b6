#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Compiles what Makefile.uk names against the headers of a Unikraft tree that
# is there already, in several configurations.
#
#   make check-unikraft UK_ROOT=/path/to/unikraft [ARCH=x86_64] [CC=gcc]
#
# ARCH is x86_64 or arm64, where CC is aarch64-linux-gnu-gcc unless it is given.
# Nothing of the tree is changed. Warnings count as errors. What is not done is
# told at the end. Exit status: 0 all compiled, 1 something did not, 2 a wrong
# use.

set -u
cd "$(dirname "$0")/.."
arch=${ARCH:-x86_64}
root=${UK_ROOT:-}

wrong()
{
	echo "check-unikraft: $*" >&2
	echo "usage: make check-unikraft UK_ROOT=/path/to/unikraft" \
		"[ARCH=x86_64|arm64]" >&2
	exit 2
}

case $arch in
x86_64)
	cc=${CC:-gcc} family=x86/x86_64 machine=x86_64 config=X86_64
	own="-m64 -mno-red-zone -D__X86_64__"
	;;
arm64)
	cc=${CC:-aarch64-linux-gnu-gcc} family=arm/arm64 machine=aarch64
	config=ARM_64
	own=-D__ARM_64__
	;;
*)
	wrong "ARCH=$arch: has to be x86_64 or arm64"
	;;
esac

[ -n "$root" ] || wrong "UK_ROOT is not set"
[ -d "$root" ] || wrong "UK_ROOT=$root: no such folder"
[ -r "$root/lib/ukalloc/include/uk/alloc_impl.h" ] ||
	wrong "UK_ROOT=$root: no lib/ukalloc/include/uk/alloc_impl.h there"
command -v "$cc" >/dev/null || wrong "CC=$cc: no such compiler"
root=$(realpath "$root")

version=$(awk '$1 ~ /VERSION$/ && $3 != "" { v = v (v == "" ? "" : ".") $3 }
	END { print v }' "$root/version.mk" 2>/dev/null)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/uk/bits"
# made by a build of the tree
echo '#define __UKLIBID_libmimalloc ((__u16) 0)' >"$work/uk/bits/libid.h"
echo '#define __UKLIBID_COUNT__ ((__u16) 1)' >>"$work/uk/bits/libid.h"

files=$(sed -n 's|^.*SRCS-y.*(LIBMIMALLOC_BASE)/\(.*\.c\)$|\1|p' Makefile.uk)
includes=(-I"$work" -Iport/unikraft -Isrc)
for folder in "$root/arch/$family/include" "$root"/include \
	"$root"/lib/*/include "$root"/lib/*/arch/$arch/include \
	"$root/arch/$arch/include" "$root"/plat/native/include \
	"$root/plat/native/arch/$arch/include" \
	"$root"/plat/native/pal/include \
	"$root/plat/native/pal/arch/$arch/include" \
	"$root/lib/nolibc/arch/$arch" \
	"$root"/lib/nolibc/musl-imported/include \
	"$root"/lib/nolibc/musl-imported/arch/generic \
	"$root/lib/nolibc/musl-imported/arch/$machine"; do
	[ -d "$folder" ] && includes+=(-I"$folder")
done
includes+=(-Iinclude)
flags="-nostdlib -nostdinc -std=gnu11 -O2 $own -fno-PIC
	-fno-stack-protector -fno-builtin-printf -fno-strict-aliasing
	-Wall -Wextra -Werror -U__linux__ -D__Unikraft__
	-D__LIBNAME__=libmimalloc -DUK_LIBPARAM_LIBPREFIX=mimalloc"

# uktest has .hword, which is not known to clang's own assembler
"$cc" --version | grep -q clang && flags="$flags -fno-integrated-as"

# Names that moved between releases are defined side by side
common='CONFIG_LIBUKALLOC CONFIG_LIBUKDEBUG CONFIG_LIBNOLIBC
	CONFIG_LIBUKDEBUG_PRINTK CONFIG_LIBUKDEBUG_PRINTK_ERR
	CONFIG_LIBUKPRINT CONFIG_LIBUKPRINT_PRINTK CONFIG_LIBUKPRINT_PRINTK_ERR
	CONFIG_LIBUKSCHED CONFIG_LIBUKSCHEDCOOP CONFIG_LIBUKLIBPARAM
	CONFIG_LIBUKBOOT CONFIG_LIBUKTEST CONFIG_LIBUKTEST_LOG_TESTS
	CONFIG_LIBMIMALLOC CONFIG_LIBMIMALLOC_TEST
	CONFIG_LIBMIMALLOC_API CONFIG_LIBMIMALLOC_LIBC
	CONFIG_LIBUKPAL CONFIG_LIBUKLCPU CONFIG_LIBUKPCPUVAR CONFIG_LIBUKPM
	CONFIG_LIBUKPLAT_NATIVE CONFIG_LIBUKPLAT_NATIVE_PAL
	CONFIG_LIBUKPLAT_NATIVE_ADDR CONFIG_LIBUKPLAT_NATIVE_AUXSP
	CONFIG_LIBUKPLAT_NATIVE_ECTX CONFIG_LIBUKPLAT_NATIVE_EXCEPT
	CONFIG_LIBUKPLAT_NATIVE_LCPU CONFIG_LIBUKPLAT_NATIVE_PAGE
	CONFIG_LIBUKPLAT_NATIVE_PT CONFIG_LIBUKPLAT_NATIVE_SYSCTX'

common="CONFIG_ARCH_$config $common"
[ ! -d "$root/lib/ukconsole" ] || common="$common CONFIG_LIBUKCONSOLE"

passed=0
failed=0
concurrent=0	# several CPUs

# compile NAME MI_THREADS HARDENING DEBUG [OPTION ...]
compile()
{
	local name=$1 heaps=$2 hardening=$3 debug=$4 file option count=0 bad=0
	shift 4
	for option in $common "$@"; do
		echo "#define $option 1"
	done >"$work/uk/bits/config.h"
	echo "#define CONFIG_UKPLAT_LCPU_MAXCOUNT $((1 + 3 * concurrent))" \
		>>"$work/uk/bits/config.h"
	cat >>"$work/uk/bits/config.h" <<'EOF'
#define CONFIG_LIBMIMALLOC_BUDGET_KIB 4096
#define CONFIG_LIBMIMALLOC_LEARN_KIB 40960
#define CONFIG_UKPLAT_CPU_MAXCOUNT 1
#define CONFIG_LIBUKVMEM_STACK_GUARD_PAGES_TOP 1
#define CONFIG_LIBUKVMEM_STACK_GUARD_PAGES_BOTTOM 1
#define CONFIG_STACK_SIZE_PAGE_ORDER 4
#define CONFIG_AUXSTACK_SIZE_PAGE_ORDER 4
EOF
	for file in $files; do
		count=$((count + 1))
		"$cc" $flags "${includes[@]}" -DMI_THREADS="$heaps" \
			-DMI_CONCURRENT=$concurrent \
			-DMI_HARDENING="$hardening" -DMI_DEBUG="$debug" \
			-DMI_CLASS_STATS="$debug" \
			-D__BASENAME__="$(basename "$file")" \
			-c -o "$work/object.o" "$file" 2>"$work/errors" &&
			continue
		bad=$((bad + 1))
		echo "$name: $file"
		grep -m 5 -A 3 -E 'error:|warning:' "$work/errors"
	done
	if [ $bad = 0 ]; then
		passed=$((passed + 1))
		echo "ok   $name: $count files"
	else
		failed=$((failed + 1))
		echo "FAIL $name: $bad of $count files"
	fi
}

echo "Unikraft ${version:-of unknown version} in $root, $arch, $("$cc" \
	--version |
	head -n 1)"
paging='CONFIG_PAGING CONFIG_HAVE_PAGING CONFIG_LIBUKPAGING
	CONFIG_LIBUKFALLOC CONFIG_LIBUKFALLOCBUDDY
	CONFIG_LIBUKPLAT_NATIVE_PAGING'
stats='CONFIG_LIBUKALLOC_IFSTATS CONFIG_LIBUKALLOC_IFSTATS_GLOBAL'
for heaps in 0 1; do
	[ $heaps = 0 ] && kind="single heap" || kind="thread heaps"
	compile "no paging, $kind" $heaps 1 0
	compile "paging, $kind" $heaps 1 0 $paging
	compile "vmem, $kind" $heaps 1 0 $paging CONFIG_LIBUKVMEM
	compile "vmem, $kind, statistics, assertions, hardening 2" $heaps 2 1 \
		$paging CONFIG_LIBUKVMEM $stats CONFIG_LIBUKDEBUG_ENABLE_ASSERT
done
concurrent=1
several="$paging CONFIG_HAVE_SMP CONFIG_LIBMIMALLOC_SMP"
compile "several CPUs" 1 1 0 $several
compile "several CPUs, statistics, assertions, hardening 2" 1 2 1 $several \
	$stats CONFIG_LIBUKDEBUG_ENABLE_ASSERT
echo "$passed passed, $failed failed"
cat <<'EOF'
Not done: Kconfig was not run, nothing was linked or booted, only headers of
nolibc were tried (not those of lib-musl), of one machine, and no statistics for
each library (IFSTATS_PERLIB). docs/unikraft.md tells how to build an image.
EOF
[ $failed = 0 ]
