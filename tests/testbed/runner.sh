#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# How guests end that do not succeed, and how the runner is used wrongly: a
# status and a message for each; as TAP.

set -u
source "$(dirname "$0")/lib.bash"

# ends NAME STATUS TEXT OPTION... : what run.py says and gives
ends()
{
	local name=$1 expected=$2 text=$3
	shift 3
	./run.py "$@" >"$console" 2>&1
	gave "$name" $? "$expected" "$text"
}

# guest_ends NAME STATUS TEXT HOW OPTION... : of the application misbehave
guest_ends()
{
	local name=$1 expected=$2 text=$3 how=$4
	shift 4
	ends "$name" "$expected" "$text" boot misbehave \
		--build "$images/single" --alloc mimalloc --memory 16 "$@" \
		-- "$how"
}

guest_ends "a program that fails" 1 "program failed with status 1" fail
guest_ends "its console is shown" 1 "about to: fail" fail
guest_ends "a write to nowhere" 3 "the guest crashed" null --mode paging
guest_ends "a crash by itself" 3 "as it was told to" abort
guest_ends "a stack that overflows" 3 "the guest crashed" stack --mode vmem
guest_ends "a guest that hangs" 4 "did not end within 3 seconds" hang \
	--timeout 3
guest_ends "full memory is NULL" 0 "NULL after" full --mode vmem
guest_ends "an unknown parameter is named" 3 "nonsense" fail \
	--parameter nonsense=1
guest_ends "a bad value is named" 3 "junk" fail --parameter junk=perhaps
guest_ends "an unknown parameter of the allocator is named" 3 \
	"mimalloc.nonsense" fail --parameter mimalloc.nonsense=1
for bad in budget_kib=much budget_kib= budget_kib=99999999999999999999 \
	learn_kib=much ignore_errors=2 show_stats=maybe; do
	guest_ends "a bad value for the allocator is named: $bad" 1 \
		"mimalloc.${bad%%=*}: bad value '${bad#*=}' is ignored" fail \
		--parameter "mimalloc.$bad"
done
guest_ends "good values are taken" 1 "given back, in all" fail \
	--parameter mimalloc.budget_kib=64 --parameter mimalloc.learn_kib=64 \
	--parameter mimalloc.show_stats=Yes
ends "statistics at the halt, as they are" 0 "^mimalloc statistics" boot hello \
	--build "$images/single" --alloc mimalloc \
	--parameter mimalloc.show_stats=1
ends "a mistake goes to the kernel's log" 0 "CRIT: mimalloc: error: double" \
	boot misbehave --build "$images/stats" --alloc mimalloc --memory 16 \
	--parameter mimalloc.ignore_errors=1 -- again
ends "what is freed again is not counted" 0 \
	"-1 blocks, -112 bytes, 0 failures" boot misbehave \
	--build "$images/stats" --alloc mimalloc --memory 16 \
	--parameter mimalloc.ignore_errors=1 -- again
ends "too little memory" 1 "too little memory" boot misbehave \
	--build "$images/single" --memory 1
ends "more memory than there can be: QEMU's own words are shown" 5 \
	"failed with status 1: qemu" boot misbehave \
	--build "$images/single" --memory 200000000
ends "no such image" 2 "nosuch" boot nosuch --build "$images/single"
ends "no such mode" 2 "invalid choice" boot misbehave --mode nosuch
ends "no application" 2 "which application[?]" boot
ends "no memory" 2 "at least 1 MiB" boot misbehave \
	--build "$images/single" --memory 0
ends "no such image to record" 2 "nosuch.elf is not there: build it first" \
	boot nosuch --build "$images/single" --record /nowhere/calls
ends "no such allocator" 2 "buddy, tlsf, bump, mimalloc" compare --allocs nosuch

folder=$(mktemp -d)
trap 'rm -rf "$console" "$folder"' EXIT

# plain_make WORD... : in this folder, as at a prompt, without mimalloc
plain_make()
{
	env -u MAKEFLAGS -u MAKELEVEL make ARCH="$arch" BUILD="$folder/plain" \
		"$@"
}

# All that a plain make builds, but programs that have to be fetched
plain=$(plain_make -n 2>/dev/null | sed -n 's|.* LD .*/\(.*\)\.elf.*|\1|p' |
	grep -v -e sqlite -e lua -e quickjs | tr '\n' ' ')
plain_make APPS="$plain" >"$console" 2>&1
gave "a plain make links its images: $plain" $? 0 "LD .*/hello.elf"
# It is refused before it boots, so what it is called is enough
ln "$folder/plain/hello.elf" "$folder/plain/sqlite_bench.elf"

# without NAME OPTION... : mimalloc is refused at once in an image without it
without()
{
	local name=$1
	shift
	ends "no mimalloc in the image: $name" 2 \
		"^run.py: .*: this image was linked without mimalloc" \
		"$@" --build "$folder/plain"
	[ "$(wc -l <"$console")" = 1 ] && ok "$name says no more" ||
		not_ok "$name says no more"
}

without compare compare
without smallest smallest sqlite_bench
without shell shell hello --alloc mimalloc
without check check --alloc mimalloc
without boot boot hello --alloc mimalloc
without "a record" boot hello --alloc mimalloc --record "$folder/calls"
[ ! -e "$folder/calls" ] && ok "nor is there an empty record" ||
	not_ok "nor is there an empty record"
ends "the buddy is there" 0 "^SUCCESS$" boot hello --build "$folder/plain"
ends "why nothing is recorded: too little memory" 1 "too little memory: the" \
	boot hello --build "$folder/plain" --memory 1 --record "$folder/calls"

# Several CPUs, and who has none of it
for bad in 0 5; do
	ends "no such number of CPUs: $bad" 2 "--cpus: from 1 to 4" \
		boot misbehave --build "$images/smp" --cpus $bad
done
ends "an image for one CPU" 3 \
	"crashed: the machine has 2 CPUs, and this image is for one" \
	boot hello --build "$images/single" --alloc mimalloc --cpus 2
ends "no address spaces for two CPUs" 3 \
	"crashed: mode=vmem is for one CPU" boot hello --build "$images/smp" \
	--alloc mimalloc --cpus 2 --mode vmem
for alloc in buddy bump tlsf; do
	ends "no $alloc for two CPUs" 3 \
		"crashed: alloc=$alloc is for one CPU" boot hello \
		--build "$images/smp" --alloc $alloc --cpus 2
	ends "$alloc for one, in an image for several" 0 SUCCESS boot hello \
		--build "$images/smp" --alloc $alloc --mode vmem
done
ends "a turn that is too short" 3 "parameter turn: at least 1000" boot hello \
	--build "$images/smp" --alloc mimalloc --cpus 2 --parameter turn=999

# cpus_end NAME STATUS TEXT CPUS HOW OPTION... : where another CPU would crash
cpus_end()
{
	local name=$1 expected=$2 text=$3 cpus=$4 how=$5
	shift 5
	ends "$name" "$expected" "$text" boot misbehave --build "$images/smp" \
		--alloc mimalloc --cpus "$cpus" "$@" -- "$how"
}

fault="crashed: CPU 1: cannot handle write page fault at 0+: nothing is mapped"
cpus_end "a fault of another CPU" 3 "$fault" 2 cpu
cpus_end "and in mode paging" 3 "$fault" 4 cpu --mode paging
cpus_end "another CPU that there is not" 1 "^started: -22, 1; others: 0$" 1 cpu
cpus_end "it runs already, and two others halt" 3 \
	"^started: 0, 2; others: 0$" 4 cpu
cpus_end "it runs on meanwhile" 3 "$fault" 4 cpu
cpus_end "a busy CPU leaves another no turn" 1 "failed with status 1" 2 busy
cpus_end "unless its turn ends" 3 "$fault" 2 busy --parameter turn=1000
ends "no other CPU in an image for one" 1 "^one CPU in this image$" \
	boot misbehave --build "$images/single" --alloc mimalloc -- cpu

# refused GOAL NAME=VALUE TEXT: by make, which has not begun with anything
refused()
{
	env -u MAKEFLAGS -u MAKELEVEL make -C .. "$1" "$2" >"$console" 2>&1
	if [ $? = 2 ] && grep -qF -- "*** $2: has to be $3" "$console" &&
		[ "$(grep -vc 'directory' "$console")" = 1 ]; then
		ok "make $1 $2 is refused"
	else
		not_ok "make $1 $2 is refused"
		console_told
	fi
}

for goal in run shell smallest; do
	refused $goal MODE=foo "one of static paging vmem"
done
refused run HEAPS=x "one of single thread"
refused run ARCH=x "one of x86_64 arm64"
refused check-testbed ARCH=x "one of x86_64 arm64"
for bad in abc 0 2 4097 1.5; do
	refused run MEMORY=$bad "a number from 3 to 4096"
done
for bad in abc 0 -1 10x; do
	refused run ROWS=$bad "a number from 1 to 1000000"
done
refused run ALLOC=foo "of mimalloc buddy tlsf bump"
refused run ALLOC=buddy,foo "of mimalloc buddy tlsf bump"
refused shell ALLOC=buddy,bump "one for the shell"
refused run SQLITE=/nowhere "a folder of sqlite3.c and sqlite3.h"
refused run LUA=/nowhere "a folder of lua.c and lua.h"
refused run QUICKJS=/nowhere "a folder of quickjs.c and quickjs.h"
for goal in run shell smallest; do
	refused $goal APP=foo "one of sqlite lua quickjs"
done

# smallest_takes TEXT WORD... : what make would have sought the least memory for
smallest_takes()
{
	local text=$1
	shift
	env -u MAKEFLAGS -u MAKELEVEL make -n -C .. smallest "$@" \
		>"$console" 2>/dev/null
	gave "make smallest $*: $text" $? 0 "^[[:space:]]*$text *$"
}

smallest_takes "1000 insert"
smallest_takes "50 insert" ROWS=50
smallest_takes 50 ROWS=50 APP=lua

# SQLite is taken from where it is; what to do without a network is said
touch "$folder/sqlite3.c" "$folder/sqlite3.h"
if ./fetch-sqlite.sh "$folder" >"$console" 2>&1 && [ ! -s "$console" ]; then
	ok "nothing is fetched where both files are"
else
	not_ok "nothing is fetched where both files are"
fi
rm "$folder/sqlite3.h"
if ! command -v npm >/dev/null; then
	ok "a failed fetch tells what to do # SKIP npm is not installed"
elif npm_config_offline=true npm_config_cache=$folder/cache \
	./fetch-sqlite.sh "$folder" >"$console" 2>&1; then
	not_ok "a failed fetch tells what to do"
elif grep -q "^Without a network: put .* into $folder,$" "$console" &&
	grep -qx "or name the folder that has them: make run SQLITE=/path" \
		"$console"; then
	ok "a failed fetch tells what to do"
else
	not_ok "a failed fetch tells what to do"
	console_told
fi
finish
