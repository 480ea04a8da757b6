#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What mi-trace-measure counts, and the page of mi-trace report from replays
# that are made up; in a browser where chromium is installed.

root=$(cd "$(dirname "$0")/../.." && pwd)
source "$root/tests/programs/lib.bash"
prepare 43 python3 gnuplot
export BUILD=${BUILD:-$root/build}
measure=$BUILD/trace/mi-trace-measure
[ -x "$measure" ] || bail "$measure is not there: run make trace"
here=$root/tests/trace
# Another python3 may be a script that looks for one
python=$(PATH=/usr/bin:$PATH command -v python3)

script() {
	python3 "$here/synthetic.py" "$1" "$tmp/$1.script"
}

# holds NAME EXPRESSION: of what was measured, as Python sees it in m
holds() {
	check "$1" python3 -c "import json, sys
m = json.load(open('$tmp/measured'))
sys.exit(not ($2) and print(m) is None)"
}

says() {
	grep -qF -e "$1" "$2" || { cat "$2"; return 1; }
}

# report ARGUMENT... : output and status, for what follows
report() {
	"$python" "$root/trace/mi-trace" report "$@" >"$tmp/stdout" 2>"$tmp/stderr"
	status=$?
}

# refused TEXT ARGUMENT... : status 1 or 2, and one message with that in it
refused() {
	local text=$1
	shift
	report "$@" -o "$tmp/refused.html"
	[ $status = 1 ] || [ $status = 2 ] && says "$text" "$tmp/stderr" &&
		! grep -q Traceback "$tmp/stderr" && [ ! -e "$tmp/refused.html" ]
}

## What is measured
script kinds
"$measure" --points 3 "$tmp/kinds.script" >"$tmp/measured"
holds "calls of each kind" "m['kinds'] == {'malloc': 4, 'calloc': 1,
	'realloc': 2, 'aligned': 1, 'free': 4}"
holds "bytes: at the peak, in all, at the end" "[m[name] for name in
	('peak_bytes', 'peak_blocks', 'peak_operation', 'asked_bytes',
	'final_bytes')] == [5096, 3, 7, 5231, 33]"
holds "sizes, empty groups left out behind the last" \
	"[(s['to'], s['blocks'], s['bytes']) for s in m['sizes'] if
	s['blocks']] == [(1, 3, 2), (16, 1, 16), (32, 1, 17), (128, 1, 100),
	(1024, 1, 1000), (4096, 1, 4096)] and len(m['sizes']) == 13"
holds "sizes at the peak" "[(s['to'], s['bytes']) for s in
	m['sizes_at_peak'] if s['blocks']] == [(1, 0), (1024, 1000),
	(4096, 4096)]"
holds "lifetimes" "[(l['to'], l['blocks'], l['bytes']) for l in
	m['lifetimes'] if l['blocks']] == [(4, 2, 101), (8, 1, 0),
	(16, 1, 4096)]"
holds "what is never freed, and freed elsewhere" "m['never_freed'] ==
	{'blocks': 2, 'bytes': 33} and m['crossed_frees'] == 1"
holds "points of time have the most of their part" \
	"m['live'] == [[4, 4197], [9, 5096], [11, 4112]]"
script breath
"$measure" "$tmp/breath.script" >"$tmp/measured"
holds "19 swings of 96 MiB" "m['swings'][-1] == {'bytes': 64 << 20,
	'times': 19} and len(m['live']) <= 500"
script nothing
"$measure" "$tmp/nothing.script" >"$tmp/measured"
holds "a program that asks for nothing" "m['operations'] == 0 and
	m['live'] == [] and m['sizes'] == []"

# broken NAME TEXT PYTHON: a script whose bytes the statement changes
broken() {
	python3 -c "b = bytearray(open('$tmp/kinds.script', 'rb').read())
$3
open('$tmp/broken', 'wb').write(b)"
	"$measure" "$tmp/broken" >"$tmp/out" 2>"$tmp/err"
	[ $? = 1 ] && says "$2" "$tmp/err" && [ ! -s "$tmp/out" ]
	point $? "$1"
}
broken "a truncated script" "the script is truncated" "del b[-1:]"
broken "another version" "another version" "b[8] = 2"
broken "a slot that is freed twice" "operation 11: an empty slot" \
	"b[-16:] = b[-32:-16]"
broken "a slot beyond the last" "a slot beyond the last" "b[-12] = 200"
check "no script" bash -c "! '$measure' '$tmp/none' 2>'$tmp/err' &&
	grep -q 'No such file' '$tmp/err'"
check "no arguments are a wrong use" bash -c "'$measure' 2>'$tmp/err'
	[ \$? = 2 ] && grep -q usage: '$tmp/err'"
check "nor are 0 points" bash -c "'$measure' --points 0 '$tmp/kinds.script' \
	2>'$tmp/err'; [ \$? = 2 ]"
check "a full disk is told" bash -c "'$measure' '$tmp/kinds.script' \
	2>'$tmp/err' >/dev/full; [ \$? = 1 ] && grep -q 'No space' '$tmp/err'"

## The page
script threads
for where in linux unikernel; do
	python3 "$here/replays.py" $where 80000 >"$tmp/$where.json"
done
given=(--json "$tmp/linux.json" --json "$tmp/unikernel.json")
report "$tmp/threads.script" "${given[@]}" -o "$tmp/page.html" \
	--pictures "$tmp/pictures"
check "a report of replays that are given" test $status = 0
check "its sentence is printed" grep -q "^On Linux take our allocator .*; in \
the unikernel take our allocator with one heap, .*\.$" "$tmp/stdout"
check "and stands in the page" says \
	"<p class=\"answer\">$(cat "$tmp/stdout")</p>" "$tmp/page.html"
check "and of it the level of checks that a further library has shown" says \
	"the default budget and hardening level 2: " "$tmp/stdout"
check "what failed is told" says "The bump allocator ran out of memory at \
operation 79,000" "$tmp/page.html"
check "the page names what it is about" says \
	"<title>Which allocator suits threads</title>" "$tmp/page.html"
check "and the machine" says "kernel made up" "$tmp/page.html"
for picture in overview-linux time-linux costs-linux map overview-unikernel \
	time-unikernel costs-unikernel sizes lifetimes; do
	[ -s "$tmp/pictures/$picture.svg" ] && python3 -c "
import sys, xml.dom.minidom as dom; dom.parse(sys.argv[1])" \
		"$tmp/pictures/$picture.svg" || echo "$picture is no picture"
done >"$tmp/bad" 2>&1
check "nine pictures are files of their own" test ! -s "$tmp/bad"
report "$tmp/threads.script" "${given[@]}" -o "$tmp/page2.html"
check "the same again is the same page" cmp "$tmp/page.html" "$tmp/page2.html"
report "$tmp/threads.script" "${given[@]}" --prefer memory \
	-o "$tmp/page2.html"
check "what counts changes the sentence" bash -c \
	"! cmp -s '$tmp/page.html' '$tmp/page2.html'"
mkdir "$tmp/bin"
(PATH=$tmp/bin; report "$tmp/threads.script" "${given[@]}" \
	-o "$tmp/tables.html"; exit $status)
check "without gnuplot there is a page, too" test $? = 0
check "it says so" says "gnuplot is not installed" "$tmp/tables.html"
check "and has the tables" test \
	"$(grep -c '<details open>' "$tmp/tables.html")" -ge 8
report "$tmp/kinds.script" "${given[@]}" -o "$tmp/none.html"
check "replays of another trace are refused" says \
	"operations is 80000 there, and 12 here" "$tmp/stderr"
report "$tmp/nothing.script" "${given[@]}" -o "$tmp/none.html"
check "and a trace without an operation" says "nothing to play" "$tmp/stderr"

## What goes wrong
(ulimit -f 8; report "$tmp/threads.script" "${given[@]}" \
	-o "$tmp/page.html"; [ $status = 1 ])
check "a page that cannot be written is told" test $? = 0
check "and the one before is whole" says "</html>" "$tmp/page.html"
check "nothing is left of it" test -z "$(ls -A "$tmp" | grep '^\.mi-trace')"
echo '{"runs": 7}' >"$tmp/bad.json"
echo '[[[' >"$tmp/worse.json"
threads=$tmp/threads.script
check "no trace" refused "none: No such file" "$tmp/none"
check "a trace that is none" refused "bad.json: not a recorded trace" \
	"$tmp/bad.json"
check "JSON that is no result" refused "bad.json: not what" "$threads" \
	--json "$tmp/bad.json"
check "what is no JSON" refused "worse.json: not a file of JSON" "$threads" \
	--json "$tmp/worse.json"
for change in 'd["where"] = []' 'd["script"] = 5' 'd["allocators"][0] = 1' \
	'd["allocators"][0]["timeline"] = 5' 'd["allocators"][0]["map"] = {}' \
	'd["allocators"][1]["runs"][2]["seconds"] = "a"' 'd["machine"] = [1]' \
	'd["allocators"][1]["kinds"] = {"malloc": {"calls": "x"}}'; do
	python3 -c "import json
d = json.load(open('$tmp/linux.json'))
$change
json.dump(d, open('$tmp/odd.json', 'w'))"
	(PATH=$tmp/bin; report "$threads" --json "$tmp/odd.json" \
		-o "$tmp/odd.html"; [ $status = 0 ] || [ $status = 2 ]) &&
		! grep -q Traceback "$tmp/stderr" || echo "$change"
done >"$tmp/odd"
check "results of another shape are passed over or told" test ! -s "$tmp/odd"
check "names without one place" refused "needs one place" "$threads" \
	--in both --on buddy
report "$threads" "${given[@]}" -o "$tmp/no/page.html"
check "no folder for the page" says "$tmp/no: no such folder" "$tmp/stderr"

## In a browser
if command -v chromium >/dev/null; then
	check "the page in a browser" python3 "$here/page.py" "$tmp/page.html"
else
	echo "# SKIPPED: chromium is missing, see tests/packages.txt"
	point 0 "the page in a browser # SKIP chromium is missing"
fi
finish
