#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What the library takes of a process's address space, mappings and limits,
# and what a core file of such a process costs; against the C library's own
# malloc, with the same program.

source "$(dirname "$0")/figures.bash"

ROUNDS=3
BUFFERS=600
prepare 31 "$CC"
need_libraries
compile space "$tmp/space" -ldl -Wno-alloc-size-larger-than
compile first_request "$tmp/without"
compile first_request "$tmp/with" -DWITH "$archive"

# ours ARGUMENT..., plain ARGUMENT...: space, bounded in time
ours() {
	LD_PRELOAD=$so timeout 100 "$tmp/space" "$@" 2>"$tmp/errors"
}

plain() {
	timeout 100 "$tmp/space" "$@" 2>"$tmp/errors"
}

# skip COUNT REASON
skip() {
	local i
	for ((i = 0; i < $1; i++)); do
		points=$((points + 1))
		echo "ok $points # SKIP $2"
	done
}

address_space() {
	local size data plain_size plain_data before
	read -r plain_size plain_data < <(plain size)
	read -r size data < <(ours size)
	at_most "VmSize of a fresh process, more than without" \
		"$(calculate "(a - b) / 1024" a="${size:-1e9}" \
		b="$plain_size")" 96 MiB
	# what vm.overcommit_memory=2 counts, whatever MAP_NORESERVE says
	at_most "private and writable of it, more than without" \
		"$(calculate "(a - b) / 1024" a="${data:-1e9}" \
		b="$plain_data")" 96 MiB
	read -r plain_size _ < <("$tmp/without")
	read -r before _ < <("$tmp/with")
	at_most "VmSize before the first request, more than without" \
		$((before - plain_size)) 1024 KiB
}

# least_cost COMMAND...: system time of the run that took least, ms
least_cost() {
	local run
	for ((run = 0; run < ROUNDS; run++)); do
		rm -f "$tmp"/cores/*
		(cd "$tmp/cores" && ulimit -c unlimited &&
			timeout 100 "$tmp/space" costs "$@" 2>/dev/null)
	done | sort -n | head -n 1
}

# A core that the kernel writes. The time of the least run counts, and what is
# finer than some ticks of the kernel's clock (10 ms at 100 Hz) is not judged: with
# a reservation of 128 GiB it was over a second.
kernel_core() {
	local pattern time length blocks plain_time plain_length plain_blocks
	pattern=$(cat /proc/sys/kernel/core_pattern)
	case $pattern in
	[\|/@]* | "")
		skip 3 "core files go to '$pattern' here, not to the folder"
		return ;;
	esac
	mkdir -p "$tmp/cores"
	plain_time=$(least_cost "$tmp/space" crash)
	read -r plain_length plain_blocks \
		< <(stat -c '%s %b' "$tmp"/cores/*)
	time=$(least_cost env LD_PRELOAD="$so" "$tmp/space" crash)
	read -r length blocks < <(stat -c '%s %b' "$tmp"/cores/*)
	rm -f "$tmp"/cores/*
	tell "core: length ${length:-none}, glibc ${plain_length:-none};" \
		"system time ${time:-none} ms, glibc ${plain_time:-none} ms"
	at_most "core file, length" "$(calculate "a / b" \
		a="${length:-1e9}" b="${plain_length:-1}")" 1.5 "times glibc's"
	at_most "core file, blocks" "$(calculate "a / b" \
		a="${blocks:-1e9}" b="${plain_blocks:-1}")" 1.5 "times glibc's"
	at_most "core file, system time" "${time:-nothing}" \
		"$(calculate "1.5 * t + 40" t="${plain_time:-0}")" ms
}

# gcore_length NAME [LIBRARY]: of a core that gdb writes, up to 1 GiB
gcore_length() {
	local process status
	LD_PRELOAD=${2:-} "$tmp/space" wait >"$tmp/$1.out" 2>/dev/null &
	process=$!
	processes+=("$process")
	until grep -q waiting "$tmp/$1.out" || ! kill -0 "$process"; do
		sleep 0.05
	done
	(ulimit -c 0; ulimit -f 1048576
	timeout 60 gcore -o "$tmp/$1" "$process") >"$tmp/gcore" 2>&1
	status=$?
	kill -KILL "$process"
	wait "$process" 2>/dev/null
	if [ "$status" -ne 0 ]; then
		echo "gcore ended with $status after" \
			"$(stat -c %s "$tmp/$1.$process" 2>/dev/null) bytes" \
			>>"$tmp/gcore"
	else
		stat -c %s "$tmp/$1.$process"
	fi
	rm -f "$tmp/$1.$process"
}

gdb_core() {
	local length plain_length
	command -v gcore >/dev/null || {
		skip 1 "gdb is missing, see tests/packages.txt"
		return
	}
	plain_length=$(gcore_length plain)
	if [ -z "$plain_length" ]; then
		comment "$tmp/gcore"
		skip 1 "gcore does not work here, with the C library's malloc"
		return
	fi
	length=$(gcore_length ours "$so")
	[ -n "$length" ] || tail -n 1 "$tmp/gcore" | sed 's/^/# /'
	at_most "core file of gcore, length" "$(calculate "a / b" \
		a="${length:-1e15}" b="$plain_length")" 1.5 "times glibc's"
}

# limited NAME ARGUMENT...: what works in a program that has limited itself
limited() {
	local name=$1 thread dlopen popen big given plain_given
	shift
	read -r _ _ _ _ plain_given < <(plain limit "$@")
	read -r thread dlopen popen big given < <(ours limit "$@")
	comment "$tmp/errors"
	[ "${thread:-} ${dlopen:-} ${popen:-}" = "thread dlopen popen" ]
	point $? "$name: ${thread:-nothing} ${dlopen:-} ${popen:-}"
	[ "${big:-}" = refused ]
	point $? "$name: a block of 3 GiB is ${big:-nothing}"
	tell "blocks of 1 MiB: ${given:-none}, glibc $plain_given"
	at_most "$name: blocks of 1 MiB" "${given:-nothing}" \
		"$(calculate "1.1 * n" n="$plain_given")" blocks
	at_least "$name: blocks of 1 MiB" "${given:-nothing}" \
		"$(calculate "0.7 * n" n="$plain_given")" blocks
}

limits() {
	local of
	for of in as data; do
		limited "RLIMIT_${of^^} of what it has and 256 MiB" $of
		limited "RLIMIT_${of^^} of 2 GiB" $of 2048
	done
}

# ulimit -v at the start
largest() {
	local kib ours plain
	for kib in 200000 1000000 8000000; do
		plain=$(ulimit -v $kib; plain largest)
		ours=$(ulimit -v $kib; ours largest)
		tell "ulimit -v $kib: ${ours:-none} MiB, glibc $plain MiB"
		at_least "largest block with ulimit -v $kib" "$(calculate \
			"a / b" a="${ours:-0}" b="$plain")" 0.9 "of glibc's"
	done
}

mappings() {
	local most after
	tell "glibc, most mappings and those after: $(plain mappings $BUFFERS)"
	read -r most after < <(ours mappings $BUFFERS)
	comment "$tmp/errors"
	at_most "mappings while $BUFFERS buffers are reallocated" \
		"${most:-nothing}" 1000 mappings
	at_most "mappings after all is freed" "${after:-nothing}" 100 mappings
}

no_mapping_left() {
	local answer
	answer=$(ours full)
	if [ "$answer" = no-limit ]; then
		skip 1 "a million mappings are allowed here"
		return
	fi
	[ "$answer" = moved ] || [ "$answer" = refused ]
	point $? "realloc where no mapping is left: ${answer:-no answer}"
	comment "$tmp/errors"
}

locked() {
	local answer
	answer=$(ulimit -l unlimited 2>/dev/null; plain lock)
	tell "glibc: $answer"
	[[ $answer == locked* ]] || {
		skip 2 "the C library's malloc cannot lock its memory here"
		return
	}
	answer=$(ulimit -l unlimited 2>/dev/null; ours lock)
	[[ $answer == locked* ]]
	point $? "mlockall, then malloc: ${answer:-no answer}"
	[[ $answer =~ ^locked\ ([0-9]+)$ ]] || BASH_REMATCH=()
	at_most "locked then" "${BASH_REMATCH[1]:-nothing}" 120000 KiB
}

address_space
kernel_core
gdb_core
limits
largest
mappings
no_mapping_left
locked
tell "strict accounting (vm.overcommit_memory=2) is a setting of the whole"
tell "machine and is not switched here: VmData above is what it would count"
finish
