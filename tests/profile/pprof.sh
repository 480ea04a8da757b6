#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# pprof itself reads the profiles, and gives the sums that we do. It is Go's,
# which Debian has in golang-1.19-go; Perl's program of that name reads another
# format. Half a gigabyte is much for one test, so the package is in no list.
#
#	PPROF=/path/to/pprof	another one

source "$(dirname "$0")/lib.bash"
plan=10
prepare $plan gcc g++ python3 addr2line
need_libraries
export HOME=$tmp PPROF_TMPDIR=$tmp

# The newest that is there
find_pprof() {
	local program
	for program in ${PPROF:-} $(command -v pprof) \
		$(ls -r /usr/lib/go-*/pkg/tool/linux_*/pprof 2>/dev/null); do
		"$program" -help 2>&1 | grep -q sample_index || continue
		echo "$program"
		return
	done
	return 1
}

if ! pprof=$(find_pprof); then
	echo "# pprof is missing: apt-get install golang-1.19-go"
	for ((i = 1; i <= plan; i++)); do
		echo "ok $i # SKIP there is no pprof of Go's here"
	done
	exit 0
fi
echo "# $pprof"
compile holds.cpp holds
profiled_ours MIMALLOC_PROFILE=heap.pb MIMALLOC_PROFILE_RATE=1 ./holds >expect
profiled_ours MIMALLOC_PROFILE=other.pb MIMALLOC_PROFILE_RATE=1 ./holds >expect

# top TYPE [FLAG...]: bytes or objects of each function, in full
top() {
	local type=$1
	shift
	"$pprof" -top -unit=B -nodefraction=0 -nodecount=1000 \
		-sample_index="$type" "$@" 2>err
}

# flat FUNCTION VALUE TYPE: what is allocated there itself
flat() {
	top "$3" heap.pb >table || { cat err; return 1; }
	cat table
	awk -v name="$1" -v value="$2" '
	{ sub(/B$/, "", $1) }
	$6 == name && $1 == value { found = 1 }
	END { exit !found }' table
}

sum_agrees() {
	local ours
	ours=$(python3 "$here/profile.py" heap.pb |
		awk -v kind="$1" '$1 == kind { print $2 }')
	top "$1" heap.pb >table
	head -n 6 table
	grep -E " of ${ours}B? total" table
}

check "it says what is in use by default" eval \
	'"$pprof" -top heap.pb | grep -x "Type: inuse_space"'
check "bytes in use" flat by_malloc 10000 inuse_space
check "blocks in use" flat by_malloc 101 inuse_objects
check "bytes at the peak" flat at_the_peak 8388608 peak_space
check "bytes ever allocated" flat by_realloc 105010 alloc_space
check "the sum of bytes is ours" sum_agrees inuse_space
check "so is that of blocks at the peak" sum_agrees peak_objects
check "it finds the lines of the source" eval \
	'"$pprof" -list=by_calloc heap.pb | grep -E "1500.*std::calloc|14.65kB"'
check "the difference of two is nothing" eval \
	'top inuse_space -base other.pb heap.pb | grep "of 0 total"'
check "and it draws a graph" eval \
	'"$pprof" -dot heap.pb | grep -c "by_malloc"'
finish
