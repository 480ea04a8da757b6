#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# SQLite in the testbed: in each way to make the heap, against the buddy, in
# the least memory, and its shell; as TAP. Skipped where SQLite could not be
# fetched.

set -u
source "$(dirname "$0")/lib.bash"

if [ ! -e "$images/single/sqlite_bench.elf" ]; then
	echo "1..0 # SKIP SQLite is not there, and could not be fetched"
	exit 0
fi

# less NAME OURS THEIRS: ours is a number, and less than theirs
less()
{
	if [[ $2 =~ ^[0-9.]+$ && $3 =~ ^[0-9.]+$ ]] &&
		awk "BEGIN { exit !($2 < $3) }"; then
		ok "$1: $2, the buddy $3"
	else
		not_ok "$1: ${2:-unknown}, the buddy ${3:-unknown}"
	fi
}

# compare HEAPS OPTION... : its table and what follows are in $console
compare()
{
	local heaps=$1
	shift
	./run.py compare --build "$images/$heaps" --output "$pictures" "$@" \
		>"$console" 2>&1
}

# says NAME TEXT: a line of the console has it
says()
{
	if grep -qE -- "$2" "$console"; then
		ok "$1"
	else
		not_ok "$1: no '$2'"
		console_told
	fi
}

both=buddy,mimalloc

# against_buddy HEAPS MODE: the same rows on both
against_buddy()
{
	local figure
	if ! compare "$1" --mode "$2" --allocs $both -- 1000; then
		not_ok "$1 heaps, $2: 1000 rows on both"
		console_told
		return
	fi
	for figure in "instructions for an INSERT" \
		"heap in use, rows loaded" "heap in use, peak (a sort)"; do
		less "$1 heaps, $2, $figure" "$(column "$console" "$figure" 2)" \
			"$(column "$console" "$figure" 1)"
	done
}

# all_closed HEAPS MODE: what the boot before left in use. The heap of the
# thread that ran SQLite stays, and its first pages
all_closed()
{
	local left allowed=0
	left=$(awk '$1 == "memory_left_bytes" { print $2 }' "$console")
	[ "$1" = single ] || allowed=16384
	if [[ $left =~ ^[0-9]+$ && $left -le $allowed ]]; then
		ok "$1 heaps, $2: $left bytes in use at the end"
	else
		not_ok "$1 heaps, $2: ${left:-unknown} bytes in use at the end," \
			"at most $allowed"
	fi
}

# table_in_readme: the table there is the one in $console, whole and exact
table_in_readme()
{
	sed -n '/^.make run. prints/,/^The ratio/{/^|[^-]*[^|-]/p}' ../README.md |
		sed 's/^[| ]*//; s/ *|$//; s/ *| */|/g' >"$pictures/told"
	sed -n "/^ .*Unikraft's default/,/^\$/p" "$console" |
		sed '/^$/d; s/^ *//; s/   */|/g' >"$pictures/printed"
	if [ -s "$pictures/told" ] && diff "$pictures/told" \
		"$pictures/printed" >"$pictures/diff"; then
		ok "README.md has the table that make run prints"
	else
		not_ok "README.md has another table than make run prints"
		sed 's/^/# /' "$pictures/diff"
	fi
}

# smallest HEAPS: KiB in which 1,000 rows can be inserted; the buddy, then ours
smallest()
{
	./run.py smallest sqlite_bench --build "$images/$1" --memory 16 \
		--allocs $both -- 1000 insert >"$console" 2>"$pictures/work"
	sed -n 's/,//g; s/^  .* \([0-9][0-9]*\) KiB$/\1/p' "$console"
}

pictures=$(mktemp -d)
trap 'rm -rf "$console" "$pictures"' EXIT

for heaps in single thread; do
	for mode in static paging vmem; do
		boots "$heaps heaps, $mode: 300 rows" "$heaps" \
			sqlite_bench --mode "$mode" --memory 32 -- 300
		all_closed $heaps "$mode"
		[ $mode = vmem ] || against_buddy $heaps $mode
	done
	# shellcheck disable=SC2046
	set -- $(smallest $heaps)
	less "$heaps heaps: smallest memory for 1000 rows, KiB" "$2" "$1"
done
if [ "$(wc -l <"$console")" = 3 ]; then
	ok "the least memory is told in three lines, and not its search"
else
	not_ok "the least memory is told in three lines, and not its search"
	console_told
fi

# at_work NAME TEXT FILE: lines that tell which allocators are at work
at_work()
{
	if [ "$(cat "$3")" = "$2" ]; then
		ok "$1: which allocator is at work is told without a terminal"
	else
		not_ok "$1: which allocator is at work is told without a terminal"
		sed 's/^/# /' "$3"
	fi
}

at_work smallest "sqlite_bench on buddy ...
sqlite_bench on mimalloc ..." "$pictures/work"

buddy="Unikraft's default \(buddy\)"
compare single --memory 64 -- 10000
grep ' on ' "$console" >"$pictures/work"
at_work compare "SQLite on buddy ...
SQLite on tlsf ...
SQLite on mimalloc ..." "$pictures/work"
says "the buddy is called by name" "^ *$buddy +TLSF +mimalloc +ratio$"
says "memory is told in MiB, with a ratio" \
	"^heap in use, peak .*( +[0-9.]+ MiB){3} +0\.[0-9]+$"
says "the verdict" "^mimalloc's peak is [0-9.]+ times lower than that of $buddy"
says "a bar" "^$buddy (█|#)+ [0-9.]+ MiB$"
says "the picture is named" "^Heap in use over the rows: $pictures/heap.svg$"
if [ "$(grep -c '<g id="gnuplot_plot' "$pictures/heap.svg")" = 3 ]; then
	ok "the picture has three curves"
else
	not_ok "the picture has three curves"
fi

if [ "$arch" = x86_64 ]; then		# which that table is about
	table_in_readme
fi

if compare single --memory 5 -- 10000; then
	ok "one runs out of memory: the command succeeds"
else
	not_ok "one runs out of memory: the command succeeds"
fi
says "a cell says so, and the other's has its figure" \
	"^heap in use, peak .* out of memory( +[0-9.]+ MiB){2} +-$"
says "the verdict on it" "are enough for TLSF and mimalloc, and not for $buddy\.$"
grep -q '>out of memory<' "$pictures/heap.svg" && ok "the picture says it" ||
	not_ok "the picture says it"
for mode in paging vmem; do
	compare single --mode $mode --memory 5 -- 10000
	says "out of memory, $mode" "out of memory( +[0-9.]+ MiB){2} +-$"
done
compare single --memory 16 --allocs buddy -- 0
gave "what fails for another reason fails the command" $? 1 "failed$"
says "and memory is not blamed" "^$buddy failed, and not for want of memory\.$"
compare single --allocs $both --parameter nonsense=1
gave "a crash fails the command" $? 3 "crashed$"
says "nor is memory to blame" "^mimalloc crashed, and not for want of memory\.$"
if grep -q "are enough" "$console"; then
	not_ok "and no memory is called enough"
else
	ok "and no memory is called enough"
fi

for bad in 0 -5 abc 10x 99999999999 "10 20" "10 insert 20"; do
	# shellcheck disable=SC2086
	guest single sqlite_bench --memory 16 -- $bad
	gave "rows: $bad is refused" $? 1 "^FAILED: .*${bad##* }"
done

printf '%s\n' 'CREATE TABLE t(a);' 'INSERT INTO t VALUES(6),(7);' \
	"SELECT group_concat(a), sum(a) FROM t;" ".nosuch" \
	"SELECT 'é' AS u, 1 UNION ALL SELECT 'abcd', 22;" |
	./run.py shell --build "$images/single" --alloc mimalloc \
	>"$console" 2>&1 && ok "the shell ends with its input" ||
	not_ok "the shell ends with its input"
says "the shell answers" "^6,7              13$"
says "columns are aligned" "^é     1$"
says "an unknown command is named" "unknown command \.nosuch"

# A terminal that is closed ends the runner, without a chance to clean up
sleep 600 | ./run.py shell --build "$images/single" --alloc mimalloc \
	>"$console" 2>&1 &
runner=$!
until grep -q help "$console" || ! kill -0 $runner; do sleep 0.2; done
guest=$(pgrep -P $runner)
pkill -P $$ -x sleep
kill -KILL $runner
for ((tries = 0; tries < 600; tries++)); do
	[ -n "$guest" ] && kill -0 "$guest" 2>/dev/null || break
	sleep 0.1
done
if [ -n "$guest" ] && [ $tries -lt 600 ]; then
	ok "the guest does not outlive the shell's end"
else
	not_ok "the guest does not outlive the shell's end: '$guest'"
	kill -KILL $guest
fi

# on_terminal NAME STATUS TEXT KEYS... : the shell there, as make starts it
on_terminal()
{
	local name=$1 expected=$2 text=$3
	shift 3
	../tests/testbed/terminal.py "$@" -- sh -c "trap : INT; ./run.py shell \
		--build '$images/single' --alloc mimalloc" >"$console" 2>&1
	gave "$name" $? "$expected" "$text"
}

on_terminal "control-D ends the shell" 0 "^bye$" '\x04'
# the firmware resets the terminal, clears it, and has lines cut off
if grep -qE $'\x1b(c|\\[2J|\\[[?]7l|\\[=3h)|SeaBIOS' "$console"; then
	not_ok "nothing of the firmware reaches the terminal"
	cat -v "$console" | sed 's/^/# /'
else
	ok "nothing of the firmware reaches the terminal"
fi
on_terminal "control-C ends the shell" 0 "sqlite> " '\x03'
on_terminal "control-C ends a long statement" 0 "sqlite> .rows" \
	'.rows 100000000\n' '+\x03'
on_terminal "the shell has a history" 0 "^42$" 'SELECT 6*7 AS a;\n' \
	'\x1b[A\n' '\x04'
if [ "$(grep -c '^42$' "$console")" = 2 ]; then
	ok "what came before is run again"
else
	not_ok "what came before is run again"
fi
finish
