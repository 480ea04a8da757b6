#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# clang-tidy, cppcheck, what Unikraft's style check looks at first, and lengths,
# over the C and C++ files of some folders; as TAP. They find nothing there, and
# they do find what is planted.
#
#	LINT="port tests"	the folders

set -u -o pipefail

cd "$(dirname "$0")/.."
source tests/programs/lib.bash
prepare 14 clang-tidy cppcheck awk
folders=${LINT:-src port profile tests trace}
measured=${LINT:-src port profile tests trace include testbed}

# A file has up to 400 lines, but for this one
declare -A may_be_long=(
	[include/mimalloc.h]="a contract is read, searched and copied as one"
)

# Settings of a build in which most is compiled
common='-DMI_DEBUG=1 -DMI_THREADS=1 -DMI_HARDENING=2 -DMI_CLASS_STATS=1'
linux="$common -DPORT_EARLY -Iinclude -Isrc -Iport/linux -Iprofile -Itrace
	-Itrace/read -Itests/api -Itests/unit"
unikraft="$common -DMI_CONCURRENT=0 -DUK_LIBPARAM_LIBPREFIX=mimalloc
	-Iport/unikraft -Isrc -Itestbed/include -Iinclude -Itests/uktest"

# kind FILE : for which system it is compiled
kind() {
	case $1 in
	*.cpp)	echo cxx ;;
	tests/atomic/*) echo atomic ;;
	tests/order/*) echo order ;;
	port/unikraft/* | tests/test_* | tests/uktest/*) echo unikraft ;;
	*)	echo linux ;;
	esac
}

flags_of() {
	case $1 in
	cxx)	echo "-std=c++17 -fsized-deallocation -Iinclude" ;;
	atomic)	echo "-std=gnu11 -Iinclude/musl" ;;
	unikraft) echo "-std=gnu11 $unikraft" ;;
	order)	echo "-std=gnu11 $common -Itests/order -Isrc -Iinclude" ;;
	linux)	echo "-std=gnu11 $linux" ;;
	esac
}

# each TOOL FILE... : what it finds, a few to a
# process and a process to a processor; fails when it finds something
each() {
	local tool=$1 of found=0
	shift
	for of in linux unikraft atomic order cxx; do
		for file; do
			[ "$(kind "$file")" != $of ] || printf '%s\0' "$file"
		done | xargs -0 -r -n 8 -P "$(nproc)" bash -c '"$@"' - \
			"$tool" "$of" || found=1
	done
	return $found
}

# The analyser looks at 4,000 states of a function and not at 225,000: its time
# grows with them, and what it found in src/ did not.
tidy() {
	local of=$1
	shift
	clang-tidy --quiet "$@" -- $(flags_of "$of") -Xclang -analyzer-config \
		-Xclang max-nodes=4000 2>/dev/null |
		grep -E '^[^ ]*: (warning|error):' | grep -v '^/usr/' && return 1
	return 0
}

# legacyUninitvar takes an array that a function is to fill for a value,
# comparePointers the linker's marks of a section's start and end for objects;
# tests/atomic is one expansion of macros, over which it sits for half a minute;
# syntaxError is a compiler's affair, and does not know Unikraft's __noreturn
check_cpp() {
	local of=$1 language=c
	shift
	[ "$of" != atomic ] || return 0
	[ "$of" != cxx ] || language=c++
	cppcheck --quiet --enable=warning,performance,portability \
		--language=$language --error-exitcode=1 \
		--suppress=legacyUninitvar --suppress=comparePointers \
		--suppress=syntaxError -D__LP64__ -D__x86_64__ \
		$(flags_of "$of" | tr ' ' '\n' | grep '^-[DI]') "$@" 2>&1
}
export -f tidy check_cpp flags_of
export common linux unikraft

# Lines, macros and spaces. A macro is one statement, and the caller writes its
# semicolon: otherwise it falls apart after an if.
style() {
	awk '
	function finding(what) {
		print FILENAME ":" FNR ": " what
		found = 1
	}
	function columns(line,	i, n) {
		for (i = n = 0; i++ < length(line);)
			n = substr(line, i, 1) == "\t" ? n - n % 8 + 8 : n + 1
		return n
	}
	# Whether a semicolon stands outside of all brackets, or in a bare block
	function falls_apart(body,	i, c, depth) {
		gsub(/"([^"\\]|\\.)*"|\047([^\047\\]|\\.)*\047/, "", body)
		if (body ~ /^ *\{.*;/)
			return 1
		for (i = 1; i <= length(body); i++) {
			c = substr(body, i, 1)
			depth += (c ~ /[({]/) - (c ~ /[)}]/)
			if (c == ";" && depth == 0)
				return 1
		}
		return 0
	}
	FNR == 1	{ macro = "" }
	columns($0) > 80 { finding("a line of " columns($0) " columns") }
	/[ \t]$/	{ finding("blanks at the end of the line") }
	/^ {8}|^\t+ {8}/ { finding("eight spaces in place of a tab") }
	/ \t/		{ finding("a space before a tab") }
	{
		text = $0
		gsub(/"([^"\\]|\\.)*"/, "\"\"", text)
		gsub(/\/\*.*\*\/|^ *\*.*/, "", text)
		sub(/\/\/.*/, "", text)
	}
	text ~ /(^|[^a-zA-Z0-9_])(if|for|while|switch)\(/ {
		finding("no space before a bracket")
	}
	text ~ /\)\{$/	{ finding("no space before a brace") }
	text ~ /,[^ \t\\"\047)]/ { finding("no space after a comma") }
	text ~ /[a-z0-9_)](==|!=|&&|\|\||<=|>=)[a-z0-9_(]/ {
		finding("no spaces around an operator")
	}
	text ~ /^[ \t]*# *define/ && macro == "" {
		macro = text
		sub(/^[ \t]*# *define[ \t]+[A-Za-z0-9_]+(\([^)]*\))?/, "", macro)
		macro = macro " "
		at = 1
	}
	macro != "" {
		if (!at)
			macro = macro text
		at = 0
		if (sub(/\\$/, "", macro))
			next
		gsub(/[ \t]+/, " ", macro)
		if (falls_apart(macro))
			finding("a macro of several statements or with" \
				" their semicolon")
		macro = ""
	}
	END { exit found }' "$@"
}

# lengths FILE... : those that are too long
lengths() {
	local file lines found=0
	for file; do
		lines=$(wc -l <"$file")
		[ "$lines" -gt 400 ] && [ -z "${may_be_long[$file]:-}" ] ||
			continue
		echo "$file has $lines lines"
		found=1
	done
	return $found
}

# within LIMIT FILE... : lines in all
within() {
	local limit=$1 sum
	shift
	sum=$(cat "$@" | wc -l)
	echo "$sum lines, at most $limit"
	[ "$sum" -le "$limit" ]
}

# What testbed/README.md says of the testbed's size: lines of its kernel with
# all that it needs on each architecture, and of one of these. It is to stay
# half as large as what it tests.
small() {
	local all arch engine
	mapfile -t engine < <(files src | grep -E '\.[ch]$')
	! within $((2 * 6000 - 1)) "${engine[@]}" || return
	mapfile -t all < <(files testbed/kernel testbed/arch)
	within 6000 "${all[@]}" || return
	for arch in testbed/arch/*; do
		mapfile -t all < <(files "$arch")
		within 1200 "${all[@]}" || return
	done
}

# files FOLDER... : of the repository, or of a tree without one
files() {
	git ls-files "$@" 2>/dev/null | grep . || find "$@" -type f
}

mapfile -t sources < <(files $folders | grep -E '\.(c|cpp)$')
mapfile -t all < <(files $folders | grep -E '\.(c|cpp|h|hpp)$')
mapfile -t by_length < <(files $measured | grep -E '\.(c|cpp|h|hpp)$')
echo "# ${#all[@]} files in $folders"

# Nothing is found, with what is: a line for each
clean() {
	"$@" >"$tmp/found" 2>&1 || { sort -u "$tmp/found"; return 1; }
}

# finds TEXT COMMAND... : it fails, and says that
finds() {
	local wanted=$1
	shift
	! "$@" >"$tmp/found" 2>&1 && cat "$tmp/found" &&
		grep -qF -e "$wanted" "$tmp/found"
}

[ ${#sources[@]} -gt 5 ]
point $? "there are files to look at"
check "clang-tidy finds nothing" clean each tidy "${sources[@]}"
check "cppcheck finds nothing" clean each check_cpp "${sources[@]}"
check "the style is kept" clean style "${all[@]}"
check "no file is too long" clean lengths "${by_length[@]}"

cp .clang-tidy "$tmp"
cat >"$tmp/planted.c" <<'EOF'
#define DOUBLED(x) x * 2
#define BOTH(x) first(x); second(x)

void first(int);
void second(int);

int planted(const int *p, int n)
{
	int four[4] = {n}, i;

	if (!p)
		return *p;
	for(i = 0; i < 5; i++)
		four[i] = DOUBLED(n);
	BOTH(n);
	return four[n & 3];
}
EOF
check "clang-tidy finds an argument without brackets" \
	finds bugprone-macro-parentheses tidy linux "$tmp/planted.c"
check "and a dereferenced NULL" \
	finds core.NullDereference tidy linux "$tmp/planted.c"
check "cppcheck finds an index out of bounds" \
	finds arrayIndexOutOfBounds check_cpp linux "$tmp/planted.c"
check "the style has macros of one statement" \
	finds "planted.c:2: a macro" style "$tmp/planted.c"
check "and spaces" finds "planted.c:13: no space" style "$tmp/planted.c"
seq 400 >"$tmp/just.c"
seq 401 >"$tmp/long.c"
check "400 lines are not too long" clean lengths "$tmp/just.c"
check "401 are" finds "long.c has 401 lines" lengths "$tmp/long.c"
check "the testbed's kernel is half of the engine at most" clean small
cat "$tmp/just.c" "$tmp/long.c" >"$tmp/both.c"
check "a line more than the limit is too much" \
	finds "801 lines, at most 800" within 800 "$tmp/both.c"
finish
