# SPDX-License-Identifier: BSD-3-Clause
#
# What the tests that boot share. ARCH is that of the images, and TESTBED_IMAGES
# their folder, with one folder in it for each flavour: single, thread, stats and
# smp.

cd "$(dirname "$0")/../../testbed"
arch=${ARCH:-x86_64}
suffix=
[ "$arch" = x86_64 ] || suffix=-$arch
images=${TESTBED_IMAGES:-../build/testbed$suffix}
if [ ! -d "$images" ]; then
	echo "Bail out! no images in $images: make testbed-images ARCH=$arch"
	exit 1
fi
count=0
failed=0
console=$(mktemp)
trap 'rm -f "$console"' EXIT

# ok NAME, not_ok NAME: one test point
ok()
{
	count=$((count + 1))
	echo "ok $count - $*"
}

not_ok()
{
	count=$((count + 1))
	failed=1
	echo "not ok $count - $*"
}

# console_told: $console as comments, the last line ended
console_told()
{
	sed -e 's/^/# /' -e '$a\' "$console"
}

# gave NAME STATUS EXPECTED TEXT : a test point on what ended with STATUS and
# left its words in $console; TEXT is an extended regular expression
gave()
{
	if [ "$2" = "$3" ] && grep -qE -- "$4" "$console"; then
		ok "$1"
	else
		not_ok "$1: status $2, expected $3 and '$4'"
		console_told
	fi
}

# guest FLAVOUR APP OPTION... : boots; the console is in $console
guest()
{
	local flavour=$1 app=$2
	shift 2
	./run.py boot "$app" --build "$images/$flavour" --alloc mimalloc \
		"$@" >"$console" 2>&1
}

# boots NAME FLAVOUR OPTION... : a test point, with the console if it fails
boots()
{
	local name=$1
	shift
	if guest "$@" && grep -qx SUCCESS "$console"; then
		ok "$name"
	else
		not_ok "$name"
		console_told
	fi
}

# column FILE FIGURE NUMBER,...: of a table that run.py compare has printed
column()
{
	sed -n "s/^$2  *//p" "$1" | sed 's/,//g; s/ MiB//g; s/  */ /g' |
		cut -d ' ' -f "$3"
}

# as_in DOCUMENT FIGURE [PREFIX]: each number of a table there, in the line with
# the prefix, is within a tenth of what is in $console
as_in()
{
	local told printed
	told=$(sed -n "s/^| ${3:-}$2 |//p" "../$1" | sed 's/[|,]//g; s/MiB//g')
	printed=$(column "$console" "$2" 1,2,3)
	if echo "$told $printed" | awk 'function far(a, b) {
		return a > b * 1.1 || b > a * 1.1 }
		{ exit NF != 7 || far($1, $5) || far($2, $6) ||
			far($3, $7) }'; then
		ok "$1: ${3:-}$2"
	else
		not_ok "$1: ${3:-}$2:$told, printed $printed"
	fi
}
finish()
{
	echo "1..$count"
	exit $failed
}
