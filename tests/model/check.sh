#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Has Spin go through all states of protocol.pml, and sees that it finds what
# is wrong with each mutation of it; as TAP, a point for each run.
#
#   tests/model/check.sh [long]
#
# `long` adds larger bounds (`make check-model`). What is checked and how to
# look into a run by hand stands at the head of protocol.pml.

set -eu

cd "$(dirname "$0")"
model=$PWD/protocol.pml
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
point=0
failed=0

# Megabytes, and seconds, that one run may take
memory=900
seconds=500
# to build the verifier takes most of the time
level=-O0

# search OPTIMISATION KIND DEFINITIONS : leaves what the verifier said in the
# file `verdict`. KIND is `safety` or, for threads that run for ever, `cycles`.
search()
{
	local mode=-DSAFETY flags=
	if [ "$2" = cycles ]; then
		mode=-DNP
		flags=-l
	fi
	rm -f pan* verdict
	if ! { spin -a $3 "$model" && ${CC:-gcc} "$1" -w $mode -DCOLLAPSE \
	       -DMEMLIM=$memory -o pan pan.c; } >verdict 2>&1; then
		echo 'the verifier could not be built' >>verdict
		return
	fi
	timeout $seconds ./pan -m100000 $flags >verdict 2>&1 ||
		echo "the verifier has ended with $?" >>verdict
}

# point RESULT NAME : one line of TAP; what the verifier said where it failed
point()
{
	point=$((point + 1))
	echo "$1 $point - $2"
	if [ "$1" != ok ]; then
		failed=1
		sed 's/^/# /' verdict | head -n 60
	fi
}

# holds KIND DEFINITIONS NAME : all states are visited, and nothing is wrong
holds()
{
	local result=ok states
	search "$level" "$1" "$2"
	grep -q 'errors: 0$' verdict || result='not ok'
	if grep -qE 'not completed|too small|reached -DMEMLIM|ended with' \
		verdict; then
		result='not ok'
	fi
	states=$(sed -n 's/^ *\([0-9.e+]*\) states, stored.*/\1/p' verdict)
	point "$result" "$3: $states states"
}

# broken KIND NAME DEFINITIONS : with the mutation NAME an error is found
broken()
{
	local result='not ok' message='assertion violated'
	search -O0 "$1" "-D$2 $3"
	[ "$1" = safety ] || message='non-progress cycle'
	if grep -q "^pan:1: $message" verdict &&
	   ! grep -q 'invalid array index' verdict; then
		result=ok
	fi
	point "$result" "found: $2"
}

# replayed DEFINITIONS : Spin tells the steps to what the last search found
replayed()
{
	local result=ok
	spin -k protocol.pml.trail -p -g $1 "$model" >verdict 2>&1 || true
	grep -q 'calls.pml:[0-9]' verdict && grep -q 'trail ends' verdict ||
		result='not ok'
	point "$result" 'and replayed, step by step'
}

one='-DPAGES=1 -DBLOCKS=2 -DHEAPS=2'
moves='-DPAGES=1 -DBLOCKS=2 -DHEAPS=3 -DFREERS=1'
# a call more, so that the owner of a full page comes back to it
wakes="$one -DFREERS=1 -DCALLS_1=4"

if [ "${1:-}" = long ]; then
	memory=6000
	seconds=3000
	level=-O1
	echo 1..47
else
	echo 1..43
fi

# Two lives (the second begins with a new heap or with the first one's) and
# two threads that only free, unless it says otherwise.
holds safety "$one" 'a page of 2 blocks'
holds safety "$one -DEXCLUSIVE=1" 'a page of 2 blocks, of an exclusive arena'
holds safety '-DPAGES=1 -DBLOCKS=3 -DHEAPS=2 -DFREERS=1 -DCALLS_2=2' \
	'a page of 3 blocks, one that frees'
holds safety '-DPAGES=2 -DBLOCKS=2 -DHEAPS=2 -DFREERS=1' \
	'2 pages of 2 blocks, one that frees'
holds safety "$moves -DSECOND=1" \
	'the first has a second heap, and deletes or destroys it'
holds safety "$moves -DSECOND=2 -DCALLS_2=2" \
	'the second has a second heap, perhaps the first life'\''s'
holds safety "$wakes" 'the owner of a full page comes back to it'
holds safety "$moves -DSECOND=1 -DCALLS_1=4" 'and that of a second heap'
holds cycles "$one -DFREERS=1" 'nobody runs for ever; one that frees'

# heap_init() zeroes `instance` for a moment
broken safety ZERO_INSTANCE "$one"
# a free puts the page on `notified` and leaves it FULL
broken safety NOTIFY_KEEPS_FULL "$one"
# an empty page is given back though it is NOTIFIED
broken safety FREE_NOTIFIED "$one"
# ABANDONED is set whatever is on the list
broken safety ABANDON_BLINDLY "$one"
# the owner clears NOTIFIED, and then takes the page off `notified`
broken safety CLEAR_BEFORE_TAKING "$one"
# reclaim reads ABANDONED and writes ACTIVE, in two steps
broken safety CLAIM_WITHOUT_CAS "$one"
replayed "-DCLAIM_WITHOUT_CAS $one"
# a heap is parked without the bit
broken safety PARK_WITHOUT_BIT "$one"
# a page is put on the `notified` of a parked heap
broken safety PUSH_TO_PARKED "$one"
# the last pages are taken, and then the bit is set, in two steps
broken safety PARK_IN_TWO_STEPS "$one"
# a new life begins with the bit
broken safety ADOPT_KEEPS_BIT "$one"
# who has purged sets PURGED and does not see that the page is abandoned
broken safety PURGED_BLINDLY "$one"
# who has purged sets PURGED of a full page and tells nobody
broken safety PURGED_UNNOTIFIED "$one"
# PURGING is set and the list stays
broken safety PURGE_LEAVES_LIST "$one"
# the number of blocks that are out is one too low at the abandoning, or high
broken safety COUNT_TOO_HIGH "$one"
broken safety COUNT_TOO_LOW "$one"
# the owner is cleared after others can claim the page
broken safety OWNER_CLEARED_LATE "$one"
# a page becomes FULL whatever is on the list
broken safety FULL_BLINDLY "$one"
# an abandoned page is given back and stays on the list of the instance
broken safety GIVE_BACK_LISTED "$one"
# a thread that finds the bit does not see that the page has moved
broken safety MOVE_UNSEEN "$moves -DSECOND=1"
# a thread's first heap is parked while its others still need it
broken safety BACKING_ENDS_FIRST "$moves -DSECOND=2"
# blocks came while a page was abandoned, and they are left on the list
broken cycles COLLECT_ONCE "$one -DFREERS=1"
# a thread that finds the bit waits until the heap has a thread again
broken cycles WAIT_FOR_ADOPTION "$one -DFREERS=1"

# who counts does not say so
broken safety COUNT_UNMARKED "$wakes"
# the owner takes the list of a page that is counted
broken safety TAKE_COUNTED "$wakes"
# or ends its rest
broken safety WAKE_BLINDLY "$wakes"
# or takes blocks of a page that rests
broken safety TAKE_WHILE_RESTING "$wakes"
# what was counted stays in the word when the owner takes the blocks
broken safety OWN_STAYS "$wakes"
# a page that is counted is abandoned like others when its owner ends
broken safety ABANDON_COUNTED "$wakes"
# or is claimed by a free then
broken safety CLAIM_COUNTED '-DPAGES=1 -DBLOCKS=3 -DHEAPS=2 -DFREERS=1'
# who has counted does not see that the page was left to it
broken safety COUNTED_BLINDLY "$wakes"
# who has counted a page that is full by now tells nobody
broken safety COUNTED_UNNOTIFIED "$wakes"
# a page that is counted is given back with its heap
broken safety DROP_COUNTED "$moves -DSECOND=1 -DCALLS_1=4"
# malloc tries a page again until it was counted
broken cycles WAIT_FOR_COUNT "$wakes"

if [ "${1:-}" = long ]; then
	holds safety '-DPAGES=1 -DBLOCKS=3 -DHEAPS=2 -DCALLS_2=2' \
		'a page of 3 blocks'
	moves='-DPAGES=1 -DBLOCKS=2 -DHEAPS=3'
	holds safety "$moves -DSECOND=1" \
		'the first has a second heap, and two threads free'
	holds safety "$moves -DSECOND=2" \
		'the second has a second heap, and two threads free'
	holds cycles "$one" 'nobody runs for ever; two that free'
fi
exit $failed
