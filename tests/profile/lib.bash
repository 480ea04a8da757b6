# SPDX-License-Identifier: BSD-3-Clause
#
# What the scripts in this directory share; they source it. MIMALLOC_SO names
# the library, and beside it stands the profiler, as `make` leaves them.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$root/tests/profile
source "$root/tests/programs/lib.bash"

MIMALLOC_SO=${MIMALLOC_SO:-$root/build/libmimalloc.so}
profiler=${MIMALLOC_SO%/*}/libmimalloc-profile.so
unset ${!MIMALLOC_*}
MIMALLOC_SO=${profiler%/*}/libmimalloc.so

need_libraries() {
	local file
	for file in "$MIMALLOC_SO" "$profiler"; do
		[ -r "$file" ] || bail "$file is missing: run make first"
	done
	cd "$tmp" || bail "no temporary directory"
}

# compile SOURCE OUTPUT [FLAG...]: with the names of functions in it
compile() {
	local source=$here/$1 output=$tmp/$2 compiler=(gcc -std=gnu11)
	shift 2
	case $source in *.cpp) compiler=(g++ -std=c++17) ;; esac
	"${compiler[@]}" -O1 -g -fno-builtin -Wall -Wextra -Werror \
		-I"$root/include" -o "$output" "$source" "$@" -pthread \
		>compile 2>&1 && return
	comment compile
	bail "$source does not compile"
}

# profiled [NAME=VALUE...] PROGRAM ARGUMENT...: on the C library's allocator
profiled() {
	env LD_PRELOAD="$profiler" "$@"
}

# profiled_ours [NAME=VALUE...] PROGRAM ARGUMENT...: on ours
profiled_ours() {
	env LD_PRELOAD="$profiler:$MIMALLOC_SO" "$@"
}

# expects FILE LINE...: what profile.py compares the profile with
expects() {
	local file=$1
	shift
	printf '%s\n' "$@" >expected
	python3 "$here/profile.py" "$file" expect expected
}

# prints TEXT COMMAND...: the command prints that and nothing else
prints() {
	local wanted=$1 found
	shift
	found=$("$@" 2>&1)
	[ "$found" = "$wanted" ] || {
		printf 'printed: %s\n' "$found"
		return 1
	}
}

# says PATTERN COMMAND...: a line that it prints matches
says() {
	local wanted=$1
	shift
	"$@" >said 2>&1
	cat said
	grep -qE -e "$wanted" said
}

fails() {
	! "$@"
}
