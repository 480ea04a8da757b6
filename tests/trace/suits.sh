#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The advice is right on traces that are made to favour one allocator each, by
# what the unikernel counts, and the gallery's page has what is counted; a report
# replays by itself, there and on Linux, shows what the advice rests on, and can
# be stopped.

root=$(cd "$(dirname "$0")/../.." && pwd)
source "$root/tests/programs/lib.bash"
prepare 16 python3 qemu-system-x86_64
export BUILD=${BUILD:-$root/build}
here=$root/tests/trace
# Another python3 may be a script that looks for one
python=$(PATH=/usr/bin:$PATH command -v python3)

says() {
	grep -qF -e "$1" "$2" || { cat "$2"; return 1; }
}

# report SCRIPT ARGUMENT... : output and status, for what follows
report() {
	local script=$tmp/$1.script
	"$python" "$here/synthetic.py" "$1" "$script"
	shift
	timeout 300 "$python" "$root/trace/mi-trace" report "$script" \
		-o "$tmp/page.html" "$@" >"$tmp/stdout" 2>"$tmp/stderr"
	status=$?
	[ $status = 0 ] || comment "$tmp/stderr"
}

# suits SCRIPT TEXT: that is what the sentence says
suits() {
	report "$1" --in unikernel
	check "$1: the sentence says so" says "$2" "$tmp/stdout"
	check "$1: and that it is sure" says "(sure, for it is counted)" \
		"$tmp/stdout"
}

suits bump "In the unikernel take the bump allocator: "
suits tlsf "In the unikernel take TLSF: "
suits ours "In the unikernel take our allocator with one heap, "
cp "$tmp/stdout" "$tmp/before"
check "the page has both kinds of heaps" says "ours, a heap for each" \
	"$tmp/page.html"
check "and the cost of each kind of call" says \
	"Cost of a call of each kind" "$tmp/page.html"
report ours --in unikernel
check "the same again gives the same" cmp "$tmp/before" "$tmp/stdout"
report bump --in unikernel --memory 26 --on buddy,tlsf
check "where one runs out of memory, the other is advised" \
	says "take TLSF: the buddy out of memory" "$tmp/stdout"

# The buddy's counts move by a few in a hundred with where the image ends
gallery_row() {
	"$python" "$root/trace/gallery/replay" --in unikernel nginx |
		grep '^| nginx' >"$tmp/counted" &&
		grep -m 1 '^| nginx' "$root/docs/gallery.md" >"$tmp/told" &&
		"$python" - "$tmp/told" "$tmp/counted" <<'END'
import re, sys
told, counted = (open(name).read() for name in sys.argv[1:])
print(told + counted)
numbers = [[float(number.replace(",", "")) for number in
            re.findall(r"[0-9][0-9,]*(?:[.][0-9]+)?(?=[ ,])", text)]
           for text in (told, counted)]
assert len(numbers[0]) == len(numbers[1]) >= 14
assert all(abs(one - other) <= 0.05 * other for one, other in zip(*numbers))
END
}
check "docs/gallery.md has what is counted of nginx" gallery_row

## On Linux only that it runs: what it says depends on the machine
report breath --rounds 1 --on glibc,ours --in linux
check "a report that replays on Linux" test $status = 0
check "it has a sentence" grep -q "^On Linux .*\.$" "$tmp/stdout"
check "and the heap's map" says "Our heap at the peak" "$tmp/page.html"
check "and both allocators" bash -c "grep -q '<td>glibc<' '$tmp/page.html' &&
	grep -q '<td>ours<' '$tmp/page.html'"
rm "$tmp/page.html"
"$python" "$here/synthetic.py" breath "$tmp/breath.script"
timeout --preserve-status -k 60 -s INT 1 "$python" "$root/trace/mi-trace" report "$tmp/breath.script" \
	-o "$tmp/page.html" --rounds 1000 >"$tmp/stdout" 2>"$tmp/stderr"
check "stopped from the keyboard, it leaves nothing" bash -c "[ $? = 130 ] &&
[ ! -e '$tmp/page.html' ] && ! grep -q Traceback '$tmp/stderr' && \
[ -z \"\$(ls -A '$tmp' | grep '^\.mi-trace')\" ]"
finish
