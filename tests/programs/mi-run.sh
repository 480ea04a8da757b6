#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# mi-run: what a program gets that it starts, what it refuses and with which
# words, its manual, and the completion of its command line and mi-trace's.

source "$(dirname "$0")/lib.bash"
begin 77 gcc perl groff

root=$(cd "$(dirname "$0")/../.." && pwd)
run=${MIMALLOC_SO%/*}/mi-run
for name in "${!MIMALLOC_@}"; do
	[ "$name" = MIMALLOC_SO ] || unset "$name"
done

# gives STATUS TEXT COMMAND...: TEXT is an extended regular expression
gives() {
	local expected=$1 text=$2 status
	shift 2
	"$@" >"$tmp/said" 2>&1 </dev/null
	status=$?
	[ $status = "$expected" ] &&
		{ [ -z "$text" ] || grep -qE -- "$text" "$tmp/said"; } && return
	echo "status $status, expected $expected and '$text'"
	cat "$tmp/said"
	return 1
}

fails() {
	! "$@"
}

is_served='for (;;) { last unless defined($_ = <STDIN>) }
	open(my $maps, "<", "/proc/self/maps"); print grep(/libmimalloc/, <$maps>)'

# ---- what the program gets ----

check "the library is in the program" \
	gives 0 libmimalloc.so "$run" perl -e "$is_served"
check "without mi-run it is not" \
	fails gives 0 libmimalloc perl -e "$is_served"
check "the exit status is the program's" gives 7 "" "$run" sh -c 'exit 7'
check "a signal's, too" gives 143 "" sh -c '"$1" sh -c "kill \$\$"' sh "$run"
check "the process is the same" gives 0 '^same$' sh -c '
	"$1" sh -c "[ \$PPID = $$ ] || echo other"
	echo "$$" >"$2"; exec "$1" sh -c "[ \$\$ = \$(cat $2) ] && echo same"' \
	sh "$run" "$tmp/pid"
printf '%s\n' 'a b' '' '*' '$HOME' "it's" '--stats' '-' 'x"y' >"$tmp/wanted"
"$run" printf '%s\n' 'a b' '' '*' '$HOME' "it's" '--stats' '-' 'x"y' \
	>"$tmp/given"
same "arguments are passed on as they are" "$tmp/wanted" "$tmp/given"
check "standard input, too" gives 0 '^input$' \
	sh -c 'echo input | "$1" cat' sh "$run"
echo 'int x;' | gcc -shared -fPIC -x c -o "$tmp/other.so" -
check "what is preloaded already stays, behind" \
	gives 0 "libmimalloc[^:]*:$tmp/other.so\$" env \
	LD_PRELOAD="$tmp/other.so" "$run" sh -c 'echo "$LD_PRELOAD"'
env name=N machine=X value=V known=x library=L file=F true=T sh -c '
	env | grep -v "^_=" | sort' >"$tmp/wanted"
env name=N machine=X value=V known=x library=L file=F true=T "$run" \
	-o show_stats=1 -- sh -c 'env | grep -v "^_=\|^LD_PRELOAD=" | sort' \
	2>/dev/null >"$tmp/given"
sed -i "/^MIMALLOC_SHOW_STATS=1$/d" "$tmp/given"
same "the environment, but for what is asked for" "$tmp/wanted" "$tmp/given"
check "its name is as typed" gives 0 '^perl ' "$run" perl -e '
	open(my $f, "<", "/proc/self/cmdline");
	print join(" ", split(/\0/, <$f>))'
check "-- ends the options" gives 0 '^--stats$' "$run" -- echo --stats
check "a script is run" gives 0 '^3$' sh -c '
	printf "#!/bin/sh\necho \$#\n" >"$2"; chmod +x "$2"
	"$1" "$2" a "b c" d' sh "$run" "$tmp/script"
check "one without a first line, too" gives 0 '^plain$' sh -c '
	echo echo plain >"$2"; chmod +x "$2"; "$1" "$2"' sh "$run" "$tmp/noline"

# ---- where mi-run is ----

mkdir "$tmp/a folder" "$tmp/bin" "$tmp/co:lon"
cp "$run" "$MIMALLOC_SO" "$tmp/a folder"
ln -s libmimalloc.so "$tmp/a folder/libmimalloc.so.2"
ln -s "../a folder/mi-run" "$tmp/bin/mi-run"
cp "$run" "$MIMALLOC_SO" "$tmp/co:lon"
ln -s libmimalloc.so "$tmp/co:lon/libmimalloc.so.2"
mkdir "$tmp/alone"
cp "$run" "$tmp/alone"
check "below a folder with a space" gives 0 "$tmp/a folder/libmimalloc.so" \
	"$tmp/a folder/mi-run" perl -e "$is_served"
check "and what the program starts" gives 0 libmimalloc \
	"$tmp/a folder/mi-run" sh -c 'perl -e "$1"; true' sh "$is_served"
check "through a link" gives 0 "a folder/libmimalloc.so" \
	"$tmp/bin/mi-run" perl -e "$is_served"
check "found by PATH" gives 0 "a folder/libmimalloc.so" \
	env PATH="$tmp/bin:$PATH" mi-run perl -e "$is_served"
check "from another folder" gives 0 libmimalloc \
	sh -c 'cd "$1" && ./mi-run perl -e "$2"' sh "$tmp/bin" "$is_served"
check "given to a shell" gives 0 libmimalloc sh "$run" perl -e "$is_served"
check "a path with a colon is refused" \
	gives 125 'the loader cannot be told of' "$tmp/co:lon/mi-run" true
check "no library beside it" gives 125 'no library .*libmimalloc.so.2' \
	"$tmp/alone/mi-run" true
check "--library names another one" gives 0 "a folder/libmimalloc.so" \
	"$run" --library "$tmp/a folder/libmimalloc.so" perl -e "$is_served"
check "which is none" gives 125 "no library: .*script" \
	"$run" --library "$tmp/script" true
check "which is not ours" \
	gives 125 'does not say which options it has: .*other' \
	"$run" --library "$tmp/other.so" true

# ---- options ----

check "--stats" gives 0 'mimalloc statistics' "$run" --stats perl -e 1
check "--verbose" gives 0 'option verbose: 1' "$run" --verbose perl -e 1
check "--go-on" gives 0 'option abort_on_error: 0' \
	"$run" --verbose --go-on perl -e 1
check "--no-backtrace" gives 0 'option backtrace: 0' \
	"$run" --verbose --no-backtrace perl -e 1
check "--errors" gives 0 'option show_errors: 1' \
	"$run" --verbose --errors perl -e 1
"$run" --list-options >"$tmp/options"
known() {
	grep -q "^$1=" "$tmp/options"
}
# of an option that this library may lack: COMMAND, or the words for that
if known stats_json; then
	check "--json" gives 0 '^\{' "$run" --json perl -e 1
else
	check "--json, which this library lacks" \
		gives 125 'no option stats_json' "$run" --json perl -e 1
fi
if known stats_file; then
	check "--stats-file FILE, and no other file" gives 0 statistics sh -c '
		"$1" --stats --stats-file "$2.%p" perl -e 1 && cat "$2".* &&
		set -- "$2".* && [ $# = 1 ]' sh "$run" "$tmp/a folder/shown"
else
	check "--stats-file FILE, which this library lacks" \
		gives 125 'no option stats_file' \
		"$run" --stats-file "$tmp/file" perl -e 1
fi
check "--option NAME=VALUE" gives 0 'option purge_budget: 65536 KiB' \
	"$run" --verbose --option purge_budget=64M perl -e 1
check "a name in any case, and with hyphens" \
	gives 0 'option purge_budget: 65536 KiB' \
	"$run" --verbose -o MIMALLOC_Purge-Budget=64M perl -e 1
check "--option=NAME=VALUE" gives 0 'option purge_share: 9 ' \
	"$run" --verbose --option=purge_share=9 perl -e 1
check "it holds against the environment, however that spells it" \
	gives 0 'option purge_share: 9 ' env mimalloc_purge_share=3 \
	MIMALLOC_PURGE_Share=4 "$run" --verbose -o purge_share=9 perl -e 1
check "the last one holds" gives 0 'option purge_share: 8 ' \
	"$run" --verbose -o purge_share=9 -o purge_share=8 perl -e 1
check "what the environment sets beside that stays" \
	gives 0 'option purge_share: 3 ' env MIMALLOC_PURGE_SHARE=3 \
	"$run" --verbose -o purge_budget=1M perl -e 1
check "a misspelt name is answered with the right one" \
	gives 125 'no option purge_budge: is it purge_budget[?] See mi-run' \
	"$run" -o purge_budge=1M perl -e 1
check "one letter wrong" gives 125 'is it show_errors[?]' \
	"$run" -o show_erorrs=1 perl -e 1
check "a name like no other" gives 125 'no option xyzzy; see' \
	"$run" -o xyzzy=1 perl -e 1
check "a bad value" gives 125 "bad value '1.5M' for purge_budget" \
	"$run" -o purge_budget=1.5M perl -e 1
check "a value with spaces and quotes" gives 125 "bad value '1 \"' for" \
	"$run" -o 'purge_budget=1 "' perl -e 1
if known profile_rate; then
	check "a bad value of the profiler" \
		gives 125 "bad value 'x' for profile_rate" \
		"$run" --profile "$tmp/no.pb" -o profile_rate=x perl -e 1
	check "a good one" gives 0 '' \
		"$run" --profile "$tmp/yes.pb" -o profile_rate=64K perl -e 1
	check "wrote where it was told, and only that one" eval \
		'[ -s "$tmp/yes.pb" ] && [ ! -e "$tmp/no.pb" ]'
else
	check "a value of the profiler, which is not built here" \
		gives 125 'no option profile_rate' "$run" -o profile_rate=x true
	point 0 "a good one # SKIP there is no profiler"
	point 0 "what it wrote # SKIP there is no profiler"
fi
check "no value" gives 125 'NAME=VALUE is wanted' "$run" -o purge_budget true
check "no name" gives 125 'no option' "$run" -o =3 true
check "no word behind --option" gives 125 'wants a value' "$run" --option
check "a value too much" gives 125 '--stats has no value' \
	"$run" --stats=1 true
check "an unknown option" gives 125 'no option --nonsense; see' \
	"$run" --nonsense true
check "no program" gives 125 'no program is named' "$run" --stats
options_of_the_document() {
	sed -n 's/^| `\([a-z_]*\)`.*/\1/p' "$root/docs/options.md" |
		sort -u >"$tmp/document"
	sed 's/=.*//' "$tmp/options" | grep -v '^profile\|^stats_file' |
		sort >"$tmp/listed"
	grep -v '^stats_file' "$tmp/document" | diff - "$tmp/listed"
}
check "--list-options has those of docs/options.md" options_of_the_document
check "with what they are by default, whatever the environment says" \
	gives 0 '^purge_share=4$' env MIMALLOC_PURGE_SHARE=3 \
	"$run" --list-options

# ---- what is refused ----

check "no such program" gives 127 'nosuchprogram: no such program' \
	"$run" nosuchprogram
check "no such file" gives 127 'no such file' "$run" "$tmp/nosuch"
check "an empty name" gives 127 'empty name' "$run" ""
check "a folder" gives 126 'is a folder' "$run" "$tmp"
check "what may not be executed" gives 126 'may not be executed' \
	"$run" "$tmp/options"
cp "$(type -P true)" "$tmp/true"
cp "$tmp/true" "$tmp/set user"
cp "$tmp/true" "$tmp/set-group"
if [ "$(id -u)" = 0 ]; then
	chown 12345:12345 "$tmp/set user" "$tmp/set-group"
	chmod u+s "$tmp/set user"
	chmod g+s "$tmp/set-group"
	check "a program with another user's rights" gives 126 \
		'set user is set-user-ID: the system starts it without' \
		"$run" "$tmp/set user"
	check "with another group's" gives 126 'is set-group-ID' \
		"$run" "$tmp/set-group"
	printf '#!/bin/sh\necho script\n' >"$tmp/script-set"
	chown 12345 "$tmp/script-set"
	chmod 4755 "$tmp/script-set"
	check "a script is run without another user's rights, and so" \
		gives 0 '^script$' "$run" "$tmp/script-set"
	printf '#! %s\n' "$tmp/set-group" >"$tmp/run-by"
	chmod +x "$tmp/run-by"
	check "but not without those of what runs it" \
		gives 126 'set-group is set-group-ID' "$run" "$tmp/run-by"
else
	point 0 "a script with them # SKIP only root can give them"
	point 0 "what runs a script # SKIP only root can give them"
	point 0 "another user's rights # SKIP only root can give them"
	point 0 "another group's rights # SKIP only root can give them"
fi
chmod u+s "$tmp/true"
check "one's own are no harm" gives 0 '' "$run" "$tmp/true"
chmod u-s "$tmp/true"
# what these two say is all that mi-run knows of capabilities
mkdir "$tmp/fake"
printf '#!/bin/sh\necho 4711\n' >"$tmp/fake/id"
printf '#!/bin/sh\necho "$2 cap_net_raw=ep"\n' >"$tmp/fake/getcap"
chmod +x "$tmp/fake/"*
check "a program with capabilities" gives 126 'true has capabilities' \
	env PATH="$tmp/fake:$PATH" "$run" "$tmp/true"
echo 'int main(void) { return 0; }' >"$tmp/main.c"
gcc -static -o "$tmp/static" "$tmp/main.c"
gcc -static-pie -o "$tmp/static-pie" "$tmp/main.c"
for kind in static static-pie; do
	check "a program that is $kind" \
		gives 126 "$kind is statically linked" "$run" "$tmp/$kind"
done
gcc -Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1 -o "$tmp/musl" "$tmp/main.c"
check "one for musl" gives 126 'musl is for musl, the library for glibc' \
	"$run" "$tmp/musl"
cp "$tmp/true" "$tmp/arm"
printf '\267' | dd of="$tmp/arm" bs=1 seek=18 conv=notrunc 2>/dev/null
check "one for another machine" gives 126 'is for arm64, the library for' \
	"$run" "$tmp/arm"
printf '#!%s\n' "$tmp/static" >"$tmp/script"
check "a script whose interpreter is static" gives 126 \
	'script is run by .*static, which is statically linked' \
	"$run" "$tmp/script"
head -c 100 "$tmp/true" >"$tmp/short"
chmod +x "$tmp/short"
check "a program that was cut off ends with words, not with ours" \
	gives 126 'short is statically linked|cannot execute|Exec format' \
	"$run" "$tmp/short"

# ---- what tells of it ----

check "--help" gives 0 '^usage: mi-run' "$run" --help
check "--version is CHANGELOG.md's" gives 0 \
	"lib-mimalloc $(sed -n 's/^## \([0-9.]*[0-9]\).*/\1/p' \
	"$root/CHANGELOG.md" | head -n 1)\$" "$run" --version
told_everywhere() {
	local option bad=0
	for option in $("$run" --help | grep -oE -- '--[a-z-]+' | sort -u); do
		sed 's/\\//g' "$root/docs/man/mi-run.1" |
			grep -q -- "$option\b" ||
			{ echo "mi-run.1 lacks $option"; bad=1; }
		grep -q -- "$option\b" "$root/port/linux/completions/mi-run" ||
			{ echo "the completion lacks $option"; bad=1; }
	done
	return $bad
}
check "its manual and completion have the options of --help" told_everywhere
manuals_are_clean() {
	local page
	for page in "$root"/docs/man/*.[1-8]; do
		groff -man -Tutf8 -ww -z "$page" 2>&1
	done >"$tmp/warnings"
	cat "$tmp/warnings"
	[ ! -s "$tmp/warnings" ]
}
check "groff warns of nothing in the manuals" manuals_are_clean

# completes LINE WORD...: bash offers these, and nothing else
completes() {
	local line=$1
	shift
	bash --norc -c '
	source "$1/mi-run"
	source "$1/mi-trace"
	read -r -a COMP_WORDS <<<"$2"
	case $2 in *" ") COMP_WORDS+=("") ;; esac
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	_${COMP_WORDS[0]//-/_} 2>/dev/null
	printf "%s\n" "${COMPREPLY[@]}"' - "$root/port/linux/completions" \
		"$line" >"$tmp/offered"
	[ "$(sort "$tmp/offered" | tr '\n' ' ')" = "$* " ] && return
	cat "$tmp/offered"
	return 1
}
export PATH="${run%/*}:$PATH"
each_is_completed() {
	completes "mi-run --st" --stats --stats-file &&
		completes "mi-run --option purge_b" purge_budget= &&
		completes "mi-run --stats mi-ru" mi-run &&
		completes "mi-run --stats -- mi-ru" mi-run &&
		completes "mi-run --library $tmp/stat" "$tmp/static" \
			"$tmp/static-pie" &&
		completes "mi-run cat $tmp/noli" "$tmp/noline" &&
		completes "mi-run --profile $tmp/set" "$tmp/set user" \
			"$tmp/set-group"
}
check "mi-run's command line is completed" each_is_completed
check "mi-trace's verbs and options are" eval '
	completes "mi-trace re" record replay report &&
	completes "mi-trace record --f" --force &&
	completes "mi-trace replay x --in " linux unikernel &&
	completes "mi-trace record -o x -- mi-ru" mi-run'

# The verbs that are in the tree are told as they tell themselves
trace_is_told() {
	local verb option bad=0 verbs
	verbs=$("$root/trace/mi-trace" --help |
		sed -n 's/^    \([a-z]*\)  .*/\1/p')
	for verb in $verbs; do
		for option in $("$root/trace/mi-trace" "$verb" --help |
			grep -oE -- '--[a-z]+' | sort -u); do
			[ "$option" != --help ] || continue
			completes "mi-trace $verb $option" "$option" >/dev/null &&
				sed 's/\\//g' "$root/docs/man/mi-trace.1" |
				grep -q -- "$option\b" && continue
			echo "$verb $option"
			bad=1
		done
	done
	return $bad
}
if [ -x "$root/trace/mi-trace" ]; then
	check "and so are all that mi-trace itself tells" trace_is_told
else
	point 0 "mi-trace's own words # SKIP there is no mi-trace in this tree"
fi
finish
