#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# With a rate of 1 every figure of a profile is what the program really did, on
# the C library's allocator and on ours; and the file is sound for two readers
# that know the format by its description alone.

source "$(dirname "$0")/lib.bash"
prepare 28 gcc g++ python3 protoc
need_libraries
compile holds.cpp holds
compile nested.c nested.so -shared -fPIC

protoc_reads() {
	protoc --proto_path="$here" --decode=Profile profile.proto <"$1" >text &&
		! grep -E '^ *[0-9]+[:{ ]' text &&
		grep -c 'value:' text
}

# The summary's first line has the same figures as the profile
summary_agrees() {
	local blocks
	python3 "$here/profile.py" "$1" >figures || return
	blocks=$(awk '$1 == "inuse_objects" { print $2 }' figures)
	cat "$2"
	grep -qE "^holds\[[0-9]+\]: mimalloc: still held at exit: .* in \
$blocks blocks\$" "$2" && grep -qx '  every block was counted; .*' "$2"
}

# site BLOCKS FUNCTION FILE: a call site of so many blocks in that function
site() {
	cat "$3"
	awk -v blocks="in $1 blocks" -v name="$2" '
	/^    [^ ].* block/ || /^     .* in .* block/ { at = index($0, blocks) }
	at && $1 == name { found = 1 }
	END { exit !found }' "$3"
}

profiled_nested() {
	env LD_PRELOAD="$profiler:$tmp/nested.so" "$@"
}

for kind in profiled profiled_ours profiled_nested; do
	case $kind in
	profiled)	on="on the C library's allocator" ;;
	profiled_ours)	on="on ours" ;;
	*)		on="on one that calls names of others" ;;
	esac
	check "a program runs $on" $kind MIMALLOC_PROFILE=$kind.pb \
		MIMALLOC_PROFILE_RATE=1 MIMALLOC_PROFILE_LEAKS=100 \
		MIMALLOC_PROFILE_LEAKS_FILE=leaks sh -c 'exec ./holds >expect'
	[ "$(wc -l <expect)" -ge 40 ]
	point $? "it says what to expect"
	check "the profile has each figure" python3 "$here/profile.py" \
		$kind.pb expect expect
	check "protoc knows all of its fields" protoc_reads $kind.pb
	check "the summary has the same sum" summary_agrees $kind.pb leaks
	check "and the call site of 1000 blocks" site 1000 after_the_peak leaks
	check "and that of 100" site 100 by_malloc leaks
	check "nothing that was freed is in it" fails grep at_the_peak leaks
done

# That the readers notice what is wrong
sed 's/^by_new alloc_space .*/by_new alloc_space 297/' expect >wrong
check "a wrong figure is noticed" fails python3 "$here/profile.py" \
	profiled.pb expect wrong
head -c -3 profiled.pb >short.pb
check "so is a profile that was cut off" fails python3 "$here/profile.py" \
	short.pb
check "by both readers" fails protoc_reads short.pb
{ cat profiled.pb; printf '\x78\x01'; } >more.pb
check "so is a field that nobody knows" fails python3 "$here/profile.py" \
	more.pb
finish
