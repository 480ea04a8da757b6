#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# git: a generated repository of several commits, packed by threads, checked,
# cloned, with a merge; commit names must be the same.

source "$(dirname "$0")/lib.bash"
begin 5 git awk

cat >"$tmp/work.sh" <<'END'
set -eu
write_files() {
	awk -v round="$1" 'BEGIN {
		for (f = 0; f < 120; f++) {
			if (round > 0 && (f + round) % 4)
				continue
			file = "d" (f % 10) "/f" f ".txt"
			for (i = 0; i < 400; i++)
				print f, i, (i % 37 == round ? "changed " \
					round : "line"), i * f % 97 >file
			close(file)
		}
	}'
}
git init -q -b main work
cd work
mkdir d0 d1 d2 d3 d4 d5 d6 d7 d8 d9
for round in 0 1 2 3 4 5; do
	write_files "$round"
	git add -A
	git commit -q -m "round $round"
done
git checkout -q -b side HEAD~2
echo side >side.txt
git add side.txt
git commit -q -m side
git checkout -q main
git merge -q -m merge side
git -c pack.threads=2 gc --quiet --aggressive
git fsck --full --strict --no-progress
git log --stat --format=%H
git blame -s d3/f3.txt
git grep -c 'changed 3' | sort
cd ..
git clone -q --no-local work copy
git -C copy fsck --full --no-progress
git -C copy diff --stat HEAD~1
git -C copy archive --format=tar HEAD | tar -t | wc -l
git -C copy rev-parse HEAD
echo "end of work"
END

unset "${!GIT_@}"
export HOME=$tmp GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org
export GIT_COMMITTER_NAME=c GIT_COMMITTER_EMAIL=c@example.org
export GIT_AUTHOR_DATE=2020-01-01T00:00:00Z
export GIT_COMMITTER_DATE=2020-01-01T00:00:00Z
both bash "$tmp/work.sh"
check "the work came to its end" grep -qx 'end of work' "$tmp/preload.out"
served git
finish
