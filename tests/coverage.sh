#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Line coverage of src/ by the tests of the interface, the units and the
# crimes, as TAP. At least 90 % must be covered. MI_COVERAGE_HTML=FOLDER also
# writes a page for each file there.

set -eu

cd "$(dirname "$0")/.."
build=build/coverage
least=90

echo 1..1
find $build -name '*.gcda' -delete 2>/dev/null || true
${MAKE:-make} --no-print-directory -j "$(nproc)" BUILD=$build OPTIMIZE=-O1 \
	CFLAGS_EXTRA="--coverage -fprofile-update=atomic" \
	tests-api tests-unit tests-cxx tests-crimes \
	>$build.log 2>&1 || { tail -n 30 $build.log; exit 1; }

# Whether they pass is judged in other flavours; here, what they reach
for test in $build/tests/api/test_* $build/tests/unit/test_* \
	$build/tests/cxx/test_*; do
	case $test in *.gcno|*.gcda) continue ;; esac
	MI_TEST_DIVIDE=100 timeout 1200 "$test" >/dev/null 2>&1 && continue
	if [ $? = 124 ]; then
		echo "# $test was not awaited after 1200 s"
	else
		echo "# $test fails in this flavour"
	fi
done
$build/tests/crimes/judge >/dev/null 2>&1 ||
	echo "# the crimes are judged otherwise in this flavour"

report=$(gcovr -r . --filter 'src/' --exclude 'src/heaps/valid.c' $build \
	--merge-mode-functions=merge-use-line-max 2>$build.log) ||
	report=$(gcovr -r . --filter 'src/' --exclude 'src/heaps/valid.c' $build)
printf '%s\n' "$report" | sed 's/^/# /'
if [ -n "${MI_COVERAGE_HTML:-}" ]; then
	mkdir -p "$MI_COVERAGE_HTML"
	gcovr -r . --filter 'src/' --html-details \
		"$MI_COVERAGE_HTML/index.html" $build >/dev/null
fi
percent=$(printf '%s\n' "$report" | sed -n 's/^TOTAL.* \([0-9]*\)%.*/\1/p')
if [ "${percent:-0}" -ge $least ]; then
	echo "ok 1 - $percent % of the lines of src/ (at least $least %)"
else
	echo "not ok 1 - ${percent:-no} % of the lines of src/" \
		"(at least $least %)"
	exit 1
fi
