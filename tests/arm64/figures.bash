# SPDX-License-Identifier: BSD-3-Clause
#
# The suite figures of guest.sh, which sources this: instructions of the fast
# paths against tests/figures/golden-aarch64.txt, counted in the guest by single
# steps, and the longest calls. FIGURES_DEFAULT=1 leaves out all libraries but
# that of BUILD.

golden=$here/../figures/golden-aarch64.txt

# figures_program PROGRAM NAME LIBRARY [FLAG...] : of tests/figures, for the guest
figures_program() {
	local program=$1 name=$2
	shift 2
	"${cross}gcc" -std=gnu11 -O2 -Wall -Wextra -Wconversion -Werror \
		-Iinclude -o "$tmp/program" "tests/figures/$program.c" "$@" \
		-pthread || bail "$program.c does not compile"
	has "figures/$name" "$tmp/program"
}

# figures_library HARDENING THREADS MACHINE : sets folder, made here if it is not
# that of BUILD
figures_library() {
	folder=$BUILD
	[ "$1 $2 $3" != "1 1 armv8-a" ] || return 0
	folder=$BUILD-figures/$1$2$3
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL "${MAKE:-make}" -s \
		-j "$(nproc)" CROSS="$cross" HARDENING="$1" THREADS="$2" \
		CFLAGS="-march=$3" BUILD="$folder" \
		"$folder"/libmimalloc.{so,a} >"$tmp/make" 2>&1 && return
	comment "$tmp/make"
	bail "make HARDENING=$1 THREADS=$2 CFLAGS=-march=$3 fails"
}

figures_rows() {
	local own=.
	[ -z "${FIGURES_DEFAULT:-}" ] || own=$'^1\t1\tarmv8-a\t'
	grep -v -e '^#' -e '^$' "$golden" | grep "$own"
}

figures_add() {
	local made= hardening threads machine library function build
	[ -r "$golden" ] || bail "$golden is missing"
	while read -r hardening threads machine library function _; do
		build=$hardening$threads$machine
		if [[ $made != *" $build "* ]]; then
			made+=" $build "
			figures_library "$hardening" "$threads" "$machine"
			has "lib$build/libmimalloc.so.2" \
				"$folder/libmimalloc.so"
			figures_program instructions "shared$build" \
				"$folder/libmimalloc.so" -Wl,-z,now \
				-Wl,-rpath,"/t/lib$build"
			figures_program instructions "archive$build" \
				"$folder/libmimalloc.a"
		fi
		runs "figures/$hardening:$threads:$machine:$library:$function" \
			"figures/$library$build" "$function"
	done < <(figures_rows)
	[ -z "${FIGURES_DEFAULT:-}" ] || return 0
	figures_program longest longest "$BUILD/libmimalloc.a"
	for function in malloc free; do
		runs "figures/longest:$function" figures/longest "$function"
	done
}

# figures_point NAME STATUS
figures_point() {
	[ "$2" = 0 ] || failed=$((failed + 1))
	echo "1..1"
	[ "$2" = 0 ] && echo "ok 1 - $1" || echo "not ok 1 - $1"
}

# figures_judge NAME HOW FILE : what a program printed, and how it ended
figures_judge() {
	local name=${1#figures/} count=nothing took=0 calls=1 row expected limit
	[ "$2" = "exit 0" ] || echo "# $1: $2"
	[ "$2" != "exit 0" ] || read -r count took calls <"$3"
	if [[ $name == longest:* ]]; then
		[[ $count =~ ^[0-9]+$ ]] && [ "$count" -le 50000 ]
		figures_point "$name: $count instructions (limit at most 50000)" $?
		return
	fi
	row=$(figures_rows | awk -v OFS=: -v name="$name" \
		'{ $1 = $1 } index($0, name ":") == 1 { print $6, $7 }')
	expected=${row%%:*} limit=${row##*:}
	[ "$count" = nothing ] || [ $((took * 4)) -ge $((calls * 3)) ] || {
		echo "# only $took of $calls calls took $count instructions"
		count=nothing
	}
	[ "$count" = "$expected" ] && [ "$count" -le "$limit" ]
	figures_point "$name: $count instructions as in ${golden##*/} \
($expected, limit $limit)" $?
	[ "$count" = "$expected" ] ||
		echo "# if this is meant, change that file in the same commit"
}
