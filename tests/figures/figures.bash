# SPDX-License-Identifier: BSD-3-Clause
#
# What the scripts in this directory share; they source it. Each prints the
# figures that docs/figures.md lists and judges them, as TAP:
#
#	ok 3 - NAME: VALUE UNIT (limit LIMIT)
#
# BUILD names the folder with libmimalloc.so and libmimalloc.a (build by
# default), CC the compiler of the programs measured (gcc).

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$root/tests/figures
source "$root/tests/programs/lib.bash"

BUILD=${BUILD:-$root/build}
case $BUILD in
/*)	;;
*)	BUILD=$root/$BUILD ;;
esac
CC=${CC:-gcc}
so=$BUILD/libmimalloc.so
archive=$BUILD/libmimalloc.a
unset ${!MIMALLOC_*}

# Fails unless the libraries are there; nobody measures an old build by name.
need_libraries() {
	local file
	for file in "$so" "$archive"; do
		[ -r "$file" ] || bail "$file is missing: run make first"
	done
}

# compile PROGRAM OUTPUT [FLAG...]: PROGRAM.c of this directory, strictly.
compile() {
	local program=$1 output=$2
	shift 2
	"$CC" -std=gnu11 -O2 -Wall -Wextra -Wconversion -Werror \
		-I"$root/include" -o "$output" "$here/$program.c" "$@" \
		-pthread >"$tmp/compile" 2>&1 && return
	comment "$tmp/compile"
	bail "$program.c does not compile"
}

# calculate EXPRESSION [NAME=VALUE...]: prints it with three digits at most.
calculate() {
	local expression=$1 setting settings=()
	shift
	for setting in "$@"; do
		settings+=(-v "$setting")
	done
	awk "${settings[@]}" "BEGIN { printf \"%.6g\", $expression }"
}

holds() {
	awk "BEGIN { exit !($1) }"
}

# at_most NAME VALUE LIMIT UNIT, at_least NAME VALUE LIMIT UNIT: a point each.
# What is no number never passes.
at_most() {
	local number='^-?[0-9]+([.][0-9]+)?$'
	[[ $2 =~ $number ]] && holds "$2 <= $3"
	point $? "$1: ${2:-nothing} $4 (limit at most $3)"
}

at_least() {
	local number='^-?[0-9]+([.][0-9]+)?$'
	[[ $2 =~ $number ]] && holds "$2 >= $3"
	point $? "$1: ${2:-nothing} $4 (limit at least $3)"
}

# tell TEXT: a figure that is not judged.
tell() {
	echo "# $*"
}
