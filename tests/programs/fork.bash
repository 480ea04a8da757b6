# SPDX-License-Identifier: BSD-3-Clause
#
# What fork-*.sh share; they source it after lib.bash. A program of theirs says
# "served" where it has its memory from the library, and "fine" when all is.

folder=$(cd "$(dirname "$0")" && pwd)
strict=(-std=gnu11 -O1 -pthread -Wall -Wextra -Werror)

# The archive, beside the shared library
archive=${MIMALLOC_SO:-}
archive=${archive%.so}.a

# fine NAME COMMAND...: the program gets to its end, without the library.
fine() {
	local name=$1
	shift
	check "$name" is_fine "$@"
}

# fine_served NAME COMMAND...: and with it.
fine_served() {
	local name=$1
	shift
	check "$name" is_fine_served "$@"
}

is_fine() {
	"$@" >"$tmp/said" 2>&1
	local status=$?
	cat "$tmp/said"
	[ $status -eq 0 ] || echo "status $status"
	[ $status -eq 0 ] && [ "$(tail -n 1 "$tmp/said")" = fine ]
}

is_fine_served() {
	is_fine "$@" && grep -qx served "$tmp/said"
}

# skip REASON NAME: a point that is not tested, and why.
skip() {
	points=$((points + 1))
	echo "ok $points - $2 # SKIP $1"
}
