#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# What tests/run says of programs that pass, fail, crash, wait for ever, use
# the processor for ever and have no plan; and what other scripts that start
# tests ask for and count; as TAP.

set -u

cd "$(dirname "$0")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
points=0
bad=0

# runs STATUS LAST-LINE ARGUMENT... : tests/run ends with both
runs()
{
	local status=$1 last=$2 got
	shift 2
	timeout 100 ./run "$@" >"$tmp/said" 2>&1
	got=$?
	said "$last" && [ $((got != 0)) = "$status" ] &&
		[ "$(tail -n 1 "$tmp/said")" = "$last" ]
}

said()
{
	grep -qF -e "$1" "$tmp/said"
}

# point NAME COMMAND... : a test point
point()
{
	local name=$1
	shift
	points=$((points + 1))
	if "$@"; then
		echo "ok $points - $name"
	else
		sed 's/^/# /' "$tmp/said"
		echo "not ok $points - $name"
		bad=1
	fi
}

ok="echo 1..1; echo ok 1"

echo 1..38
point "a point passes" runs 0 "1 passed, 0 failed" a="$ok"
point "it is shown as 1 of 1" said "1 of 1  ok"
point "two and their number" runs 0 "2 passed, 0 failed" a="$ok" b="$ok"
point "the second is 2 of 2" said "2 of 2  ok"
point "a point fails" runs 1 "1 passed, 1 failed" \
	a="echo 1..2; echo ok 1; echo not ok 2; exit 1"
point "a crash fails" runs 1 "1 passed, 1 failed" a="$ok; kill -SEGV \$\$"
point "and is named" said "killed by signal 11 (SIGSEGV)"
point "an exit status fails" runs 1 "1 passed, 1 failed" a="$ok; exit 3"
point "no plan fails" runs 1 "1 passed, 1 failed" a="echo ok 1"
point "a point too few fails" runs 1 "1 passed, 1 failed" \
	a="echo 1..2; echo ok 1"
point "nothing that ran is no success" runs 1 "0 passed, 0 failed, 1 skipped" \
	a="echo 1..0 '# SKIP nothing here'"
point "a program that computes for ever ends" \
	runs 1 "1 passed, 1 failed" --timeout 1 a="$ok; while :; do :; done"
point "as that" said "no end after 1 s of processor time"
point "one that waits for ever ends, too" \
	runs 1 "1 passed, 1 failed" --timeout 0.3 a="$ok; sleep 60"
point "as that" said "no end after 3 s"
point "waiting below the limit of the clock is no failure" \
	runs 0 "1 passed, 0 failed" --timeout 1 a="sleep 2; $ok"

# library LAST-LINE PLAN STATUS : tests/check-lib with a program like that
library()
{
	printf '#!/bin/sh\necho 1..%d; echo ok 1; exit %d\n' "$2" "$3" \
		>"$tmp/program"
	chmod +x "$tmp/program"
	./check-lib "$tmp/program" >"$tmp/said" 2>&1
	[ "$(tail -n 1 "$tmp/said")" = "$1" ]
}

point "check-lib counts what passes" library "1 passed, 0 failed" 1 0
point "and notices a missing point" library "1 passed, 1 failed" 2 0
point "and an exit status" library "1 passed, 1 failed" 1 3

# quick STATUS LAST-LINE PATTERN : tests/quick where cmocka is not there, and
# nothing is built
quick()
{
	printf '#!/bin/sh\ncase $* in *cmocka*) exit 1; esac\n' >"$tmp/cc"
	chmod +x "$tmp/cc"
	T=$3 CC=$tmp/cc MAKE=true ./quick >"$tmp/said" 2>&1
	[ $? = "$1" ] && [ "$(tail -n 1 "$tmp/said")" = "$2" ]
}

lacking="these tests need cmocka: run tests/install-packages as root"
point "make test needs no cmocka for a script" \
	quick 0 "1 passed, 0 failed" map
point "but for a test of the interface" quick 1 "$lacking" api/test_basic
point "for one of the units" quick 1 "$lacking" unit/test_page
point "and for the crimes" quick 1 "$lacking" crimes

# quoted FIRST LAST : what README.md has as code from one line to another
quoted()
{
	sed -n "/$1/,/$2/p" README.md | grep -o '`[^`]*`' | tr -d '`' | sort
}

# What takes long, and the only programs and figures that do not
told_what_is_left_out()
{
	T=list ./quick >"$tmp/said"
	grep -vE '^(programs|figures|profile)/' "$tmp/said" |
		sed -n 's/\tonly when named$//p' | sort >"$tmp/long"
	grep -E '^(programs|figures|profile/.*sh)' "$tmp/said" | grep -v named |
		sort >"$tmp/short"
	[ -s "$tmp/long" ] &&
		quoted '^- what takes long' ';$' | diff - "$tmp/long" &&
		quoted '^- all real programs' '\.$' | diff - "$tmp/short"
}

point "the map tells what make test leaves out" told_what_is_left_out

# installs STATUS PACKAGE... : install-packages with these, and not as root
installs()
{
	local status=$1 got
	shift
	printf '%s\n' "$@" >"$tmp/list"
	printf '#!/bin/sh\necho 1000\n' >"$tmp/id"
	chmod +x "$tmp/id"
	PATH=$tmp:$PATH ./install-packages "$tmp/list" >"$tmp/said" 2>&1
	got=$?
	[ $got = "$status" ]
}

silent()
{
	installs "$@" && [ ! -s "$tmp/said" ]
}

point "install-packages is silent where nothing is missing" \
	silent 0 make sh '# a comment'
point "who is not root is refused" installs 1 no-such-one make no-such-other
point "and told all that is missing at once" \
	said "apt-get install --no-install-recommends no-such-one no-such-other"

# Debian's apt-get says this of two packages; no package is to be installed here
cat >"$tmp/apt-get" <<'END'
#!/bin/sh
case $* in *update*) echo "Get:1 http://there bookworm InRelease"; exit ;; esac
echo "The following NEW packages will be installed:"
echo "0 upgraded, 2 newly installed, 0 to remove and 3 not upgraded."
echo "Get:1 http://there bookworm/main amd64 one amd64 1 [53.1 kB]"
echo "Get:2 http://there bookworm/main amd64 other amd64 1 [53.1 kB]"
[ ! -e "$0.fails" ] || exit 100
echo "Unpacking one (1) ..."
echo "Setting up one (1) ..."
echo "Setting up other (1) ..."
touch "$0.done"
END
cat >"$tmp/dpkg-query" <<'END'
#!/bin/sh
[ -e "${0%/*}/apt-get.done" ] && echo installed
END
printf '#!/bin/sh\necho 0\n' >"$tmp/id"
chmod +x "$tmp/apt-get" "$tmp/dpkg-query" "$tmp/id"

# installs_two STATUS COMMAND... : install-packages as root, in that command
installs_two()
{
	local status=$1 got
	shift
	printf 'one-such\nanother-such\n' >"$tmp/list"
	rm -f "$tmp/apt-get.done"
	PATH=$tmp:$PATH POLICY=$tmp/policy "$@" >"$tmp/said" 2>&1
	got=$?
	[ $got = "$status" ] && [ ! -e "$tmp/policy" ]
}

# shows LINES : what was said, with \r and escape sequences as they are
shows()
{
	[ "$(cat "$tmp/said")" = "$(printf "$1")" ]
}

command="./install-packages $tmp/list"
point "root has them installed" installs_two 0 $command
point "and sees in lines how far it is" shows 'installing one-such another-such
fetched: 1 of 2 packages\nfetched: 2 of 2 packages
installed: 1 of 2 packages\ninstalled: 2 of 2 packages'
installs_two 0 script -qec "$command" /dev/null
moved=$(printf '\r%s packages\033[K' 'fetched: 1 of 2' 'fetched: 2 of 2' \
	'installed: 1 of 2' 'installed: 2 of 2')
point "on a terminal in one line" \
	shows "installing one-such another-such\r\n$moved\r"
touch "$tmp/apt-get.fails"
point "where apt-get fails, it does" installs_two 1 $command
point "and shows what that said" said "2 newly installed, 0 to remove"

# covers STATUS REACHED EXIT : tests/coverage.sh over a tree of one function and
# one program, which reaches half of the function's lines or, 1, all
mkdir -p "$tmp/tree/src" "$tmp/tree/tests" "$tmp/tree/build"
cp coverage.sh run "$tmp/tree/tests"
cat >"$tmp/tree/src/half.c" <<'END'
int half(int n)
{
	if (n == 0)
		return 1;
	n *= 2;
	n += 2;
	return n;
}
END
cat >"$tmp/tree/program.c" <<'END'
#include <stdio.h>

int half(int n);

int main(void)
{
	puts("1..1\nok 1");
	half(0);
	if (REACHED)
		half(1);
	return STATUS;
}
END
cat >"$tmp/tree/Makefile" <<'END'
tests-%:
	mkdir -p $(BUILD)/tests/$*
	gcc $(CFLAGS_EXTRA) $(DEFINES) -o $(BUILD)/tests/$*/$(PROGRAM_$*) \
		program.c src/half.c
PROGRAM_api = test_api
PROGRAM_unit = test_unit
PROGRAM_cxx = test_cxx
PROGRAM_crimes = judge
END
covers()
{
	local status=$1 got
	rm -rf "$tmp/tree/build/coverage"
	env -u MAKEFLAGS -u MFLAGS DEFINES="-DREACHED=$2 -DSTATUS=$3" MAKE=make \
		"$tmp/tree/tests/coverage.sh" >"$tmp/said" 2>&1
	got=$?
	[ $((got != 0)) = "$status" ]
}

point "coverage above the limit passes" covers 0 1 0
point "and is told" said "ok 2 - 100 % of the lines"
point "below it fails" covers 1 0 0
point "and is told as well" said "not ok 2 - 50 % of the lines"
point "a program that fails does, whatever it covers" covers 1 1 3
point "and is named" said "not ok 1 - 4 passed, 4 failed"
exit $bad
