#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Line coverage of src/ by the tests of the interface, the units and the
# crimes, as TAP. They pass, and at least 90 % is covered. MI_COVERAGE_HTML=FOLDER
# also writes a page for each file there.

set -eu

cd "$(dirname "$0")/.."
build=build/coverage
least=90

echo 1..2
find $build -name '*.gcda' -delete 2>/dev/null || true
${MAKE:-make} --no-print-directory -j "$(nproc)" BUILD=$build OPTIMIZE=-O1 \
	CFLAGS_EXTRA="--coverage -fprofile-update=atomic" \
	tests-api tests-unit tests-cxx tests-crimes \
	>$build.log 2>&1 || { tail -n 30 $build.log; exit 1; }

# One that fails may not reach what it is there for
tests=()
for test in $build/tests/*/test_*; do
	case $test in *.gcno|*.gcda) continue ;; esac
	tests+=("${test#$build/tests/}=MI_TEST_DIVIDE=100 $test")
done
status=0
if tests/run -j "$(nproc)" --timeout 1200 "${tests[@]}" \
	crimes=$build/tests/crimes/judge >$build.log; then
	echo "ok 1 - $(tail -n 1 $build.log)"
else
	grep -v '  ok  ' $build.log | sed 's/^/# /'
	echo "not ok 1 - $(tail -n 1 $build.log)"
	status=1
fi

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
	echo "ok 2 - $percent % of the lines of src/ (at least $least %)"
else
	echo "not ok 2 - ${percent:-no} % of the lines of src/" \
		"(at least $least %)"
	status=1
fi
exit $status
