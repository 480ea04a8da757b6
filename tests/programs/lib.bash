# SPDX-License-Identifier: BSD-3-Clause
#
# What the scripts in this directory share; they source it. Elsewhere a script
# that needs no preload uses prepare in place of begin.
#
# Each script runs one real program twice, plain and with the library of
# MIMALLOC_SO preloaded, compares what both do, and prints TAP. That the
# preload was at work is read from the dynamic loader's own account of its
# symbol bindings (LD_DEBUG=bindings): every process of the program must have
# its malloc, calloc, realloc and free bound to that file and to no other.

set -u -o pipefail
export LC_ALL=C
unset LD_PRELOAD LD_DEBUG LD_DEBUG_OUTPUT

points=0
failures=0
processes=()		# to end at clean-up

bail() {
	echo "Bail out! $*"
	exit 2
}

clean_up() {
	local process
	for process in ${processes[@]+"${processes[@]}"}; do
		kill -KILL "$process" 2>/dev/null
	done
	[ -z "${tmp:-}" ] || rm -rf "$tmp"
}

# prepare PLAN PROGRAM...: the number of points, and the programs needed.
prepare() {
	local program
	planned=$1
	shift
	for program in "$@"; do
		command -v "$program" >/dev/null ||
			bail "$program is missing, see tests/packages.txt"
	done
	tmp=$(mktemp -d) || bail "no temporary directory"
	trap clean_up EXIT
	trap 'exit 143' TERM INT HUP
	echo "1..$planned"
}

# begin PLAN PROGRAM...: prepares for the use of both, preloaded and served.
begin() {
	case "${MIMALLOC_SO:-}" in
	*[\ :]*) bail "MIMALLOC_SO=$MIMALLOC_SO: LD_PRELOAD cannot name that" ;;
	"")	bail "set MIMALLOC_SO to the absolute path of the library" ;;
	/*)	[ -r "$MIMALLOC_SO" ] || bail "cannot read $MIMALLOC_SO" ;;
	*)	bail "MIMALLOC_SO=$MIMALLOC_SO is no absolute path" ;;
	esac
	prepare "$@"
	preload=(env LD_PRELOAD="$MIMALLOC_SO" LD_DEBUG=bindings
		LD_DEBUG_OUTPUT="$tmp/trace/ld")
	mkdir "$tmp/plain" "$tmp/preload" "$tmp/trace"
}

# The exit status tells of a failure as well as the points do.
finish() {
	[ "$points" -eq "$planned" ] && [ "$failures" -eq 0 ]
	exit
}

# point STATUS NAME
point() {
	points=$((points + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $points - $2"
	else
		failures=$((failures + 1))
		echo "not ok $points - $2"
	fi
}

# Prints the first lines of a file as comments.
comment() {
	head -n 20 "$1" | cut -c 1-200 | sed 's/^/# /'
}

# check NAME COMMAND...: ok when the command succeeds.
check() {
	local name=$1
	shift
	if "$@" >"$tmp/check" 2>&1; then
		point 0 "$name"
	else
		point 1 "$name"
		comment "$tmp/check"
	fi
}

# same NAME FILE FILE
same() {
	if cmp -s "$2" "$3"; then
		point 0 "$1"
	else
		point 1 "$1"
		cmp "$2" "$3" 2>&1 | sed 's/^/# /'
		diff --text "$2" "$3" >"$tmp/difference" 2>&1
		comment "$tmp/difference"
	fi
}

# Runs a command with the library preloaded and its bindings traced.
preloaded() {
	"${preload[@]}" "$@"
}

# Reads one trace, that of one process; a command given to both should start
# its program itself and not by env, or the trace holds two programs' bindings.
# Fails unless the four symbols go to the library alone. A program at a fixed
# address that takes the address of free lends its own procedure linkage entry
# to all; that entry's binding is in the trace as well.
trace_is_served() {
	awk -v library="$MIMALLOC_SO" '
	/initialize program: / {
		program = $NF
	}
	/binding file .* normal symbol `(malloc|calloc|realloc|free)\047/ {
		target = $0
		sub(/.* to /, "", target)
		sub(/ \[[0-9]+\]: normal symbol .*/, "", target)
		symbol = $0
		sub(/.*normal symbol `/, "", symbol)
		sub(/\047.*/, "", symbol)
		bound[symbol " is bound to " target] = target
		if (target == library)
			served[symbol] = 1
	}
	END {
		for (what in bound)
			if (bound[what] != library && bound[what] != program) {
				print FILENAME ": " what
				foreign = 1
			}
		if (!served["malloc"] || !served["free"])
			print FILENAME ": no malloc or free from " library
		exit !served["malloc"] || !served["free"] || foreign
	}' "$1"
}

# Every traced process that ran PROGRAM got its memory from the library.
program_is_served() {
	local traces trace bad=0
	traces=$(grep -lE "initialize program: (.*/)?$1\$" "$tmp"/trace/* \
		2>/dev/null)
	if [ -z "$traces" ]; then
		echo "no process of $1 was traced"
		return 1
	fi
	for trace in $traces; do
		trace_is_served "$trace" || bad=1
	done
	return $bad
}

served() {
	local program
	for program in "$@"; do
		check "$program has its memory from the library" \
			program_is_served "$program"
	done
}

# both COMMAND...: runs it plain in $tmp/plain and preloaded in $tmp/preload.
# Three points: both exit with 0, print the same, and complain of the same.
both() {
	local status_plain status_preload
	(cd "$tmp/plain" && "$@") >"$tmp/plain.out" 2>"$tmp/plain.err"
	status_plain=$?
	(cd "$tmp/preload" && preloaded "$@") \
		>"$tmp/preload.out" 2>"$tmp/preload.err"
	status_preload=$?
	[ "$status_plain" -eq 0 ] && [ "$status_preload" -eq 0 ]
	point $? "exit status 0, plain and preloaded"
	if [ "$status_plain" -ne 0 ] || [ "$status_preload" -ne 0 ]; then
		echo "# plain $status_plain, preloaded $status_preload"
		comment "$tmp/plain.err"
		comment "$tmp/preload.err"
	fi
	same "the same on standard output" "$tmp/plain.out" "$tmp/preload.out"
	same "the same on standard error" "$tmp/plain.err" "$tmp/preload.err"
}
