#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# tests/README.md names every test; as TAP.

set -eu

cd "$(dirname "$0")"
map=$(<README.md)
bad=0

# named NAME : the map has that, as code
named() {
	[[ $map == *"\`$1\`"* ]]
}

echo 1..1
for file in test_*.c api/test_*.c unit/test_*.c cxx/test_*.cpp \
	kernel/test_*.c atomic/test_*.c profile/test_*.c */*.sh *.sh seeds quick \
	check check-lib kconfig.py; do
	named "$file" && continue
	case $file in programs/* | figures/*)
		named "${file%/*}/" && named "${file##*/}" && continue ;;
	esac
	echo "# tests/README.md does not name $file"
	bad=1
done
[ $bad = 0 ] && echo "ok 1 - the map names every test" ||
	echo "not ok 1 - the map names every test"
exit $bad
