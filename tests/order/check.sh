#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Explores the small cases of the threads' protocol under the C11 orders
# (order.h), and sees that each acquire and release that is needed is missed
# where it is weakened to relaxed; as TAP.
#
#	tests/order/check.sh [long]
#
# `long` has more cases (`make check-order`). By hand, for instance:
#
#	make tests-order
#	WEAK='page_set_local (&page->local_free) release' \
#		build/tests/order/order hold 'a page is counted'
#
# tells each step of an execution in which the case fails: the thread, what it
# does where, and what it has read. A race is told with the addresses of both
# accesses; `addr2line -i -e build/tests/order/order` has their lines.
#
#	ORDER=FILE	the explorer, where it is built already

set -u

cd "$(dirname "$0")/../.."
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
points=0
failed=0

# point RESULT NAME : RESULT is 0 where all is well; `said` is shown else
point()
{
	points=$((points + 1))
	if [ "$1" = 0 ]; then
		echo "ok $points - $2"
	else
		echo "not ok $points - $2"
		failed=1
		grep -v '^ok' "$folder/said" | sed 's/^#\{0,1\}/#/' |
			head -n 100
	fi
}

if [ -z "${ORDER:-}" ]; then
	ORDER=build/tests/order/order
	"${MAKE:-make}" -s --no-print-directory BUILD=build tests-order \
		>"$folder/said" 2>&1 || {
		point 1 'the explorer is built'
		echo "1..$points"
		exit 1
	}
fi

# What has to be there: "function operand half", as `order sites` has it. The
# comments beside these operations say why
cat >"$folder/needed" <<'END'
arena_by_number (&instance->arena_table[number]) acquire
arena_init_meta (&instance->arena_table[(255)]) release
arena_init_meta (link) release
arena_of (&arena->next) acquire
arena_of (&instance->arenas) acquire
arena_publish (&instance->arena_table[arena->number]) release
arena_publish (link) release
heap_call_deferred (&deferred.call) acquire
heap_close (&heap->notified) acquire
heap_close (&heap->notified) release
heap_notify &heap->notified failure
heap_notify &heap->notified release
heap_notify (&heap->notified) acquire
heap_set_deferred (&deferred.call) release
heap_take_notified (&heap->notified) acquire
large_cache_exchange (&instance->large_cache) acquire
large_cache_exchange (&instance->large_cache) release
page_count_own (&page->local_free) acquire
page_set_local (&page->local_free) release
thread_free_end_count &page->thread_free acquire
thread_free_end_count &page->thread_free release
thread_free_end_purge &page->thread_free release
thread_free_leave &page->thread_free release
thread_free_mark_full &page->thread_free release
thread_free_push_quick &page->thread_free release
thread_free_take &page->thread_free acquire
thread_free_try_claim &page->thread_free acquire
thread_free_try_push &page->thread_free acquire
thread_free_try_push &page->thread_free release
END

# What is there and need not be: all swaps have one order, see thread_free.h,
# and some halves are had in another way:
#
# - `failure` but that of heap_notify: the word is compared again, and nothing
#   that it leads to is read before that.
# - arena, window: nothing was written to the map; who reads an entry of it has
#   a block whose entry was written later, by who handed it out.
# - thread_free_abandon() runs under the lock, which who claims takes next.
# - What an owner does to the word after thread_free_take() and before a list
#   has come finds nothing of others to acquire, and in a word that continues a
#   release sequence (C11 5.1.2.4) it needs no release for what others wrote.
# - thread_free_end_purge() follows thread_free_end_count() of the same thread;
#   nobody writes to the page in between.
# - thread_free_drop(): whoever destroys a heap knows that its blocks' frees
#   are done, so the program has ordered them.
# - thread_free_push_quick() reads nothing of others.
# - thread_free_read_list() in page_free_remote(): the block was handed to the
#   thread, and what is read of the page is as it was then; thread_free_try_push
#   acquires the rest.
# - heap_notify(), on success, touches nothing that others wrote, and
#   heap_take_notified() leaves nothing for others to read.
cat >"$folder/spare" <<'END'
heap_notify &heap->notified acquire
heap_take_notified (&heap->notified) release
thread_free_abandon &page->thread_free acquire
thread_free_abandon &page->thread_free failure
thread_free_abandon &page->thread_free release
thread_free_denotify &page->thread_free acquire
thread_free_denotify &page->thread_free failure
thread_free_denotify &page->thread_free release
thread_free_drop &page->thread_free acquire
thread_free_drop &page->thread_free failure
thread_free_drop &page->thread_free release
thread_free_end_count &page->thread_free failure
thread_free_end_purge &page->thread_free acquire
thread_free_end_purge &page->thread_free failure
thread_free_leave &page->thread_free acquire
thread_free_leave &page->thread_free failure
thread_free_mark_full &page->thread_free acquire
thread_free_mark_full &page->thread_free failure
thread_free_push_quick &page->thread_free acquire
thread_free_push_quick &page->thread_free failure
thread_free_read_list (&page->thread_free) acquire
thread_free_take &page->thread_free failure
thread_free_take &page->thread_free release
thread_free_try_claim &page->thread_free failure
thread_free_try_claim &page->thread_free release
thread_free_try_push &page->thread_free failure
thread_free_unmark_full &page->thread_free acquire
thread_free_unmark_full &page->thread_free failure
thread_free_unmark_full &page->thread_free release
thread_free_wake &page->thread_free acquire
thread_free_wake &page->thread_free failure
thread_free_wake &page->thread_free release
window_open (&instance->map) release
window_open (&instance->map_mask) release
END

# Functions that no case reaches: they read arenas as arena_of() does; open the
# instance under the lock, which who reads `meta` holds, too; have a map where
# there is no window; or make the window larger, as window_open() does
cat >"$folder/elsewhere" <<'END'
map_publish
meta_open
request_may_fit
window_grow
mi_debug_show_arenas
END

"$ORDER" sites >"$folder/all" 2>&1
result=$?
while read -r line; do
	case $line in
	"ok - "*) point 0 "${line#ok - }" ;;
	"not ok - "*)
		cp "$folder/all" "$folder/said"
		point 1 "${line#not ok - }" ;;
	esac
done < <(grep -E '^(not )?ok - ' "$folder/all")
if [ "$result" != 0 ] && [ "$failed" = 0 ]; then
	cp "$folder/all" "$folder/said"
	point 1 "the explorer ended with $result"
fi

# Each half is in one of the lists, and the lists have no other
sed -n 's/^site //p' "$folder/all" | sort -u >"$folder/sites"
sort "$folder/needed" "$folder/spare" | diff - "$folder/sites" >"$folder/said"
point $? 'each acquire and release is told to be needed or not'

# Functions with an order in the sources: that of the last line which begins one
awk '/^[a-z].*\(/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
	/atomic_(read_acquire|write_release|swap|compare_swap)\(/ && name != "" &&
	!/^[a-z#]/ { print name }' src/*/*.[ch] | sort -u >"$folder/have"
sed 's/ .*//' "$folder/sites" | sort -u - "$folder/elsewhere" \
	>"$folder/reached"
comm -23 "$folder/have" "$folder/reached" |
	grep -v '^atomic_' >"$folder/said"
[ ! -s "$folder/said" ]
point $? 'the cases reach each function that has one'

while IFS= read -r site; do
	WEAK=$site "$ORDER" found >"$folder/said" 2>&1
	point $? "missed: $site"
done <"$folder/needed"

WEAK=$(cat "$folder/spare") "$ORDER" hold >"$folder/said" 2>&1
point $? 'without all that need not be, at once, the cases hold'

if [ "${1:-}" = long ]; then
	"$ORDER" long >"$folder/said" 2>&1
	point $? 'the long cases hold'
	WEAK=$(cat "$folder/spare") "$ORDER" long >"$folder/said" 2>&1
	point $? 'and without all that need not be'
	# two plain stores are taken in both orders there, and that is the same
	for part in hold whole; do
		"$ORDER" $part | sed 's/ executions.*//' | grep -v 2+2W \
			>"$folder/$part"
	done
	[ -s "$folder/whole" ] &&
		diff "$folder/hold" "$folder/whole" >"$folder/said"
	point $? 'and without partial-order reduction there are as many executions'
fi

echo "1..$points"
exit $failed
