#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# bench/run: its table, sentence and files, what it says of wrong arguments, and
# of an allocator that is missing or cannot be preloaded. The numbers are not
# judged: one short workload is measured, and another that needs two threads.

root=$(cd "$(dirname "$0")/.." && pwd)
source "$root/tests/programs/lib.bash"
prepare 28 python3 gcc dpkg gnuplot
export BUILD=${BUILD:-$root/build}

# run NAME ARGUMENT...: its output and status, for the points that follow
run() {
	timeout 100 "$root/bench/run" --output "$tmp/out" "$@" \
		>"$tmp/stdout" 2>"$tmp/stderr"
	status=$?
}

# says TEXT FILE: and shows the file otherwise
says() {
	cat "$2"
	grep -qF -e "$1" "$2"
}

# A row's cells, one a line, as Markdown has them
cells() {
	grep "^| $1 " "$tmp/out/table.md" | tr '|' '\n' | sed 's/^ *//; s/ *$//'
}

# has N PATTERN ROW: so many of its cells match
has() {
	cells "$3"
	[ "$(cells "$3" | grep -cE "$2")" -eq "$1" ]
}

# refused TEXT ARGUMENT...: in a line that says it, with status 2
refused() {
	local wanted=$1
	shift
	run "$@"
	check "refused: $*" test "$status" -eq 2
	check "it says: $wanted" says "$wanted" "$tmp/stderr"
}

# Those that bench/run knows
peers_of() {
	sed -n '/^PEERS/,/^)/s/^    ("\([a-z]*\)".*/\1/p' "$root/bench/run"
}

# Each is a column, or named as missing
each_peer_is_told() {
	local peer
	cells workload
	for peer in $(peers_of); do
		cells workload | grep -qx "$peer" || grep -qF \
			"Not installed, so not compared: $peer (" "$1" || return 1
	done
}

ratio_is_of_runs() {
	python3 - "$tmp/out" <<'END_OF_PYTHON'
import re
import statistics
import sys

runs = {}
for line in open(sys.argv[1] + "/runs.tsv").read().splitlines()[1:]:
    number, workload, who, ns, _ = line.split("\t")
    if workload == "pair 16":
        runs.setdefault(who, {})[number] = float(ns)
ours, base = runs["ours"], runs["glibc"]
ratio = statistics.median(ours[number] / base[number] for number in ours)
spread = max((max(cell) - min(cell)) / statistics.median(cell) for cell in
             (list(cell.values()) for cell in runs.values()) if len(cell) > 2)
table = open(sys.argv[1] + "/table.md").read()
row = re.search(r"\| pair 16 .*", table).group().split("|")
print(row, ratio, spread)
assert row[6].strip() == f"{ratio:.2f} x"
assert row[-4].strip() == f"{100 * spread:.0f} %"
END_OF_PYTHON
}

run --help
check "--help succeeds" test "$status" -eq 0
check "it names the rounds" says "--rounds N" "$tmp/stdout"
run --list
check "the workloads where we lose are there" says "pair 4M" "$tmp/stdout"

run --quick --rounds 3 --only '^pair 16$|^pass'
check "three rounds of two workloads succeed" test "$status" -eq 0
check "times have units" has 4 '^[0-9.]+ [num]s$' 'pair 16'
check "so has memory" has 1 '^[0-9.]+ MiB$' 'pair 16'
check "each allocator has a ratio, and the peak one" has \
	"$(($(cells workload | grep -cxE "ours|$(peers_of | paste -sd'|')") + 1))" \
	'^[0-9.]+ x$' 'pair 16'
check "ratio and spread are those of the single runs" ratio_is_of_runs
check "a sentence is the verdict" says "Ours takes " "$tmp/stdout"
check "each peer is a column, or missing by name" \
	each_peer_is_told "$tmp/stdout"
check "the picture is drawn" says "<svg" "$tmp/out/times.svg"

# The package manager knows none of them
mkdir "$tmp/bin"
printf '#!/bin/sh\nexit 1\n' >"$tmp/bin/dpkg"
chmod +x "$tmp/bin/dpkg"
PATH=$tmp/bin:$PATH run --quick --rounds 2 --only '^pair 16$'
check "without peers it runs" test "$status" -eq 0
for peer in $(peers_of); do
	check "$peer is missing by name" says \
		"Not installed, so not compared: $peer (" "$tmp/stdout"
done
check "two rounds tell no spread" has 1 '^-$' 'pair 16'
check "and it says so" says "2 of the 3 rounds" "$tmp/stdout"

refused "at least 1" --rounds 0
refused "invalid int value" --rounds many
refused "no workload has such a name" --only nonsense
BUILD=$tmp/nowhere refused "run make first" --quick
mkdir "$tmp/bad"
echo "no library" >"$tmp/bad/libmimalloc.so"
PATH=$tmp/bin:$PATH BUILD=$tmp/bad run --quick --rounds 1 --only '^pair 16$'
check "what cannot be preloaded fails" test "$status" -eq 1
check "it is not taken for ours" has 2 '^failed$' 'pair 16'
check "and the loader's reason is shown" says "cannot be preloaded" \
	"$tmp/stderr"
finish
