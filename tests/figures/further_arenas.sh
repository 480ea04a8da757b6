#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What malloc and free cost in an arena that is not the first, in instructions.

source "$(dirname "$0")/figures.bash"

ARENAS=200
prepare 6 "$CC"
need_libraries
mkdir "$tmp/lib"
ln -s "$so" "$tmp/lib/libmimalloc.so.2"
compile further_arenas "$tmp/arenas" "$so" -Wl,-rpath,"$tmp/lib" -Wl,-z,now

# pair WHERE [OTHERS]: sets pair to the instructions of malloc and free
pair() {
	local mallocs frees status
	pair=
	timeout 100 "$tmp/arenas" "$@" >"$tmp/count" 2>"$tmp/errors"
	status=$?
	if [ "$status" -eq 3 ]; then
		tell "ptrace is not permitted here, so nothing can be counted:"
		tell "allow it (a container: --cap-add=SYS_PTRACE)"
	fi
	if [ "$status" -ne 0 ]; then
		tell "$*: exit status $status"
		comment "$tmp/errors"
		return
	fi
	read -r mallocs frees <"$tmp/count"
	tell "$*: malloc $mallocs, free $frees instructions"
	pair=$(calculate "m + f" m="$mallocs" f="$frees")
}

pair first
first=${pair:-0}
for where in reserved mapped static; do
	for others in 0 $ARENAS; do
		pair "$where" "$others"
		at_most "a $where arena after $others others" "$(calculate \
			"(b > 0 ? a / b : 1e9)" a="${pair:-1e9}" b="$first")" \
			1.5 "times a pair of the first arena"
	done
done
finish
