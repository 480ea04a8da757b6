#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# The folders of src/ are layers. No file includes what stands above its own
# layer, nor anything of the system, and nothing is called there: what a file's
# object asks for is defined in its layer or below. In the layers where calls
# could run in circles, they run one way from file to file. And what is delicate
# is touched in one room. As TAP.

set -eu

cd "$(dirname "$0")/../src"

layers='ground runs pages heaps blocks api'

declare -A level=()	# of a folder; none of one that is no layer
for layer in $layers; do
	level[$layer]=${#level[@]}
done

result()	# what: `bad` and a number of its own
{
	number=$((number + 1))
	[ $bad = 0 ] && echo "ok $number - $1" || echo "not ok $number - $1"
	bad=0
}

echo 1..9
number=0
bad=0
for file in */*.[ch] */*/*.h; do
	own=${level[${file%%/*}]:-}
	for header in $(sed -n 's/^#include "\(.*\)".*/\1/p' "$file"); do
		[ "$header" != mimalloc.h ] || header=api/mimalloc.h
		other=${level[${header%%/*}]:-}
		[ -n "$own" ] && [ -n "$other" ] && [ "$other" -le "$own" ] &&
			continue
		echo "# $file includes $header, which stands above it"
		bad=1
	done
done
result "files include what is below them"

for file in */*.[ch] */*/*.h; do
	case $file in ground/track.c) continue ;; esac
	for header in $(sed -n 's/^#include <\(.*\)>.*/\1/p' "$file"); do
		case $header in
		stdbool.h|stddef.h|stdint.h|port_config.h) ;;
		*) echo "# $file includes <$header>"; bad=1 ;;
		esac
	done
done
result "the engine knows no operating system"

# Objects of both ports, with nothing optimised away and nothing inlined
objects=$(mktemp -d)
trap 'rm -rf "$objects"' EXIT

# compile NAME FILES OPTIONS.. : a line for each symbol: file, T or U, name.
# The compiler names the objects after the files, whose base names are unique.
compile()
{
	local folder=$objects/$1 files=$2
	shift 2
	mkdir -p "$folder"
	printf '%s\n' $files | sed "s|^|$PWD/|" | (cd "$folder" &&
		xargs -d '\n' -P 2 -n 10 ${CC:-gcc} -std=gnu11 -O0 -c \
			-I"$OLDPWD" -I"$OLDPWD/../include" "$@") || return 1
	nm -A "$folder"/*.o | awk -v files="$(echo $files)" '
		function base(path) {
			sub(/.*\//, "", path)
			sub(/\..*/, "", path)
			return path
		}
		BEGIN { n = split(files, list, " ")
			for (i = 1; i <= n; i++) file[base(list[i])] = list[i] }
		$(NF - 1) ~ /[A-Z]/ { print file[base($1)],
			($(NF - 1) == "U" ? "U" : "T"), $NF }'
}

# The port of Unikraft without Unikraft: its words, and frames that run out
mkdir -p "$objects/include"
cat >"$objects/include/port_config.h" <<'EOF'
#include <stdint.h>
#define PORT_MAP_WINDOW 0
#define PORT_STATIC_INSTANCE 0
#define PORT_FRAMES_RUN_OUT 1
#define PORT_KEPT_UNITS_MAX 1024
#define PORT_KEPT_LEARN_MAX 0
#define PORT_TLS
struct port_lock { int unused; };
uintptr_t port_thread_id(void);
EOF
{
	compile linux '*/*.c ../port/linux/*.c' -I"$PWD/../port/linux" \
		-DPORT_EARLY &&
	compile other '*/*.c' -I"$objects/include" -DMI_THREADS=0
} >"$objects/symbols" || { echo "# does not compile"; bad=1; }

# a line for each call from one file to another: caller, callee, function
awk '$2 == "T" { home[$3] = $1; next }
	{ call[$1 " " $3] = 1 }
	END { for (c in call) { split(c, a, " ")
		if (a[2] in home && home[a[2]] != a[1])
			print a[1], home[a[2]], a[2] } }' \
	"$objects/symbols" | sort >"$objects/calls"
[ -s "$objects/calls" ] || bad=1
while read -r caller callee name; do
	case $caller$callee in *../port*) continue ;; esac
	[ "${level[${callee%%/*}]}" -le "${level[${caller%%/*}]}" ] &&
		continue
	echo "# $caller calls $name() of $callee, which stands above it"
	bad=1
done <"$objects/calls"
result "calls go to what is below"

# what a port has to give, port.h and the default instance, stands below
awk '$3 !~ /^(port_|default_instance$)/ { print $1, $2 }' "$objects/calls" | tsort 2>&1 >/dev/null |
	sed 's/^/# /' >"$objects/circles"
[ ! -s "$objects/circles" ] || { cat "$objects/circles"; bad=1; }
result "no files call each other in a circle, those of the Linux port included"

# one_way LAYER FILES.. : in the order in which they may call, callee first
one_way()
{
	local layer=$1 names file caller callee name
	declare -A place=()
	shift
	names=$*
	for file in $names; do
		place[$layer/$file.c]=${#place[@]}
	done
	for file in "$layer"/*.c; do
		[ -n "${place[$file]:-}" ] && continue
		echo "# $file has no place in the order of calls"
		bad=1
	done
	while read -r caller callee name; do
		[ "${caller%%/*} ${callee%%/*}" = "$layer $layer" ] || continue
		[ "${place[$callee]}" -lt "${place[$caller]}" ] && continue
		echo "# $caller calls $name() of $callee"
		bad=1
	done <"$objects/calls"
}

# runs/runs.h and heaps/heaps.h have the same orders
one_way runs stats slab map dirty budget run window grow chunk arena release shelf purge \
	frames reserve supply
result "calls between the files of runs run one way"
one_way heaps keep queue abandon owned notify sleeping remote collect heap absorb \
	heap_life thread fork_child valid
result "and between those of heaps"

bad=0
if grep -nE 'struct (page|heap)\>' runs/*; then
	echo "# the layer of runs knows a page or a heap"
	bad=1
fi
result "no file of runs knows pages or heaps"

bad=0
fields='credit|withheld|counted|reciprocal'
for file in */*.[ch] ../port/*/*.[ch]; do
	case $file in
	pages/account.[ch] | pages/descriptor.h | ground/run.h) continue ;;
	esac
	if grep -nE "(->|\.)($fields)\>" "$file"; then
		echo "# $file touches the account of a page"
		bad=1
	fi
done
result "only account.[ch] touch a page's account"

for file in */*.[ch] ../port/*/*.[ch]; do
	case $file in pages/thread_free.[ch]) continue ;; esac
	if grep -nE '(->|\.)thread_free\>' "$file"; then
		echo "# $file touches the word of frees by others"
		bad=1
	fi
done
result "only thread_free.[ch] touch that word"
