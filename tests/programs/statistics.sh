#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Statistics at a program's end, as text and as JSON, on standard error and in
# files: what they are of, that each is valid, and that whatever goes wrong with
# a file is told and leaves the program as it is.

source "$(dirname "$0")/lib.bash"
begin 22 gcc python3 perl mkfifo setpriv
python=$(python3 -c 'import sys; print(sys.executable)')
schema=$(cd "$(dirname "$0")/../../docs" && pwd)/statistics.md
# what the allocator reads is what each point sets
for name in $(env | sed -n 's/^\(mimalloc_[^=]*\)=.*/\1/Ip'); do
	[ "$name" = MIMALLOC_SO ] || unset "$name"
done

# ours [NAME=VALUE...] COMMAND...: with the library preloaded
ours() {
	(cd "$tmp/plain" && env LD_PRELOAD="$MIMALLOC_SO" "$@")
}

cat >"$tmp/read.py" <<'END'
"""Reads statistics: each member is one of the document's, and all are there.

read.py DOCUMENT PROGRAM FILE...
"""
import json
import os
import re
import sys


def documented(path):
    """The names in the first column of the table of fields."""
    text = open(path, encoding="utf-8").read().split("\n## Fields\n")[1]
    rows = re.findall(r"^\| (`.*?) \|", text, re.M)
    return set(re.findall(r"`([a-z_.]+)`", " ".join(rows)))


def members(value, prefix=""):
    """The names of all that stands in an object, its arrays' rows included."""
    for key, item in value.items():
        if isinstance(item, dict):
            yield from members(item, prefix + key + ".")
        elif isinstance(item, list):
            yield prefix + key
            for row in item:
                yield from members(row, prefix + key + ".")
        else:
            yield prefix + key


def main(document, program, *files):
    known = documented(document)
    for name in files:
        with open(name, encoding="ascii") as file:
            read = json.load(file)
        found = set(members(read))
        assert found == known or not read["classes"], found ^ known
        assert found <= known, found - known
        assert read["schema"] == "lib-mimalloc statistics"
        assert read["schema_version"] == 1
        assert read["program"] == program, read["program"]
        assert str(read["pid"]) in name or "any" in name, read["pid"]
        total = sum(row["live_bytes"] for row in read["classes"])
        assert total == read["blocks"]["live_bytes"]
        print(name, read["pid"], read["blocks"], read["large"])


main(sys.argv[1], os.fsencode(sys.argv[2]).decode("latin-1"), *sys.argv[3:])
END

# valid PROGRAM FILE...
valid() {
	(cd "$tmp/plain" && python3 "$tmp/read.py" "$schema" "$@")
}

# ends COMMAND...: as JSON on standard error, of a program that says nothing
ends() {
	ours MIMALLOC_STATS_JSON=1 "$@" 2>"$tmp/plain/any"
}
json_of() {
	local program=$1
	shift
	ends "$@" && valid "$program" any
}
check "a program that allocates nothing" json_of true true
check "python3" json_of "${python##*/}" "$python" -c \
	'kept = [[i] * (i % 70) for i in range(100000)]'
check "perl" json_of perl perl -e '%h = map { $_ => "x" x $_ } 1 .. 9000'
hostile=$(printf '%s/a"b\\c\n\xff' "$tmp")
cp "$(type -P true)" "$hostile"
check "a program whose name is no text" json_of "${hostile##*/}" \
	"$hostile"
check "text names program and process" eval \
	'ours MIMALLOC_SHOW_STATS=1 true 2>"$tmp/text" &&
	grep -q "^true\[[0-9]*\]: mimalloc statistics$" "$tmp/text"'

file_alone() {
	ours MIMALLOC_SHOW_STATS=1 MIMALLOC_STATS_FILE=alone true \
		2>"$tmp/said" && [ ! -s "$tmp/said" ] &&
		grep -q "mimalloc statistics$" "$tmp/plain/alone"
}
check "a file has them in place of standard error" file_alone

fork='for (1 .. 2) { next if fork; exit 0 } 1 while wait > 0;'
forked() {
	rm -f "$tmp"/plain/*
	ours MIMALLOC_STATS_JSON=1 MIMALLOC_STATS_FILE="$1" perl -e "$fork" &&
	[ "$(ls "$tmp/plain" | wc -l)" = 3 ] &&
	(cd "$tmp/plain" && ls && { [ ! -f name ] || mv name any; } &&
		valid perl *)
}
check "forked children have files of their own, by %p" forked 'a%%%p.json'
check "the name is as it was given" eval \
	'ls "$tmp/plain" | grep -q "^a%[0-9]*\.json$"'
check "and without it" forked name
check "standard error is closed" eval 'rm -f "$tmp"/plain/* &&
	ours MIMALLOC_STATS_JSON=1 MIMALLOC_STATS_FILE=any perl -e \
	"close STDERR" && valid perl any'
check "the program goes elsewhere and forgets its environment" eval \
	'rm -f "$tmp"/plain/* &&
	ours MIMALLOC_STATS_JSON=1 MIMALLOC_STATS_FILE=any perl -e \
	"chdir q(/); %ENV = (); undef %ENV" && valid perl any'
check "an old file is replaced" eval \
	'seq 100000 >"$tmp/plain/any" && ours MIMALLOC_STATS_JSON=1 \
	MIMALLOC_STATS_FILE=any true && valid true any'

# told WHAT NAME [COMMAND...]: the program's end is as ever, and it is said
told() {
	local what=$1 name=$2 status=0
	shift 2
	timeout 20 env LD_PRELOAD="$MIMALLOC_SO" MIMALLOC_STATS_FILE="$name" \
		bash -c 'echo out; exit 7' >"$tmp/out" 2>"$tmp/said" || status=$?
	cat "$tmp/out" "$tmp/said"
	[ $status = 7 ] && [ "$(cat "$tmp/out")" = out ] &&
		grep -q "^bash\[[0-9]*\]: mimalloc: $what" "$tmp/said"
}
check "a folder that is not there" told \
	"error: MIMALLOC_STATS_FILE: cannot open '/no/[0-9]*': No such file" \
	'/no/%p'
check "a folder in place of a file" told \
	"error: MIMALLOC_STATS_FILE: cannot open '$tmp': Is a directory" "$tmp"
check "a full disk" told \
	"error: MIMALLOC_STATS_FILE: cannot write '/dev/full': No space left" \
	/dev/full
mkfifo "$tmp/pipe"
check "a pipe that nobody reads" told \
	"error: MIMALLOC_STATS_FILE: cannot open '$tmp/pipe': No such device" \
	"$tmp/pipe"
check "a sign that means nothing" told \
	"warning: MIMALLOC_stats_file: bad value 'a%q' is ignored" 'a%q'
check "a sign that is cut off" told \
	"warning: MIMALLOC_stats_file: bad value 'a%' is ignored" 'a%'
long=/$(printf '%05000d' 0)
check "a name that is too long" told \
	"warning: MIMALLOC_stats_file: bad value '/0*...' is ignored" "$long"
no_value() {
	ours MIMALLOC_STATS_FILE= true 2>"$tmp/said" && [ ! -s "$tmp/said" ]
}
check "no name is no file" no_value

printf '#include <stdlib.h>\nint main(void) { free(malloc(1)); return 0; }\n' \
	>"$tmp/small.c"
# It runs as root, for a user who names a file of root's
set_user_id() {
	gcc -o "$tmp/plain/su" "$tmp/small.c" "$archive" -lpthread &&
	chmod 755 "$tmp" "$tmp/plain" && chmod 4755 "$tmp/plain/su" || return
	rm -f "$tmp/plain/any"
	MIMALLOC_STATS_FILE="$tmp/plain/any" setpriv --reuid=65534 \
		--clear-groups "$tmp/plain/su" 2>"$tmp/said"
	cat "$tmp/said"
	[ ! -e "$tmp/plain/any" ] && grep -q 'not for this program' "$tmp/said"
}
archive=$(dirname "$MIMALLOC_SO")/libmimalloc.a
if [ "$(id -u)" != 0 ] || findmnt -no OPTIONS -T "$tmp" | grep -q nosuid; then
	point 0 "a set-user-ID program writes none # SKIP needs root, and a \
file system that knows such programs"
else
	check "a set-user-ID program writes none" set_user_id
fi
check "an object with an allocator of its own writes none" eval \
	'rm -f "$tmp/plain/any"; gcc -o "$tmp/own" "$tmp/small.c" \
	-Wl,--whole-archive "${archive%.a}-pic.a" -Wl,--no-whole-archive \
	-lpthread && MIMALLOC_STATS_FILE="$tmp/plain/any" "$tmp/own" &&
	[ ! -e "$tmp/plain/any" ]'
finish
