#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# mallinfo and its kin, and glibc's second names, are ours where malloc is:
# preloaded, and in an executable linked to the archive, dynamic and static.

root=$(cd "$(dirname "$0")/../.." && pwd)
source "$root/tests/programs/lib.bash"
begin 17 gcc python3
archive=$(dirname "$MIMALLOC_SO")/libmimalloc.a

# build NAME FLAG...
build() {
	local name=$1
	shift
	gcc -O1 -Wall -Wextra -Werror -Wno-deprecated-declarations \
		-fno-builtin -o "$tmp/$name" "$root/tests/programs/mallinfo.c" \
		"$@"
}

ours() {
	env LD_PRELOAD="$MIMALLOC_SO" timeout 100 "$@"
}

prints_statistics() {
	"$@" 2>"$tmp/text" >"$tmp/none"
	cat "$tmp/text"
	grep -q '^[a-z]*\[[0-9]*\]: mimalloc statistics$' "$tmp/text" &&
		grep -q '^ *large .*60.0 MiB' "$tmp/text" &&
		[ ! -s "$tmp/none" ]
}

# Well formed, and the figures in it are those of the program.
prints_xml() {
	"$@" >"$tmp/xml" && cat "$tmp/xml" && python3 - "$tmp/xml" <<'END'
import sys
import xml.etree.ElementTree as tree

root = tree.parse(sys.argv[1]).getroot()
assert root.tag == "malloc" and root.get("version") == "1"
found = {(item.tag, item.get("type")): item for item in root}
large = found["total", "mmap"]
assert int(large.get("count")) == 1
assert 60 << 20 <= int(large.get("size")) < 61 << 20
current = int(found["system", "current"].get("size"))
most = int(found["system", "max"].get("size"))
space = int(found["aspace", "total"].get("size"))
free = int(found["total", "rest"].get("size"))
assert (60 << 20) + 20000 * 500 <= current - free <= most <= space
END
}

fails() {
	! "$@"
}

check "mallinfo.c compiles" build shared
check "it links to the archive" build archive "$archive"
check "it links to the archive, static" build static "$archive" -static
check "the figures of glibc are others when it is not asked" \
	fails "$tmp/shared" figures
check "preloaded: the figures" ours "$tmp/shared" figures
check "preloaded: malloc_stats" prints_statistics ours "$tmp/shared" stats
check "preloaded: malloc_info" prints_xml ours "$tmp/shared" info
check "preloaded: glibc's second names" ours "$tmp/shared" names
for kind in archive static; do
	check "$kind: the figures" timeout 100 "$tmp/$kind" figures
	check "$kind: malloc_stats" prints_statistics timeout 100 \
		"$tmp/$kind" stats
	check "$kind: malloc_info" prints_xml timeout 100 "$tmp/$kind" info
	check "$kind: glibc's second names" timeout 100 "$tmp/$kind" names
done

# What asks for malloc alone brings no stdio into a static program.
echo 'void *malloc(unsigned long n); int main(void) { return !malloc(9); }' \
	>"$tmp/small.c"
brings_no_statistics() {
	gcc -O1 -fno-builtin -static -o "$tmp/small" "$tmp/small.c" \
		"$archive" && nm "$tmp/small" >"$tmp/names" &&
		grep -q ' T mi_malloc$' "$tmp/names" &&
		! grep 'malloc_info' "$tmp/names"
}
check "a static program that does not ask has none of this" \
	brings_no_statistics
finish
