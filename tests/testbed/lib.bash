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

finish()
{
	echo "1..$count"
	exit $failed
}
