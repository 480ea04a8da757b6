#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What guest.sh says of guests that do not succeed. They are played by a script
# in place of the emulator. BUILD is as there.

source "$(dirname "$0")/../programs/lib.bash"
here=$(cd "$(dirname "$0")" && pwd)
prepare 8

mkdir "$tmp/kernels" "$tmp/bin"
echo a kernel >"$tmp/kernels/kernel-4k"
echo a-package >"$tmp/kernels/kernel-4k.package"

# played TEXT COMMAND : what a guest prints, and does then; sets status
played() {
	printf '#!/bin/sh\ncat <<"EOF"\n%s\nEOF\n%s\n' "$1" "$2" >"$tmp/qemu"
	chmod +x "$tmp/qemu"
	QEMU="$tmp/qemu" KERNELS="$tmp/kernels" SILENCE_MAX=3 \
		"$here/guest.sh" 4k crimes >"$tmp/said" 2>&1
	status=$?
}

# judged NAME STATUS TEXT : it ended so, and said that
judged() {
	[ "$status" = "$2" ] && grep -qF -e "$3" "$tmp/said"
	point $? "$1"
	[ "$status" = "$2" ] || echo "# exit status $status"
}

begun=$'@crimes\n|1..1'
ended=$'=exit 0\n$1'
played "$begun"$'\n|ok 1 - it\n'"$ended" ""
judged "a guest that succeeds" 0 "has run 1 programs"
played "$begun"$'\n[ 1.0] Kernel panic - not syncing' ""
judged "a guest that panics fails" 1 "not ok 1 - a guest"
judged "and its last lines are shown" 1 "# [ 1.0] Kernel panic"
played "$begun" "exec sleep 1000"
judged "a guest that hangs fails" 1 "has run 0 of 1 programs"
played "$begun"$'\n|not ok 1 - it\n=exit 1\n$1' ""
judged "a point that fails fails" 1 "not ok 1 - it"
played "$begun"$'\n|ok 1 - it\n=signal 11\n$1' ""
judged "a program that crashes is one" 1 "not ok 1 - crimes: signal 11"
played "$begun"$'\n|ok 1 - it\n=time\n$1' ""
judged "and one without an end" 1 "not ok 1 - crimes: no end after"

# where nothing can be fetched
printf '#!/bin/sh\nexit 100\n' >"$tmp/bin/apt-get"
chmod +x "$tmp/bin/apt-get"
rm "$tmp/kernels/kernel-4k"
QEMU=true PATH="$tmp/bin:$PATH" KERNELS="$tmp/kernels" \
	"$here/guest.sh" 4k crimes >"$tmp/said" 2>&1
status=$?
judged "no kernel is a skip, with a reason" 0 \
	"# SKIP no kernel for arm64 with pages of 4k"
finish
