#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Lua and QuickJS in the testbed: workloads on each allocator, their results,
# their table, and the prompts; and where their sources come from; as TAP.
# Skipped, aloud, where the sources could not be fetched.

set -u
source "$(dirname "$0")/lib.bash"

work=$(mktemp -d)
trap 'rm -rf "$console" "$work"' EXIT

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

# available NAME: whether its images are there, which is said if not
available()
{
	[ ! -e "$images/single/$1_shell.elf" ] || return 0
	ok "$1 # SKIP its sources are not there, and could not be fetched"
	return 1
}

# same_results NAME FILE: the lines of the console that begin with "result"
same_results()
{
	if grep '^result' "$console" | tr '\t' ' ' | diff - "$2" \
		>"$work/difference"; then
		ok "$1"
	else
		not_ok "$1"
		sed 's/^/# /' "$work/difference"
	fi
}

# compare NAME OPTION... : its table and what follows are in $console
compare()
{
	local app=$1
	shift
	./run.py compare "${app}_bench" --build "$images/single" \
		--output "$work" "$@" >"$console" 2>&1
}

# workload NAME: in all modes and on all allocators, with the results that
# $work/NAME has; then the table and the picture
workload()
{
	local name=$1 mode alloc
	for mode in static paging vmem; do
		boots "$name, $mode" single "$name"_bench --mode "$mode" -- 300
		same_results "$name, $mode: the results" "$work/$name"
		says "$name, $mode: nothing is left" "^memory_left_bytes 0$"
	done
	for alloc in buddy tlsf bump; do
		./run.py boot "$name"_bench --build "$images/single" \
			--alloc $alloc -- 300 >"$console" 2>&1
		same_results "$name on $alloc: the results" "$work/$name"
	done
	if compare "$name" --memory 64 -- 300; then
		table "$name"
	else
		not_ok "$name on three allocators"
		console_told
	fi
	compare "$name" --memory 8 -- 1000
	says "$name in 8 MiB: one runs out of memory" \
		"^instructions for .* out of memory +[0-9,]+ +[0-9,]+ +-$"
	says "$name: its bar shows what it had" "MiB, then out of memory$"
}

# A table has an allocator's peak in its own column
table()
{
	says "$1: the head of the table" \
		"^ *Unikraft's default \(buddy\) +TLSF +mimalloc +ratio$"
	says "$1: the peak is a tenth of the buddy's at most" \
		"^heap in use, peak .* MiB .* MiB .* MiB +0\.0[0-9]$"
	says "$1: the verdict" "^mimalloc's peak is [0-9.]+ times lower than "
	says "$1: the picture is named" \
		"^Heap in use over the work: $work/heap-$1.svg$"
	if [ "$(grep -c '<g id="gnuplot_plot' "$work/heap-$1.svg")" = 3 ]; then
		ok "$1: the picture has three curves"
	else
		not_ok "$1: the picture has three curves"
	fi
}

# same_count NAME: two runs execute the same
same_count()
{
	./run.py boot "$1"_bench --build "$images/single" --alloc mimalloc \
		-- 300 >"$work/first" 2>&1
	guest single "$1"_bench -- 300
	if diff "$work/first" "$console" >"$work/difference"; then
		ok "$1: two runs count the same"
	else
		not_ok "$1: two runs count the same"
		sed 's/^/# /' "$work/difference"
	fi
}

# peak_holds NAME WHEN: the peak is not below what is in use at some time,
# with so many objects that memory is not looked at after each
peak_holds()
{
	local held peak
	./run.py boot "$1"_bench --build "$images/single" -- 1000 \
		>"$console" 2>&1
	held=$(awk -v key="memory_$2_bytes" '$1 == key { print $2 }' "$console")
	peak=$(awk '$1 == "memory_peak_bytes" { print $2 }' "$console")
	if [[ $held =~ ^[0-9]+$ && $peak =~ ^[0-9]+$ && $peak -ge $held ]]; then
		ok "$1: the peak, $peak bytes, is not below the $held held"
	else
		not_ok "$1: the peak, ${peak:-unknown} bytes, is below the" \
			"${held:-unknown} held"
	fi
}

# in_figures NAME PREFIX FIGURE... : these are as docs/figures.md has them
in_figures()
{
	local name=$1 prefix=$2 figure
	shift 2
	[ "$arch" = x86_64 ] || return 0	# which that table is about
	compare "$name" --memory 512 -- 10000
	for figure; do
		as_in docs/figures.md "$figure" "$prefix"
	done
}

# prompt NAME ALLOC MIB: the lines of standard input typed there
prompt()
{
	./run.py shell "$1"_shell --build "$images/single" --alloc "$2" \
		--memory "$3" >"$console" 2>&1
}

# on_terminal NAME APP STATUS TEXT KEYS... : there, as make starts it
on_terminal()
{
	local name=$1 app=$2 expected=$3 text=$4
	shift 4
	../tests/testbed/terminal.py "$@" -- sh -c "trap : INT; ./run.py shell \
		${app}_shell --build '$images/single' --alloc mimalloc" \
		>"$console" 2>&1
	gave "$name" $? "$expected" "$text"
}

# What ends a prompt, and what does not
endings()
{
	on_terminal "$1: control-D ends the prompt" "$1" 0 "$2> " '\x04'
	on_terminal "$1: control-C ends a long statement" "$1" 0 "$2> " \
		"$3\\n" '+\x03'
	echo "$4" | prompt "$1" mimalloc 64
	gave "$1: a script chooses the status" $? 1 "failed with status 3$"
}

# Once all memory is taken and kept, lines are taken still
exhausted()
{
	local name=$1 alloc
	for alloc in buddy tlsf mimalloc; do
		prompt "$name" $alloc 8 <"$work/script"
		gave "$name on $alloc: out of memory, and the prompt stays" $? \
			0 "^42$"
		says "$name on $alloc: that is told" "(not enough|out of) memory"
	done
}

if available lua; then
	cat >"$work/lua" <<-'END'
	result trees 3841 511
	result strings 7323 2635 442 76
	result tables 260298490 23553 30
	END
	if lua5.4 apps/lua_bench/bench.lua 300 >"$console" 2>/dev/null; then
		same_results "lua: the results are those of Debian's lua5.4" \
			"$work/lua"
	else
		ok "lua: as Debian's lua5.4 # SKIP lua5.4 is not installed"
	fi
	workload lua
	same_count lua
	in_figures lua "Lua: " "instructions for a tree's node" \
		"heap in use, a tree held" "instructions for a string" \
		"instructions for a record" "heap in use, peak"
	printf '%s\n' '6 * 7' 'error("told")' 'for i = 1, 2 do' \
		'print("round", i) end' 'nosuch.field' \
		'local function f() return (("a"):gsub(".", f)) end f()' \
		'string.format("%5.2f %q", 1 / 3, "x")' \
		'io.open("/etc/passwd")' 'select(2, pcall(string.rep, "x", 1 << 30))' \
		'"still here"' | prompt lua mimalloc 64
	gave "lua: the prompt ends with its input" $? 0 "^42$"
	says "lua: errors are told" "^stdin:1: told$"
	says "lua: statements of several lines" "^round	2$"
	says "lua: where an error is" "^stdin:1: attempt to index a nil value"
	says "lua: calls of C without end" "C stack overflow"
	says "lua: numbers" "^ 0\.33 \"x\"$"
	says "lua: there are no files" "No such file or directory"
	says "lua: a text that is too long" "not enough memory"
	says "lua: the prompt stays" "^still here$"
	printf '%s\n' 'while true do x = {x} end' 'x = nil' 't = {}' \
		'for i = 1, 1e9 do t[i] = {} end' 't = nil' '6 * 7' \
		>"$work/script"
	exhausted lua
	endings lua lua 'while true do end' 'os.exit(3)'
fi

if available quickjs; then
	# as node.js has it, too
	cat >"$work/quickjs" <<-'END'
	result objects 1625 151 8467 15001 154 18164 9697 247
	result arrays 180 39744 150 109412
	result strings 3 1946 76
	END
	workload quickjs
	same_count quickjs
	peak_holds quickjs with_objects
	in_figures quickjs "QuickJS: " "instructions for a packet's step" \
		"heap in use, objects held" "instructions for an element" \
		"instructions for a string" "heap in use, peak"
	printf '%s\n' '6 * 7' 'throw new Error("told")' 'for (let i of [1, 2]) {' \
		'print("round", i) }' 'nosuch.field' \
		'function f() { return f() + 1 } f()' \
		'let o = { a: [1, { b: "x" }] }; o' '`a' 'b`' \
		'Promise.resolve(5).then(v => console.log("then", v)); 1' \
		'JSON.parse("[".repeat(100000))' '/(a+)+$/.test("aaab")' \
		'"x".repeat(1 << 29)' '"still here"' | prompt quickjs mimalloc 64
	gave "quickjs: the prompt ends with its input" $? 0 "^42$"
	says "quickjs: errors are told" "^Error: told$"
	says "quickjs: statements of several lines" "^round 2$"
	says "quickjs: where an error is" "at <eval> \(<input>:1:1\)"
	says "quickjs: calls without end" "^InternalError: stack overflow$"
	says "quickjs: nor do their lines fill the screen" '^    \.\.\.$'
	says "quickjs: objects are shown" '^\{"a":\[1,\{"b":"x"\}\]\}$'
	says "quickjs: texts of several lines" '^"a\\nb"$'
	says "quickjs: promises" "^then 5$"
	says "quickjs: the prompt stays" '^"still here"$'
	printf '%s\n' 'let x = null; for (;;) x = { x };' 'x = null' \
		'let t = []; for (;;) t.push({ a: [1] })' 't = null' '6 * 7' \
		>"$work/script"
	exhausted quickjs
	prompt quickjs bump 8 <"$work/script"
	gave "quickjs: not even an error object finds room" $? 0 "out of memory"
	endings quickjs qjs 'for (;;);' 'exit(3)'
fi

for app in lua quickjs; do
	available $app >/dev/null || continue
	for bad in 0 -5 abc 1000001 "10 20"; do
		# shellcheck disable=SC2086
		guest single ${app}_bench --memory 16 -- $bad
		gave "$app: $bad is refused" $? 1 "^FAILED: .*${bad##* }"
	done
done
./run.py compare hello >"$console" 2>&1
gave "no table of what is none" $? 2 "hello: compare has sqlite_bench, lua_ben"

# fetch APP FOLDER : with its words in $console
fetch()
{
	./fetch-app.sh "$1" "$2" >"$console" 2>&1
}

# tells_what_to_do NAME STATUS APP VARIABLE WHY : after a fetch that failed, of
# which nothing stays behind
tells_what_to_do()
{
	gave "$3: $1" "$2" 1 "^fetch-app: .*$5"
	says "$3: $1, and where to put sources" \
		"^Without a network: put the sources of $3 into $work/none,$"
	says "$3: $1, and how to name them" "^or name .*: make run APP=$3 $4=/path$"
	[ -z "$(find "$work" -name 'none*')" ] && ok "$3: $1, and nothing stays" ||
		not_ok "$3: $1, and nothing stays"
}

# Sources are taken from where they are; what to do without a network is said.
# Here no proxy answers, and then an apt-get brings another archive.
mkdir "$work/here" "$work/bin"
for file in lua.c lua.h lualib.h lauxlib.h lapi.c quickjs.c quickjs.h \
	libregexp.c libunicode.c cutils.c dtoa.c; do
	touch "$work/here/$file"
done
cat >"$work/apt.conf" <<'END'
Acquire::http::Proxy "http://127.0.0.1:9";
Acquire::https::Proxy "http://127.0.0.1:9";
Acquire::Retries "0";
END
cat >"$work/bin/apt-get" <<'END'
#!/bin/sh
case "$*" in
*indextargets*) echo "http://nowhere.invalid/debian bookworm main" ;;
*lua5.4) echo other >lua5.4_5.4.4.orig.tar.gz ;;
*quickjs) echo other >quickjs_2025.04.26.orig.tar.xz ;;
esac
END
chmod +x "$work/bin/apt-get"
for app in lua quickjs; do
	if PATH=$work/bin:$PATH fetch $app "$work/here" && [ ! -s "$console" ]
	then
		ok "$app: nothing is fetched where it is"
	else
		not_ok "$app: nothing is fetched where it is"
		console_told
	fi
	APT_CONFIG=$work/apt.conf fetch $app "$work/none"
	tells_what_to_do "no network" $? $app ${app^^} "no mirror that apt knows"
	PATH=$work/bin:$PATH fetch $app "$work/none"
	tells_what_to_do "another archive" $? $app ${app^^} "checksum is known$"
done
fetch sqlite "$work/none"
gave "what is fetched in another way is refused" $? 2 "lua or quickjs"
finish
