#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Which processes write which files and when; settings that are wrong; and that
# the profiler never changes what a program does.

source "$(dirname "$0")/lib.bash"
prepare 56 gcc g++ python3 timeout
need_libraries
compile process.c process
compile plugin.cpp plugin.so -shared -fPIC
compile process.c linked -Wl,--no-as-needed ./plugin.so -Wl,-rpath,"$tmp"
compile plugin.cpp static.so -shared -fPIC -static-libstdc++

# run [NAME=VALUE...] COMMAND ARGUMENT...: its profile is heap.pb
run() {
	rm -f heap.pb* other* && profiled_ours MIMALLOC_PROFILE=heap.pb \
		MIMALLOC_PROFILE_RATE=1 "$@" >out 2>err
}

# wrote COUNT: so many files are there now
wrote() {
	local files
	files=$(ls heap.pb* 2>/dev/null | wc -l)
	[ "$files" = "$1" ] || { ls heap.pb*; cat out err; return 1; }
}

silent() {
	! grep . err
}

# --- one process
check "a program runs as it does without" run ./process
check "it writes one file" wrote 1
check "with what it held" expects heap.pb "hold inuse_space 70000"
check "and says nothing" silent

profiled_ours ./process >out 2>err
point $? "nothing is asked for: it runs"
check "and says nothing" silent
check "nor is anything written" prints "No data available" profiled_ours \
	./process write other.pb
check "without the library there is no function" prints "no profiler" \
	./process write other.pb

run ./process _exit
[ $? = 3 ]
point $? "_exit keeps its status"
check "and the profile is written" expects heap.pb "hold inuse_space 70000"
check "a program that closes all files runs" run ./process close
check "and the profile is written" expects heap.pb "hold inuse_space 70000"
check "a program that goes elsewhere runs" run ./process chdir
check "and the profile is where it began" expects heap.pb \
	"hold inuse_space 70000"

# --- several processes
run ./process fork
point $? "a program forks"
read -r child <out
check "its child has a file of its own" wrote 2
check "in which are its blocks and the parent's" expects "heap.pb.$child" \
	"hold inuse_space 140000" "hold_in_child inuse_space 70000"
check "the parent's has its own" expects heap.pb "hold inuse_space 70000" \
	"hold_in_child inuse_space 0"
run ./process fork-_exit
check "a child that ends by _exit writes none" wrote 1
run sh -c './process; ./process; true'
point $? "a shell starts two programs"
check "each has a file, and the shell" wrote 3
check "that of the name alone is the shell's" expects heap.pb \
	"hold inuse_space 0"
run sh -c '{ sleep 0.3; ./process; mv out ended; } & exit 0'
point $? "a process ends before what it has started"
for ((i = 0; i < 300; i++)); do
	[ ! -e ended ] || break
	sleep 0.1
done
check "which leaves its file alone" expects heap.pb "hold inuse_space 0"
run env MIMALLOC_PROFILE=heap.pb.%p ./process fork
read -r child <out
check "%p is the number of a process" expects "heap.pb.$child" \
	"hold inuse_space 140000"
check "and nothing is added to it" wrote 2
check "forks amid allocations end well" run timeout 60 ./process forks-amid
check "and 20 of them write, their parent, and timeout" wrote 22
check "forks and profiles in a handler that interrupted malloc" run \
	timeout 60 ./process interrupted

# --- at a signal, on call
run env MIMALLOC_PROFILE=heap.pb-%n MIMALLOC_PROFILE_SIGNAL=USR2 \
	./process signal "$(kill -l USR2)"
point $? "a program gets a signal twice"
check "each makes a profile, beside that of the end" wrote 3
check "the first has what was held then" expects heap.pb-0 \
	"hold inuse_space 70000"
check "the second what was held later" expects heap.pb-1 \
	"hold inuse_space 0" "hold peak_space 70000"
check "a program asks for one" run ./process write other-%%
check "and has it" expects other-% "hold inuse_space 70000"
check "into a folder that is not there" prints "No such file or directory" \
	profiled_ours MIMALLOC_PROFILE_RATE=1 sh -c \
	'exec ./process write gone/other 2>/dev/null'

# --- by mi-run
rm -f heap.pb*
check "mi-run profiles" "${profiler%/*}/mi-run" --profile heap.pb \
	--option profile_rate=1 ./process
check "the program, under its name" expects heap.pb "hold inuse_space 70000"
check "and in one file" wrote 1

# --- what cannot be done is told, and the program is none the worse
told() {
	[ "$(wc -l <err)" = 1 ] && grep -E "$1" err
}
check "a full disk" run env MIMALLOC_PROFILE=/dev/full ./process
check "is told" told '^process\[[0-9]+\]: mimalloc: error: cannot write '\
'/dev/full: No space left on device$'
check "a folder that is not there" run env MIMALLOC_PROFILE=gone/x ./process
check "is told" told ': cannot write .*/gone/x: No such file or directory$'
long=$(printf '%0300d' 0)
check "a long name" run env MIMALLOC_PROFILE=gone/$long ./process
check "is cut, and the reason told" told \
	': cannot write /.*\.\.\.: (No such file or directory|File name too long)$'
run env MIMALLOC_PROFILE_RATE=none MIMALLOC_PROFILE_SIGNAL=USR9 \
	mimalloc_profile_leaks=-1 ./process
[ $? = 0 ] && [ "$(grep -c 'MIMALLOC_PROFILE_.*: bad value .* is ignored$' \
	err)" = 3 ]
point $? "three bad values are named"
check "sizes have units" eval 'run env MIMALLOC_PROFILE_RATE=1KiB ./process &&
	python3 "$here/profile.py" heap.pb | grep -x "period 1024"'

# --- plugins of C++ in a program of C
for plugin in plugin static plugin-linked; do
	program=process
	[ $plugin = "${plugin%-*}" ] || program=linked
	check "C++ in a plugin, on the C library's allocator ($plugin)" \
		profiled MIMALLOC_PROFILE=heap.pb MIMALLOC_PROFILE_RATE=1 \
		./$program open "$tmp/${plugin%-*}.so"
	check "its blocks are known" eval \
		"python3 '$here/profile.py' heap.pb expect /dev/null &&
		expects heap.pb 'plugin_holds inuse_objects 102'"
	check "so are those that it frees at the end" expects heap.pb \
		"plugin_frees alloc_space 333" "plugin_frees inuse_space 0"
done
finish
