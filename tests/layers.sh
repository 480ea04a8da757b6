#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# No layer looks up: a header of src/ may include only headers of its own
# layer or of those below it, and nothing of the system; inside the layer of
# heaps, where calls could run in circles, they run one way; what is delicate has
# one room. As TAP.

set -eu

cd "$(dirname "$0")/../src"

# from the ground up; a line is a layer
layers='config.h
arch/x86_64.h arch/generic.h
bits.h list.h
atomic.h size_class.h port.h text.h
types.h
thread_free.h
track.h error.h frames.h
arena.h
account.h harden.h
page.h
heap.h
queue.h
verbs.h
options.h api.h'

level()
{
	awk -v file="$1" '{ for (i = 1; i <= NF; i++)
		if ($i == file) print NR }' <<<"$layers"
}

echo 1..6
bad=0
for file in *.h arch/*.h; do
	own=$(level "$file")
	[ -n "$own" ] || { echo "# $file stands in no layer"; bad=1; continue; }
	for header in $(sed -n 's/^#include "\(.*\)".*/\1/p' "$file"); do
		[ "$header" = mimalloc.h ] && continue
		other=$(level "$header")
		[ -n "$other" ] && [ "$other" -le "$own" ] && continue
		echo "# $file includes $header, which stands above it"
		bad=1
	done
done
[ $bad = 0 ] && echo "ok 1 - headers include what is below" ||
	echo "not ok 1 - headers include what is below"

bad=0
pattern='^#include <'
for file in $(grep -lE "$pattern" *.c *.h arch/*.h); do
	case $file in track.c) continue ;; esac
	for header in $(sed -n 's/^#include <\(.*\)>.*/\1/p' "$file"); do
		case $header in
		stdbool.h|stddef.h|stdint.h|port_config.h) ;;
		*) echo "# $file includes <$header>"; bad=1 ;;
		esac
	done
done
[ $bad = 0 ] && echo "ok 2 - the engine knows no operating system" ||
	echo "not ok 2 - the engine knows no operating system"

bad=0
for file in *.c; do
	case $file in mi_*) continue ;; esac
	if grep -nE '#include "(mimalloc|api)\.h"' "$file" >/dev/null; then
		echo "# $file looks up at the mi_* names"
		bad=1
	fi
done
[ $bad = 0 ] && echo "ok 3 - only mi_*.c know the interface" ||
	echo "not ok 3 - only mi_*.c know the interface"

# but where they are declared and explained
bad=0
fields='credit|withheld|counted|reciprocal'
for file in *.c *.h ../port/*/*.[ch]; do
	case $file in account.[ch] | types.h) continue ;; esac
	if grep -nE "(->|\.)($fields)\>" "$file"; then
		echo "# $file touches the account of a page"
		bad=1
	fi
done
[ $bad = 0 ] && echo "ok 4 - only account.[ch] touch a page's account" ||
	echo "not ok 4 - only account.[ch] touch a page's account"
bad=0
if grep -nE '(->|\.)thread_free\>' $(ls *.c *.h | grep -v '^thread_free\.') |
   sed 's/^/# /' | grep .; then
	bad=1
fi
[ $bad = 0 ] && echo "ok 5 - only thread_free.[ch] touch that word" ||
	echo "not ok 5 - only thread_free.[ch] touch that word"

# without comments
code()
{
	awk '{
		line = $0; out = ""
		while (line != "") {
			mark = inside ? "*/" : "/*"
			i = index(line, mark)
			part = i ? substr(line, 1, i - 1) : line
			line = i ? substr(line, i + 2) : ""
			if (!inside)
				out = out part
			if (i)
				inside = !inside
		}
		print out
	}' "$1"
}

# functions that a file defines for others
defines()
{
	code "$1" | sed -n '/;$/d; /^static/d
		s/^[A-Za-z].*[ *]\([a-z_0-9][a-z_0-9]*\)(.*/\1/p' | sort -u
}

# the layer of heaps, from the ground up; src/heap.h has the same order
heaps='keep queue abandon owned notify remote collect heap absorb heap_life
thread fork_child'
bad=0
declare -A below
for file in $heaps; do
	names=$(defines $file.c | paste -s -d '|')
	for other in "${!below[@]}"; do
		[[ ${below[$other]} =~ [^a-z_0-9]($names)[^a-z_0-9] ]] ||
			continue
		echo "# $other.c calls ${BASH_REMATCH[1]}() of $file.c"
		bad=1
	done
	below[$file]=$(code $file.c)
done
[ $bad = 0 ] && echo "ok 6 - calls between the files of heaps run one way" ||
	echo "not ok 6 - calls between the files of heaps run one way"
