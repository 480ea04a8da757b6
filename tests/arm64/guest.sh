#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Suites of tests on a real kernel of Debian's for arm64, which QEMU emulates.
#
#	tests/arm64/guest.sh 4k|16k SUITE...
#
# The suites are api, unit, crimes and figures, of what `make
# CROSS=aarch64-linux-gnu-` has built in BUILD (build/cross-arm64). All that the
# programs print is printed, as TAP. A guest that panics or hangs is a failed
# test, with the last lines of its console. KERNELS is the folder for kernels
# (build/arm64-kernels), QEMU the emulator. MI_TEST_* goes to the programs.
#
# No program has less than SECONDS_MAX for itself, no guest is taken for dead
# before it has kept silent for SILENCE_MAX, though it tells every ten seconds
# that it lives: no slow machine meets these.

SECONDS_MAX=${SECONDS_MAX:-3600}
SILENCE_MAX=${SILENCE_MAX:-900}

here=$(cd "$(dirname "$0")" && pwd)
source "$here/../programs/lib.bash"
cd "$here/../.." || bail "no folder of the tests"
cross=${CROSS:-aarch64-linux-gnu-}
BUILD=${BUILD:-build/cross-arm64}
QEMU=${QEMU:-qemu-system-aarch64}
kernels=${KERNELS:-build/arm64-kernels}
page=${1:-}
shift
kernel=$kernels/kernel-$page

# skip REASON : loudly, as the runner shows it
skip() {
	echo "1..0 # SKIP $*"
	exit 0
}

case $page in
4k | 16k) ;;
*)	bail "usage: guest.sh 4k|16k SUITE..." ;;
esac
for tool in "$QEMU" cpio "${cross}gcc"; do
	command -v "$tool" >/dev/null ||
		bail "$tool is missing, see tests/packages.txt"
done
tmp=$(mktemp -d) || bail "no temporary directory"
trap clean_up EXIT
trap 'exit 143' TERM INT HUP

"$here/kernel.sh" "$page" "$kernels" 2>"$tmp/kernel.err"
case $? in
0)	;;
3)	comment "$tmp/kernel.err"
	skip "no kernel for arm64 with pages of $page:" \
		"$(tail -n 1 "$tmp/kernel.err"); what judges these pages" \
		"is the stand-in of tests/kernel alone" ;;
*)	comment "$tmp/kernel.err"
	bail "kernel.sh fails" ;;
esac

# ---- what the guest has ----

tree=$tmp/tree
mkdir -p "$tree"/{lib,t,usr/bin} || bail "no room in $tmp"
libraries=/usr/${cross%-}/lib
cp "$libraries"/{ld-linux-aarch64.so.1,libc.so.6,libgcc_s.so.1} "$tree/lib" ||
	bail "no libraries of ${cross%-} in $libraries"
"${cross}gcc" -std=gnu11 -O2 -static -o "$tree/init" "$here/init.c" ||
	bail "init.c does not compile"

settings=
for name in ${!MI_TEST_*}; do
	settings+="$name=${!name} "
done

# has NAME FILE : the guest has the file as /t/NAME
has() {
	mkdir -p "$tree/t/$(dirname "$1")"
	"${cross}strip" -o "$tree/t/$1" "$2" || bail "$2 is missing: run make"
}

# runs NAME PROGRAM [ARGUMENT...] : the guest runs /t/PROGRAM
runs() {
	local name=$1
	shift
	echo "$name $SECONDS_MAX $settings/t/$*" >>"$tree/tests"
	programs=$((programs + 1))
}

programs=0
for suite; do
	case $suite in
	api | unit)
		for file in "$BUILD/tests/$suite"/test_*; do
			[[ $file != *.d ]] || continue
			name=$suite/${file##*/}
			has "$name" "$file"
			runs "$name" "$name"
		done ;;
	crimes)	has crimes "$BUILD/tests/crimes/judge"
		runs crimes crimes ;;
	figures)
		source "$here/figures.bash"
		figures_add ;;
	*)	bail "no suite has the name $suite" ;;
	esac
done
[ $programs != 0 ] || bail "usage: guest.sh 4k|16k SUITE..."
(cd "$tree" && find . | cpio -o -H newc -R 0:0 --quiet) >"$tmp/initrd" ||
	bail "cpio fails"

# ---- its end ----

# ended NAME HOW : a program that failed without a failed point is one
ended() {
	[ "$2" != "exit 0" ] || return 0
	[ "$failed_before" = "$failed" ] || return 0
	failed=$((failed + 1))
	[ "$2" != time ] || set -- "$1" "no end after $SECONDS_MAX s"
	echo "1..1"
	echo "not ok 1 - $1: $2"
}

# follow : reads the console, and leaves all of it in a file
follow() {
	local line name=
	failed=0 seen=0 done=no
	while IFS= read -r -t "$SILENCE_MAX" line; do
		line=${line%$'\r'}
		echo "$line" >>"$tmp/console"
		case $line in
		@*)	name=${line#@}
			failed_before=$failed
			: >"$tmp/said" ;;
		'|'*)	line=${line#|}
			[[ $line != "not ok"* || $line == *"# SKIP"* ]] ||
				failed=$((failed + 1))
			[[ $name == figures/* ]] && echo "$line" >>"$tmp/said" ||
				echo "$line" ;;
		'!'*)	echo "# $name: ${line#!}" ;;
		=*)	seen=$((seen + 1))
			if [[ $name == figures/* ]]; then
				figures_judge "$name" "${line#=}" "$tmp/said"
			else
				ended "$name" "${line#=}"
			fi ;;
		\$*)	[ "${line#\$}" = "$programs" ] && done=yes ;;
		esac
	done
}

echo "# $(cat "$kernel.package"), $programs programs"
: >"$tmp/console"
mkfifo "$tmp/fifo"
"$QEMU" -M virt -cpu max,pauth-impdef=on -smp 2 -m 2048 -nodefaults \
	-no-reboot -display none -serial stdio -kernel "$kernel" \
	-initrd "$tmp/initrd" -append "console=ttyAMA0 quiet loglevel=1 \
panic=-1 oops=panic rdinit=/init" </dev/null >"$tmp/fifo" 2>&1 &
guest=$!
processes+=("$guest")
follow <"$tmp/fifo"
kill -KILL "$guest" 2>/dev/null
echo "1..1"
if [ $done = yes ] && [ $seen = $programs ]; then
	echo "ok 1 - a guest with pages of $page has run $programs programs"
else
	echo "not ok 1 - a guest with pages of $page has run $seen of" \
		"$programs programs"
	echo "# the last lines of its console:"
	tail -n 30 "$tmp/console" | sed 's/^/# /'
	exit 1
fi
[ "$failed" = 0 ]
