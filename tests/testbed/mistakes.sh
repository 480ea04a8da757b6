#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What the report of a mistake says in a unikernel: the block, its state, the
# thread, and an address in the very function that made the mistake, which is
# looked up in the image; as TAP.
#
#	tests/testbed/mistakes.sh [FLAVOUR...]

set -u
source "$(dirname "$0")/lib.bash"

# function_at IMAGE ADDRESS: whose code that is
function_at()
{
	nm --defined-only "$1" | awk -v wanted="$2" '
	function number(hex,	i, n) {
		for (i = 1; i <= length(hex); i++)
			n = n * 16 + index("0123456789abcdef",
				substr(hex, i, 1)) - 1
		return n
	}
	BEGIN { at = number(substr(wanted, 3)); best = -1 }
	$2 ~ /[tT]/ && $3 !~ /^\$/ && (n = number($1)) <= at && n > best {
		best = n
		name = $3
	}
	END { print name }'
}

# report_of MISTAKE: the part of the console
report_of()
{
	sed -n "/^mistake: $1\r*\$/,/^refused: /p" "$console"
}

# tells FLAVOUR MISTAKE TEXT: its place, its thread, and who made it
tells()
{
	local report address culprit
	report=$(report_of "$2")
	address=$(grep -oE 'error:   from \[0x[0-9a-f]+' <<<"$report" |
		grep -oE '0x.*')
	culprit=$(function_at "$images/$1/misbehave.elf" "${address:-0x0}")
	if [ "$culprit" = "blame_$2" ] && grep -qE -- "$3" <<<"$report" &&
		grep -qE 'error:   thread 0x[0-9a-f]+ \(main\)' \
		<<<"$report" && grep -q '^refused: 1' <<<"$report"; then
		ok "$1: $2 is told with its caller"
	else
		not_ok "$1: $2 is told with its caller, not '$culprit'"
		sed 's/^/# /' <<<"$report"
	fi
}

# blames FLAVOUR OPTION...
blames()
{
	local flavour=$1 call inside='of 48 bytes, offset 16: in use'
	shift
	guest "$flavour" misbehave --memory 16 "$@" \
		--parameter mimalloc.ignore_errors=1 -- blame
	for call in uk_free free realloc realloc_to_0 mi_free mi_realloc \
		mi_usable_size; do
		tells "$flavour" $call "block 0x[0-9a-f]+ $inside"
	done
	tells "$flavour" free_twice "of 48 bytes, offset 0: free"
	tells "$flavour" free_foreign "not in our memory"
	tells "$flavour" free_large \
		"large block 0x[0-9a-f]+ of 503808 bytes, offset 400000: in use"
	tells "$flavour" pfree "of 48 bytes, offset 0: in use"
}

[ $# -gt 0 ] || set -- single thread stats smp
for flavour; do
	if [ "$flavour" = smp ]; then
		blames smp --cpus 2
	else
		blames "$flavour"
	fi
done

guest "$1" misbehave --memory 16 -- blame
gave "the first of them ends the guest, when all is told" $? 3 \
	"error:   from \[0x"
finish
