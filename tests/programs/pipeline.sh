#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# A shell pipeline over a big file: awk makes it, sort sorts it with two
# threads, xz packs it with two threads and unpacks it.

source "$(dirname "$0")/lib.bash"
begin 7 awk sort xz sha256sum

cat >"$tmp/work.sh" <<'END'
set -eu -o pipefail
awk 'BEGIN {
	x = 42
	for (i = 0; i < 600000; i++) {
		x = (x * 16807) % 2147483647
		printf "%d %d line%d\n", x, i, x % 1000
	}
}' >big
sort --parallel=2 -S 32M big >by-text
sort --parallel=2 -S 32M -k 2,2n by-text | cmp - big
sort -n -c <(sort --parallel=2 -n big)
awk '{ sum[$3] += $1; words[$3] = words[$3] " " $2 }
	END { for (w in sum) print w, sum[w], length(words[w]) }' by-text |
	sort | sha256sum
xz -T2 -1 --block-size=2MiB -k by-text
xz -T2 -t by-text.xz
xz -T2 -dc by-text.xz | cmp - by-text
sed -n 's/line\(9*\)$/<\1>/p' by-text | uniq -c -f 2 | tail -n 3
sha256sum by-text
echo "end of work"
END

both bash "$tmp/work.sh"
check "the work came to its end" grep -qx 'end of work' "$tmp/preload.out"
served sort awk xz
finish
