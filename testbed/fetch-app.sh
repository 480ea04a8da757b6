#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Fetches the sources of Lua or QuickJS into the folder given (default: its
# name) from one of Debian's source packages, and checks them:
#
#   fetch-app.sh lua|quickjs [FOLDER]
#
# By apt-get with lists of its own, from the mirror that the machine's settings
# name; these stay as they are, and nothing is installed. Nothing is done when
# the sources are there, of whatever version. May run twice at the same time.
set -eu

# The Debian release that has the package: its mirrors keep that version
case ${1:-} in
lua)
	package=lua5.4 release=bookworm folder=src	# Lua 5.4.4
	sum=164c7849653b80ae67bec4b7473b884bf5cc8d2dca05653475ec2ed27b9ebf61
	files="lua.c lua.h lualib.h lauxlib.h lapi.c" variable=LUA ;;
quickjs)
	package=quickjs release=trixie folder=		# QuickJS 2025-04-26
	sum=ec81da5b3249ed648dbc7df4a1654988910e66a118d9b71cb63534216efcfbbe
	files="quickjs.c quickjs.h libregexp.c libunicode.c cutils.c dtoa.c"
	variable=QUICKJS ;;
*)
	echo "fetch-app: lua or quickjs, and not '${1:-}'" >&2
	exit 2 ;;
esac
app=$1
out=${2:-$app}

fail() {
	echo "fetch-app: $*" >&2
	echo "Without a network: put the sources of $app into" \
		"$(realpath -m "$out")," >&2
	echo "or name the folder that has them: make run APP=$app" \
		"$variable=/path" >&2
	exit 1
}

has_all() {
	for file in $files; do
		[ -e "$1/$file" ] || return 1
	done
}

! has_all "$out" || exit 0

# A machine's mirrors of Debian itself, and not of its security updates
sites() {
	apt-get indextargets --format '$(SITE) $(RELEASE) $(COMPONENT)' |
		awk '$3 == "main" && $2 !~ /[-\/]/ && !seen[$1]++ { print $1 }'
}

apt() {
	(cd "$work" && apt-get -q -o Dir::Etc::SourceList="$work/sources.list" \
		-o Dir::Etc::SourceParts="$work/parts" \
		-o Dir::State::Lists="$work/lists" -o Dir::Cache="$work" \
		-o APT::Sandbox::User="$(id -un)" \
		-o APT::Update::Error-Mode=any "$@" 2>&1) >"$work/said"
}

# from SITE : the package's original archive is in $work then
from() {
	keys=/usr/share/keyrings/debian-archive-keyring.gpg
	[ ! -r $keys ] || by="[signed-by=$keys] "
	echo "deb-src ${by:-}$1 $release main" >"$work/sources.list"
	apt update && apt source --download-only --tar-only "$package"
}

# unpack : the archive that came is the one that is known, and $work/tree it
unpack() {
	archive=$(find "$work" -maxdepth 1 -name "${package}_*.orig.tar.*")
	[ -n "$archive" ] && echo "$sum  $archive" |
		sha256sum --check --status ||
		fail "$package is not the one whose checksum is known"
	mkdir "$work/tree"
	tar -C "$work/tree" --strip-components=1 -xf "$archive" &&
		has_all "$work/tree/$folder" || fail "$package is damaged"
	find "$work/tree/$folder" -exec touch {} +
}

command -v apt-get >/dev/null || fail "apt-get is missing"
mkdir -p "$(dirname "$out")"
work=$(mktemp -d "$(realpath -m "$out").fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/parts"
echo "fetching $package, the sources of Debian $release ..." >&2
for site in $(sites) none; do
	[ "$site" != none ] || {
		cat "$work/said" >&2 2>/dev/null || true
		fail "no mirror that apt knows gives Debian's source package" \
			"$package"
	}
	! from "$site" || break
done
unpack
mv -T "$work/tree${folder:+/$folder}" "$out" 2>/dev/null || has_all "$out" ||
	fail "$out is there, and not with all of its files"
