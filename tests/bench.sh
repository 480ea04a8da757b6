#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# bench/run: its tables, page, picture and sentence; that it resumes, repeats
# what was disturbed, and tells what failed, what is missing and what it does
# not understand. The numbers of real runs are not judged; the arithmetic is,
# on results that are made up.

root=$(cd "$(dirname "$0")/.." && pwd)
source "$root/tests/programs/lib.bash"
prepare 99 python3 gcc dpkg gnuplot lua5.4
export BUILD=${BUILD:-$root/build}
out=$tmp/out
mkdir "$out" "$tmp/bin"
# Another python3 may be a script that looks for one
python=$(PATH=/usr/bin:$PATH command -v python3)

# bench/run with little work, with workloads of the tests' own in OWN, without
# the programs of Debian where NO_PROGRAMS is set, as on a terminal where
# TERMINAL is, and with guests only where UNIKERNEL is, their runner.
cat >"$tmp/own.py" <<'END'
import os
import sys
from importlib.machinery import SourceFileLoader

root = sys.argv.pop(1)
sys.path.insert(0, root + "/bench")
sys.dont_write_bytecode = True
run = SourceFileLoader("bench_run", root + "/bench/run").load_module()
if os.environ.get("OWN"):
    run.workloads.WORKLOADS = [
        run.workloads.Workload(*entry) for entry in eval(os.environ["OWN"])]
if os.environ.get("TERMINAL"):
    sys.stderr.isatty = lambda: True
if os.environ.get("NO_PROGRAMS"):
    run.workloads.SYSTEM_PATH = "/nowhere"
guest = os.environ.get("UNIKERNEL")
if guest:
    run.unikernel.RUNNER = guest
    run.unikernel.lacking = lambda build: \
        "" if os.path.exists(guest) else "make testbed-images"
else:
    run.measure_unikernel = lambda *_: None
run.LIMIT_S = int(os.environ.get("LIMIT", 60))
run.measure.PROCESSOR_GAP_S = 0.3
run.workloads.QUICK_PART = 40
sys.exit(run.main())
END

# run ARGUMENT... , own ARGUMENT... : output and status, for what follows
run() {
	timeout 100 "$python" "$root/bench/run" --output "$out" "$@" \
		>"$tmp/stdout" 2>"$tmp/stderr"
	status=$?
}

own() {
	timeout 100 "$python" -W ignore "$tmp/own.py" "$root" --output "$out" \
		"$@" >"$tmp/stdout" 2>"$tmp/stderr"
	status=$?
}

# ended STATUS: of the last run
ended() {
	cat "$tmp/stderr"
	tail -n 3 "$tmp/stdout"
	[ "$status" -eq "$1" ]
}

# says TEXT FILE: and shows the file otherwise
says() {
	cat "$2"
	grep -qF -e "$1" "$2"
}

# row NAME CELL... : the first cells of that row, as Markdown has them; of two
# tables with such a row it is the first one
row() {
	local got wanted
	got=$(grep -m 1 "^| $1 " "$out/table.md" | tr -s ' ')
	wanted=$(printf '| %s ' "$@" | tr -s ' ')
	echo "$got"
	[ "${got#"$wanted"}" != "$got" ]
}

# refused TEXT ARGUMENT...: in a line that says it, with status 2
refused() {
	local wanted=$1
	shift
	run "$@"
	check "refused: $*" ended 2
	check "it says: $wanted" says "$wanted" "$tmp/stderr"
}

# counts NUMBER PATTERN: so many lines of the raw results match
counts() {
	grep -E "$2" "$out/runs.tsv"
	[ "$(grep -cE "$2" "$out/runs.tsv")" -eq "$1" ]
}

# Those that bench/run knows, and what of them is installed
peers_of() {
	sed -n 's/^    ("\([a-z]*\)", "lib.*/\1/p' "$root/bench/peers.py"
}

allocators_of() {
	sed -n 's/^# allocator \([^:]*\):.*/\1/p' "$out/runs.tsv"
}

each_peer_is_told() {
	local peer
	for peer in $(peers_of); do
		allocators_of | grep -qx "$peer" ||
			grep -q "not installed.*$peer" "$tmp/stderr" || return 1
	done
}

# The programs that workloads run, and those that the document has a row for
documented() {
	"$python" - "$root" >"$tmp/programs" <<-'END'
		import sys
		sys.path.insert(0, sys.argv[1] + "/bench")
		sys.dont_write_bytecode = True
		import workloads
		print("\n".join(sorted({workload.program()
		                        for workload in workloads.WORKLOADS})))
	END
	sed -n 's/^| `\([^`]*\)` |.*/\1/p' "$root/docs/benchmarks.md" |
		LC_ALL=C sort | diff "$tmp/programs" -
}

# A reason is given for workloads that there are
reasons_have_workloads() {
	"$python" - "$root" <<-'END'
		import sys
		sys.path.insert(0, sys.argv[1] + "/bench")
		sys.dont_write_bytecode = True
		import reasons
		import workloads
		names = {workload.name for workload in workloads.WORKLOADS}
		sys.exit(", ".join(sorted(set(reasons.REASONS) - names)) or 0)
	END
}

# A page that asks for nothing from elsewhere
stands_alone() {
	grep -oE '(src|href)="[^#][^"]*"|@import|url\([^#)]*\)' \
		"$out/report.html" && return 1
	grep -q '<svg' "$out/report.html" && grep -q '</table>' \
		"$out/report.html" && says "In one sentence" "$out/report.html"
}

small_peaks() {
	awk -F '\t' '$2 == "pair of 16" && $4 ~ /glibc|ours/ {
		print
		n++
		bad += $8 > 6000
	}
	END { exit n != 2 || bad }' "$out/runs.tsv"
}

## What it says of itself, and of wrong arguments
run --help
check "--help succeeds" ended 0
check "it names the options" says "--with NAME=PATH" "$tmp/stdout"
run --list
check "there are many workloads" test "$(wc -l <"$tmp/stdout")" -ge 80
check "no name is there twice" test -z "$(sort "$tmp/stdout" | uniq -d)"
check "docs/benchmarks.md has each program" documented
check "what has a reason is a workload" reasons_have_workloads
refused "0: has to be a number of at least 1" --rounds 0
refused "many: has to be a number of at least 1" --rounds many
refused "no workload has such a name" --only nonsense
refused "unterminated" --only '('
refused "x: has to be NAME=PATH" --with x
refused "/nowhere.so is no file" --with x=/nowhere.so
refused "ours is there already" --with "ours=$BUILD/libmimalloc.so"
refused "two have one name" --with x=/bin/true --with x=/bin/true
refused "unrecognized arguments: --fast" --fast
refused "there is no $out/runs.tsv" --quick --resume
BUILD=$tmp/nowhere refused "run make first" --quick

## Real runs
some='^pair of 16$|^xmalloc, 2|vectors|^lua'
cp "$BUILD/libmimalloc.so" "$tmp/copy.so"
run --quick --only '^pair of 16$'
check "a workload runs" ended 0
own --quick --only "$some" --with "copy=$tmp/copy.so"
check "four workloads run" ended 0
check "each peer is compared, or missing by name" each_peer_is_told
allocators=$(allocators_of | wc -l)
check "each ran once under each allocator" counts $((4 * allocators)) \
	'^1	.*	(ok|disturbed)	'
check "the library named by path is one of them" \
	counts 4 '^1	.*	copy	'
check "the peak is the program's, not Python's" small_peaks
check "what is left is told" says "| resident memory left " "$out/table.md"
check "the page needs nothing else" stands_alone
check "the picture is drawn" says "<svg" "$out/picture.svg"
tail -n 1 "$tmp/stdout" >"$tmp/last"
check "the last line says where we lose" says \
	"it loses to the fastest peer in" "$tmp/last"

## Resumed
head -n -7 "$out/runs.tsv" >"$tmp/part"
printf '1\thalf a line' | cat "$tmp/part" - >"$out/runs.tsv"
own --quick --only "$some" --resume
check "--resume with another allocator less is refused" ended 2
check "it says why" says "allocator copy was $tmp/copy.so" "$tmp/stderr"
cp "$tmp/part" "$out/runs.tsv"
TERMINAL=1 own --quick --only "$some" --with "copy=$tmp/copy.so" --resume
check "--resume goes on" ended 0
check "a terminal shows how far it is, and how long it will take" grep -qE \
	'[1-9][0-9] %, round 1 of 1: lua5.4, [a-z]+; (about|less than) .* left' \
	"$tmp/stderr"
check "with what was missing only" counts $((4 * allocators)) \
	'^1	.*	(ok|disturbed)	'
check "and keeps what was there" cmp "$tmp/part" \
	<(head -n "$(wc -l <"$tmp/part")" "$out/runs.tsv")

## Stopped by a signal to it alone; Ctrl-C, which all get, is heeded in the same
## way
rm "$out/runs.tsv"
export OWN="[('quick', 'real', 'sh -c echo~1', 1),
	('slow', 'real', 'sh -c sleep~14.7;echo~1', 1)]"
setsid "$python" -W ignore "$tmp/own.py" "$root" --output "$out" \
	>/dev/null 2>"$tmp/stopped" &
process=$!
processes+=("$process")
for ((i = 0; i < 600; i++)); do
	pgrep -f 'sleep 14.7' >/dev/null && break
	sleep 0.05
done
OWN='' own --quick --only '^pair of 16$'
check "two runs do not share a folder" ended 2
check "and it says so" says "another run is at work in $out" "$tmp/stderr"
kill -TERM "$process"
wait "$process"
check "a signal ends it with status 130" test $? -eq 130
check "it says how to go on" says "--resume goes on" "$tmp/stopped"
check "what ran is kept" says "	quick	" "$out/runs.tsv"
check "what was running has ended" test -z "$(pgrep -f 'sleep 14.7')"

## What goes wrong: programs of the tests' own
OWN="[('good', 'real', 'sh -c echo~1', 1),
	('bad', 'real', 'sh -c echo~no~luck~>&2;exit~7', 1),
	('mute', 'real', 'sh -c :', 1),
	('endless', 'real', 'sh -c sleep~9', 1),
	('false', 'real', 'sh -c echo~\$LD_PRELOAD', 1)]"
LIMIT=2 own --rounds 2
check "failures give status 1" ended 1
check "a failing program is told" says \
	"bad failed under ours: status 7 no luck" "$tmp/stderr"
check "so is one that prints nothing" says \
	"mute failed under ours: no output" "$tmp/stderr"
check "and one that prints other things than under glibc" says \
	"false failed under ours: its output is not what it is under glibc" \
	"$tmp/stderr"
check "what takes too long is stopped" counts $((allocators - 1)) \
	'endless.*	stopped	2\.0'
check "and like what failed not run again" counts 0 \
	'^2	(bad|endless)'
check "a row says that it failed" row bad - - failed
check "the sentence, too" says "it fails in bad, mute, false" "$tmp/stdout"

# The first run of all sleeps, or each
OWN="[('once', 'real', 'sh -c echo~x>>$tmp/runs;[~\$(wc~-l<$tmp/runs)~-ne~1~\
]||sleep~0.5;echo~1', 1, True),
	('always', 'real', 'sh -c echo~x>>$tmp/all;sleep~0.4;echo~1', 1, True)]"
own --rounds 1
check "disturbed runs do not fail" ended 0
check "one is repeated" test "$(wc -l <"$tmp/runs")" -eq "$allocators"
check "and then counts" counts $((allocators - 1)) 'once.*	ok	'
check "another is given up after three" test \
	"$(wc -l <"$tmp/all")" -eq $((3 * (allocators - 1)))
check "and told" says "counted all the same: $((allocators - 1))." "$tmp/stdout"

# One in three is far above the others, without a reason to repeat it at once
rm -f "$tmp/runs"
OWN="[('far', 'real', 'sh -c echo~x>>$tmp/runs;[~\$(wc~-l<$tmp/runs)~-ne~1~\
]||sleep~1;sleep~0.3;echo~1', 1)]"
own --rounds 3
check "what lies far above the others is run again" counts 2 \
	'^1	far	real	glibc	'
check "and the later one counts" counts 3 '^.	far	real	glibc	ok	0\.'

## The unikernel's figures: what a made-up guest prints
cat >"$tmp/guest.py" <<'END'
import sys
if sys.argv[2] == "alloc_bench":
    print("noise\r\npair_16 33.2\npair_16_loop 41.2\nheap_init 1748")
    sys.exit("stopped amid it")
print("insert_instructions_each", "7" if "bump" in sys.argv else "8")
END
export OWN="[('one', '1', 'pair 16 #', 100000)]"
UNIKERNEL=$tmp/guest.py own --rounds 1
check "guests that stop amid it do not fail" ended 0
check "what they told has a row" row \
	"pair of 16 bytes, and with its loop" "33.2, 41.2" "33.2, 41.2" - \
	"33.2, 41.2" "33.2, 41.2"
check "so has what all can run" row "SQLite, an INSERT of 1000" 8 8 7 8 8
check "and what nobody told is a dash" row \
	"blocks of 32, 1000 and 5000 bytes in 64 MiB" - - - - -
check "the page has them" says "<h2>In the unikernel</h2>" "$out/report.html"
UNIKERNEL=$tmp/nothing own --rounds 1
check "where images are missing it says what to do" says \
	"the unikernel's figures are left out; make testbed-images" \
	"$tmp/stderr"
check "and tells none of another run" test ! -e "$out/unikernel.tsv"
unset OWN

## What is missing, and what is no allocator
printf '#!/bin/sh\nexit 1\n' >"$tmp/bin/dpkg"
chmod +x "$tmp/bin/dpkg"
export OWN="[('redis', 'real', 'redis.sh #', 1),
	('one', '1', 'pair 16 #', 100000)]"
NO_PROGRAMS=1 PATH=$tmp/bin:$PATH own
check "without peers and programs it runs" ended 0
check "elsewhere nothing is shown" test "$(wc -l <"$tmp/stderr")" -eq 1
check "all that is missing is named at once" says \
	"left out: mimalloc, jemalloc, tcmalloc, redis; apt-get install bash \
libjemalloc2 libmimalloc2.0 libtcmalloc-minimal4 redis-server redis-tools" \
	"$tmp/stderr"
check "and in the report" says "Not installed, so left out: mimalloc" \
	"$out/table.md"
check "ratios are to glibc's then" says "time of glibc" "$out/table.md"
unset OWN

echo "no library" >"$tmp/bad.so"
refused "cannot be preloaded" --quick --with "bad=$tmp/bad.so"
echo 'int nothing;' >"$tmp/other.c"
gcc -shared -fPIC -o "$tmp/other.so" "$tmp/other.c"
refused "malloc does not come from $tmp/other.so" --with "x=$tmp/other.so"
cat >"$tmp/dirty.c" <<'END'
#include <stddef.h>
#include <string.h>

void *__libc_malloc(size_t);

void *malloc(size_t n)
{
	return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	void *p = malloc(n * size + 1);

	return p ? memset(p, 1, n * size) : p;
}
END
gcc -shared -fPIC -fno-builtin -o "$tmp/dirty.so" "$tmp/dirty.c"
own --quick --only '^calloc, 100 of 256$' --with "dirty=$tmp/dirty.so"
check "an allocator that gives dirty zeroes fails" says \
	"under dirty: status 3 bench: a block of calloc is not zero" \
	"$tmp/stderr"
check "which is not our failure" ended 0

## The arithmetic, on results that are made up
{
	printf '# allocator %s: x\n' glibc ours mimalloc
	printf '# %s\n' "quick: False" "told machine: a machine" \
		"told missing: "
	run_of() {
		printf '%s\t%s\t%s\t%s\tok\t%s\t%s\t%s\t%s\tx\t\n' \
			"$1" "$2" "$3" "$4" "$5" "$5" "$6" "${7:--1}"
	}
	# ours has half of mimalloc's time; four times glibc's; the same by the
	# median of three; a fifth more
	run_of 1 half 1 glibc 4 200
	run_of 1 half 1 ours 1 50
	run_of 1 half 1 mimalloc 2 100
	run_of 1 fourfold 1 glibc 0.5 50
	run_of 1 fourfold 1 ours 2 200
	run_of 1 fourfold 1 mimalloc 1 100
	for round in 1 2 3; do
		run_of $round same 2 glibc 4 100
		run_of $round same 2 ours $((round * round)) 100
		run_of $round same 2 mimalloc 4 100
	done
	run_of 1 fifth real glibc 2 100
	run_of 1 fifth real ours 9 100
	run_of 1 fifth real ours 1.2 100
	run_of 1 fifth real mimalloc 1 100
	run_of 1 rest idle glibc 1 1 1024
	run_of 1 rest idle ours 1 1 20480
	# ours was stopped after three times as long; and all, before they told
	# what is left
	run_of 1 long 8 glibc 1 100
	run_of 1 long 8 ours 3 100 | sed 's/ok/stopped/'
	run_of 1 long 8 mimalloc 1 100
	for who in glibc ours mimalloc; do
		run_of 1 endless idle $who 1 1 | sed 's/ok/stopped/'
	done
	run_of 1 rest idle mimalloc 1 1 552960
} >"$out/runs.tsv"
run --report
check "a report of made-up results succeeds" ended 0
check "what is lost most stands first" test \
	"$(sed -n '3,7s/^| \([a-z]*\) .*/\1/p' "$out/table.md" | paste -sd' ')" \
	= "fourfold long fifth half same"
check "four times the fastest" row fourfold 4.00 glibc "1.000 s" 0.50 2.00 \
	"0 %" "0.1 MiB" 0.50 2.00
check "half of the fastest" row half 0.50 mimalloc "2.000 s" 2.00 0.50 "0 %" \
	"0.1 MiB" 2.00 0.50
check "the median of three, and their spread" row same 1.00 glibc "4.000 s" \
	1.00 1.00 "200 %"
check "of two lines for a run the later" row fifth 1.20 mimalloc "1.000 s" \
	2.00 1.20
check "the mean of all" row "mean of all (5)" 1.48 "" "" 1.15 1.29 "" "" \
	1.00 1.00
check "of one thread" row "mean of one thread (2)" 1.41 "" "" 1.00 1.00
check "of two" row "mean of two threads (1)" 1.00 "" "" 1.00 1.00
check "of real programs" row "mean of real programs (1)" 1.20 "" "" 2.00 1.20
check "what was stopped takes over that time" row long 3.00 glibc "1.000 s" \
	1.00 "over 3.00"
check "and what it left is not known" row endless stopped stopped stopped
check "what is left" row rest "1.0 MiB" "20.0 MiB" "540.0 MiB"
grep -A 4 '^Over 1.10' "$out/table.md" >"$tmp/lost"
check "what takes over 1.10 times the fastest is listed" says \
	"- fifth: 1.20 times mimalloc's;" "$tmp/lost"
check "and nothing else" test "$(grep -c '^- ' "$tmp/lost")" -eq 3
tail -n 1 "$tmp/stdout" >"$tmp/last"
check "the last sentence is of these numbers" says "ours takes 1.29 of \
mimalloc's time and 1.00 of its peak memory; it loses to the fastest peer in 3 \
of 5 workloads, most in fourfold (4.00 times glibc's), long (over 3.00 times \
glibc's), fifth (1.20 times mimalloc's); more than 10 MiB are left after \
rest." "$tmp/last"
finish
