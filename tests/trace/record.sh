#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# mi-trace record: each kind of call is in the trace as it was made, a program
# does what it does without, and what a process may do to its descriptors, its
# privileges and itself loses no more than trace/README.md says.

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
source "$root/tests/programs/lib.bash"
prepare 118 gcc g++ python3 perl sqlite3
export BUILD=${BUILD:-$root/build}
BUILD=$(cd "$BUILD" && pwd) || bail "there is no $BUILD"
library=${MIMALLOC_SO:-$BUILD/libmimalloc.so}
for needed in "$BUILD"/trace/{libmi-trace.so,mi-trace-compile} "$library"; do
	[ -r "$needed" ] || bail "$needed is missing: make all trace"
done
trace=$root/trace/mi-trace
python=$(PATH=/usr/bin:$PATH command -v python3)
include=(-I"$root/trace" -I"$root/trace/read")
cd "$tmp" || bail "no temporary directory"
chmod 755 "$tmp"

check "the programs of this folder compile" eval '
gcc -std=gnu11 -Wall -Wextra -Werror "${include[@]}" -o dump "$here/dump.c" \
	"$root"/trace/read/read.c "$root"/trace/read/events.c -lzstd &&
gcc -std=gnu11 -O0 -fno-builtin -w -o calls "$here/calls.c" &&
g++ -std=c++17 -O0 -Wall -Wextra -Werror -o operators "$here/operators.cpp" &&
gcc -std=gnu11 -O1 -fno-builtin -Wall -Wextra -Werror -pthread -o process \
	"$here/process.c" &&
for name in bump hot; do
	gcc -std=gnu11 -O1 -fno-builtin -w -shared -fPIC -o $name.so \
		"$here/$name.c" || exit
done'

# recorded COMMAND... : in the trace `t`, whose files are new; on the allocator
# `below`, if there is one, which then is not that of mi-trace
below=
recorded() {
	rm -f t t.*
	if [ -n "$below" ]; then
		MI_TRACE_OUTPUT=$tmp/t \
			LD_PRELOAD="$BUILD/trace/libmi-trace.so $below" "$@"
	else
		"$trace" record --quiet -o t -- "$@"
	fi
}

# calls : those of all files of `t`
calls() {
	local file
	for file in t t.*; do
		[ ! -s "$file" ] || ./dump "$file"
	done
}

# between : what stands between the blocks of MARK bytes
between() {
	awk '/ malloc 0 0x[0-9a-f]* 987654$/ { marks++; line = NR }
		marks == 1 && NR > line + 1
		marks == 2 && NR == line' |
		if [ "${1:-}" = last ]; then cat; else sed '$d'; fi
}

# figures FILE CONDITION : one on what `mi-trace stat --json` says, `f`
figures() {
	"$trace" stat --json "$1" >figures.json || return
	"$python" -c '
import json, sys
f = json.load(open("figures.json"))
print(f)
sys.exit(not eval(" ".join(sys.argv[1].split())))' "$2"
}

complete='f["state"] == "ended" and f["lost"] == 0 and f["fault"] == "" and
not any(f["mended"].values())'

# All kinds of calls, on glibc's malloc and on this library
for allocator in "" "$library"; do
	name=${allocator:+${allocator##*/}}
	name=${name:-glibc}
	export LD_PRELOAD=$allocator
	./calls >/dev/null 2>want.errors
	recorded ./calls >want 2>errors
	point $? "calls of all kinds on $name"
	same "they leave the same in errno" want.errors errors
	./dump t | between last >got
	same "and are in the trace as they were made" want got
	check "nothing else is wrong with it" figures t "$complete"
	recorded ./operators >out 2>errors
	point $? "operators new and delete on $name"
	./dump t | between | cut -d' ' -f2,3,5 >got
	cat >want <<'END'
new 0 4
delete 0 0
new 0 400
delete 0 0
new 7 384
delete 0 0
new 7 1152
delete 0 0
new 0 0
delete 0 0
new 0 33
delete 0 0
new 6 34
delete 0 0
new 12 35
delete 0 0
new 0 55
delete 0 0
new 6 56
delete 0 0
END
	same "they are in the trace once, under their names" want got
	./operators fail >want 2>want.errors
	recorded ./operators fail >out 2>errors
	same "exceptions and handlers are the program's" want out
	./dump t >all
	check "new that failed is in the trace" eval \
		'[ "$(grep -c " - 4611686018427387904$" all)" -ge 3 ]'
	unset LD_PRELOAD
done

# behaves MODE STATUS FILES BEFORE AFTER : of process.c, how often each of its
# two sizes is in the traces; a number, or a condition on it
behaves() {
	local mode=$1 status files before after
	# Through a pipe, which is open until the last process has ended
	{ recorded ./process "$mode" 2>errors </dev/null; echo $? >status; } |
		cat >out
	status=$(<status)
	calls >all
	files=$(ls t t.* 2>/dev/null | wc -l)
	before=$(grep -c ' malloc 0 0x[0-9a-f]* 77001$' all)
	after=$(grep -c ' malloc 0 0x[0-9a-f]* 77002$' all)
	check "$mode: ends with $2, in $3 files" \
		eval "[ $status -eq $2 ] && [ $files -eq $3 ]"
	check "$mode: what was called is in them" \
		eval "echo $before $after; ((${4/n/$before} && ${5/n/$after}))"
	sed -i '/dumped core/d' errors
	check "$mode: nothing is said on standard error" eval \
		'cat errors; [ ! -s errors ]'
}

ulimit -c 0
behaves fork 0 2 n==5 n==100
behaves clone 0 3 n==0 n==100
behaves forkthreads 0 51 n==0 n==100
behaves spawn 0 3 n==0 n==23
behaves daemon 0 2 n==10 n==10
behaves close 0 1 n==300000 n==300000
behaves threads 0 1 n==2000 n==20000
behaves late 0 1 n==100 n==400
for mode in execl execlp execle execvp fexecve; do
	behaves $mode 0 2 n==10 n==10
done
behaves execfails 0 1 n==300010 n==20
for mode in _exit _Exit quick_exit; do
	behaves $mode 0 1 n==300010 n==10
done
behaves exit 0 1 n==300010 n==22
# Of what ends at once, the last events of a chunk are missing
behaves abort 134 1 '250000<n' n==0
behaves kill 137 1 '250000<n' n==0
check "which the trace tells" figures t \
	'f["state"] == "running" and f["fault"] == ""'
# What was called in the second before is there
behaves linger 137 1 '3500<n' n==0
behaves crash 139 1 '250000<n' n==0
# A file that may not grow, in place of a full disk
behaves limit 0 1 'n<9' 'n<9'
check "which the trace tells, and how much is missing" figures t \
	'f["state"] == "stopped" and f["error"] == "File too large" and
f["lost"] > 100000 and f["calls"] > 10000 and f["fault"] == ""'
# On an allocator that may be left at any moment
below=$tmp/bump.so
behaves signals 0 1 '1000<n' '1900<n'
below=
check "events that a handler left are lost, and none is wrong" figures t \
	'0 < f["lost"] < 3000 and f["fault"] == "" and f["mended"]["missed_free"] == 0'

# On one that gives at once to a thread what another has freed
below=$tmp/hot.so
behaves reuse 0 1 n==0 n==0
below=
check "an address is free before another thread has it" figures t \
	"$complete and f['skipped']['unknown_free'] == 0 and f['calls'] >= 1200000"

if [ "$(id -u)" = 0 ]; then
	behaves setuid 0 1 n==300000 n==300000
else
	for what in status calls standard-error; do
		points=$((points + 1))
		echo "ok $points - setuid: $what # SKIP only root can become another"
	done
fi

check "it has one descriptor, far from the program's" eval '
	recorded sh -c "ls /proc/\$\$/fd; exit 0" >with;
	sh -c "ls /proc/\$\$/fd; exit 0" >without;
	diff without with | grep "^>" | tee more;
	[ "$(wc -l <more)" = 1 ] && [ "$(cut -c 3- more)" -ge 1008 ]'

# Real programs, without and with
mkdir plain preload
preloaded() {
	rm -f "$tmp"/t "$tmp"/t.*
	"$trace" record --quiet -o "$tmp/t" -- "$@"
}
both sqlite3 :memory: "create table t(a, b);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000)
insert into t select i, hex(zeroblob(i % 100)) from n;
select count(*), sum(length(b)) from t; select b from t order by b, a limit 9;"
check "sqlite3 is recorded" figures t "$complete and f['calls'] > 5000"
both perl -e 'my %h; $h{$_ % 977} .= "x" x ($_ % 90) for 1 .. 50000;
print map {; "$_ ", length $h{$_}, "\n" } sort keys %h; warn "at the end"'
check "perl is recorded" figures t "$complete and f['calls'] > 1000"
export PYTHONMALLOC=malloc
both "$python" -c '
import threading
found = []
def work(k): found.append(sum(len(str(i * k)) for i in range(5000)))
threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
[t.start() for t in threads]; [t.join() for t in threads]
print(sorted(found))'
check "threads of python3 are recorded" figures t \
	"$complete and f['threads'] == 7 and f['calls'] > 50000"
unset PYTHONMALLOC
g++ -std=c++17 -O1 -pthread -o threads "$root/tests/programs/threads.cpp" ||
	bail "threads.cpp does not compile"
both "$tmp/threads"
check "threads of C++ are recorded, with frees by others" figures t \
	"$complete and f['threads'] >= 7 and f['frees']['by_another_thread'] > 99"

# What it costs, and that threads wait for nobody at each call
check "recording takes up to 2.5 times the processor time" \
	"$python" "$here/slowdown.py" "$trace"
check "a thread writes once in many calls" "$python" - <<'END'
import re
with open("t", "rb") as file:
    data = file.read()
events = int.from_bytes(data[56:64], "little")
chunks = len(re.findall(b"chnk", data))
print(events, chunks)
assert chunks < 300 + events / 5000 and events > 50000
END
finish
