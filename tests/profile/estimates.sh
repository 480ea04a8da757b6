#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Estimates are unbiased, for small and for large blocks: the mean of 20 runs is
# within five sigmas of what the program held. The seeds are fixed.

source "$(dirname "$0")/lib.bash"
prepare 5 gcc g++ python3
need_libraries
compile estimates.cpp estimates

run() {
	profiled_ours MIMALLOC_PROFILE="$1.pb" MIMALLOC_PROFILE_RATE=16K \
		MIMALLOC_PROFILE_SEED="$1" ./estimates
}

for seed in {1..20}; do
	run "$seed" >expect || bail "the program fails"
done
check "the mean of 20 profiles is what was held" python3 "$here/profile.py" \
	--model expect {1..20}.pb
cat check 2>/dev/null | sed 's/^/# /'
awk '{ print $1, $2, int($3 * 1.3) }' expect >more
check "and not 1.3 times as much" fails python3 "$here/profile.py" --model \
	more {1..20}.pb

# without the moments and addresses, which differ in each run
figures() {
	python3 "$here/profile.py" "$1" | grep -E '(objects|space) '
}
figures 1.pb >first
run 1 >again.expect
figures 1.pb >second
same "the same seed gives the same estimates" first second
figures 2.pb >other
check "another one gives others" fails cmp first other
profiled_ours MIMALLOC_PROFILE=free.pb MIMALLOC_PROFILE_RATE=16K ./estimates \
	>again.expect
figures free.pb >first
profiled_ours MIMALLOC_PROFILE=free.pb MIMALLOC_PROFILE_RATE=16K ./estimates \
	>again.expect
figures free.pb >other
check "without a seed it is another one each time" fails cmp first other
finish
