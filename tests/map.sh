#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# tests/README.md names every test; as TAP.

set -eu

cd "$(dirname "$0")"
bad=0

echo 1..1
for file in test_*.c api/test_*.c unit/test_*.c cxx/test_*.cpp \
	kernel/test_*.c atomic/test_*.c */*.sh *.sh seeds quick \
	check check-lib kconfig.py; do
	grep -qF "\`$file\`" README.md && continue
	case $file in programs/* | figures/*)
		grep -qF "\`${file%/*}/\`" README.md &&
			grep -qF "\`${file##*/}\`" README.md && continue ;;
	esac
	echo "# tests/README.md does not name $file"
	bad=1
done
[ $bad = 0 ] && echo "ok 1 - the map names every test" ||
	echo "not ok 1 - the map names every test"
exit $bad
