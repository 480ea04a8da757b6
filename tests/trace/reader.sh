#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# Recorded traces are read as trace/format.md tells, by mi-trace stat and
# mi-trace-compile: whole ones, those that end early or are damaged, and what is
# none. The command line of mi-trace record and stat.

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
source "$root/tests/programs/lib.bash"
prepare 48 gcc python3
export BUILD=${BUILD:-$root/build}
BUILD=$(cd "$BUILD" && pwd) || bail "there is no $BUILD"
compile=$BUILD/trace/mi-trace-compile
[ -x "$compile" ] || bail "$compile is missing: make trace"
trace=$root/trace/mi-trace
python=$(PATH=/usr/bin:$PATH command -v python3)
include=(-I"$root/trace" -I"$root/trace/read")
cd "$tmp" || bail "no temporary directory"

check "the programs of this folder compile" eval '
gcc -std=gnu11 -Wall -Wextra -Werror "${include[@]}" -o dump "$here/dump.c" \
	"$root"/trace/read/read.c "$root"/trace/read/events.c -lzstd &&
gcc -std=gnu11 -g -O1 -Wall -Wextra -Werror -fsanitize=address,undefined \
	-fno-sanitize-recover=all "${include[@]}" -o fuzz "$here/fuzz.c" \
	"$root"/trace/read/{read,read_script,blocks,events,history}.c -lzstd'

# Traces that are written by what trace/format.md says
for threads in 1 3 40; do
	"$python" "$here/write_trace.py" made 20000 $threads $threads >want
	./dump made >got
	same "a made trace of $threads threads is read" want got
	check "its figures and its script" eval '
		"$trace" stat --json made >figures.json &&
		"$compile" made script >/dev/null &&
		"$python" "$here/model.py" want figures.json script'
done
check "stat tells it to people" eval '"$trace" stat made >text && cat text &&
	grep -q "^program .*/made/up (x86_64, process 7)" text &&
	grep -q "^sizes" text && grep -q "^lifetimes" text &&
	grep -q "^alignments" text && grep -q "40 threads" text &&
	grep -q "[0-9] failed" text && grep -q "####" text &&
	grep -q "by another thread" text && grep -q "times as large" text'

# The first events of a trace that was compressed by the recorder
LD_PRELOAD=$BUILD/trace/libmi-trace.so MI_TRACE_OUTPUT=$tmp/real \
	"$python" -c 'print(sum(len(str(i)) for i in range(99999)))' >/dev/null
"$python" "$here/write_trace.py" small 400 2 4 >want
check "all ways of being cut short are told, and all before is used" \
	"$python" - "$compile" small real <<'END'
import json, subprocess, sys
compile, *paths = sys.argv[1:]
for path in paths:
    whole = open(path, "rb").read()
    step = max(1, len(whole) // 300)
    most = 0
    for length in list(range(0, len(whole), step)) + [len(whole)]:
        with open("cut", "wb") as file:
            file.write(whole[:length])
        done = subprocess.run([compile, "cut", "cut.script"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        said = done.stderr.decode()
        good = {0: said == "", 1: "in its header" in said or
                "not a recorded" in said, 3: "ends within a chunk" in said and
                "byte " in said and " events before that" in said}
        if not good.get(done.returncode) or said.count("\n") > 1:
            sys.exit(f"{path} cut to {length}: {done.returncode} {said}")
        if done.returncode != 1:
            calls = json.loads(done.stdout)["calls"]
            assert calls >= most, (calls, most)
            most = calls
    assert done.returncode == 0 and most > 0
END

# refused STATUS TEXT COMMAND... : one line with that text, and the status
refused() {
	local wanted=$1 text=$2 status
	shift 2
	"$@" >out 2>errors </dev/null
	status=$?
	cat errors
	[ $status -eq "$wanted" ] && grep -qF -e "$text" errors &&
		[ "$(wc -l <errors)" -le 1 ] && [ ! -s out ]
}

: >empty
echo "some text, and no trace at all" >foreign
head -c 5000 /dev/urandom >noise
cp made newer
printf '\x02' | dd of=newer bs=1 seek=8 conv=notrunc status=none
for file in empty foreign noise; do
	check "stat refuses what is no trace: $file" \
		refused 2 "$file: not a recorded trace" "$trace" stat $file
done
check "and a later version" refused 2 "of another version" \
	"$trace" stat newer
check "and a file that is not there" refused 2 "No such file" \
	"$trace" stat nowhere
check "and a folder" refused 2 "folder: " eval 'mkdir -p folder;
	"$trace" stat folder'
check "and what was not built" refused 2 "build it: make" \
	env BUILD=/nowhere "$trace" stat made
for form in "" --json; do
	check "figures that standard output does not take, stat $form" eval '
		"$trace" stat $form made 2>errors >/dev/full; status=$?; cat errors
		[ $status = 1 ] && [ "$(cat errors)" = \
		"mi-trace: standard output: No space left on device" ]'
done
check "a closed standard output" eval '"$trace" stat made 2>errors >&- &&
	[ ! -s errors ]'
check "a damaged header is told" refused 2 "header is damaged" eval '
	cp made bad; printf x | dd of=bad bs=1 seek=16 conv=notrunc \
	status=none; "$trace" stat bad'

cp real bad
printf 'xxxx' | dd of=bad bs=1 seek=$(($(stat -c %s real) / 2)) \
	conv=notrunc status=none
"$trace" stat bad >out 2>errors
[ $? -eq 3 ]
point $? "of a damaged trace stat uses what is before that, exit status 3"
check "and says where, in one line" eval '
	grep -E "bad: byte [0-9]+: (a damaged|not a) chunk; used the [0-9]+ events \
before that$" errors && [ "$(wc -l <errors)" = 1 ] && grep -q "^calls" out'
check "a script that cannot be written" refused 1 "No space left" \
	"$compile" made /dev/full
check "or is the trace itself" refused 1 "the trace itself" "$compile" made made
check "or has no folder" refused 1 "No such file" "$compile" made nowhere/x
check "figures that cannot be written" eval '
	! "$compile" --stat made >/dev/full 2>errors && cat errors &&
	grep -q "No space left" errors'
for words in "" "one" "--stat" "one two three"; do
	check "mi-trace-compile $words" eval \
		"'$compile' $words >out 2>errors; [ \$? -eq 2 ] &&
		grep -q ^usage: errors"
done

check "damage of all kinds crashes nothing" \
	env MI_TEST_ROUNDS="${MI_TEST_ROUNDS:-2500}" ./fuzz small made
sed -n 's/^# MI_TEST/# MI_TEST/p' check

check "nor do chunks larger than the format's limit" "$python" - <<'END'
import struct, subprocess, zlib
whole = open("small", "rb").read()[:72 + 14]
# A frame of 24 blocks, each a byte that stands 128 KiB times
frame = (struct.pack("<IBI", 0xfd2fb528, 0xa0, 3 << 20) +
         (struct.pack("<I", 2 | 1 << 20)[:3] + b"x") * 23 +
         struct.pack("<I", 3 | 1 << 20)[:3] + b"x")
for plain, packing, stored in ((3 << 20, 0, bytes(3 << 20)),
                               (9, 1, bytes(3 << 20)), (3 << 20, 1, frame)):
    head = struct.pack("<4sIQIIIII", b"chnk", 0, 1, 5, packing, plain,
                       len(stored), zlib.crc32(bytes(plain)))
    with open("huge", "wb") as out:
        out.write(whole + head + struct.pack("<I", zlib.crc32(head)) + stored)
    done = subprocess.run(["./fuzz", "huge"], env={"MI_TEST_ROUNDS": "0"},
                          stdout=subprocess.PIPE)
    assert done.returncode == 0 and b"1 damaged" in done.stdout, done
END

# The command line of record
record=("$trace" record)
check "record wants an output" eval '"${record[@]}" -- true 2>errors
	[ $? -eq 2 ] && grep -q "required: -o" errors'
check "it keeps a recording that is there" refused 125 \
	"--force replaces it" "${record[@]}" -o made -- true
check "and what is no recording, even then" refused 125 "is no trace" \
	"${record[@]}" --force -o foreign -- true
check "a folder that is not there" refused 125 "no folder" \
	"${record[@]}" -o nowhere/x -- true
check "a folder in which no file can be made" refused 125 \
	"/proc/made.trace cannot be made: No such file" \
	"${record[@]}" -o /proc/made.trace -- true
check "no name" refused 125 "-o: names no file" "${record[@]}" -o "" -- true
check "a program that is not there" refused 127 "No such file" \
	"${record[@]}" -o new -- ./nothing
check "a program that cannot be run" refused 126 "Permission denied" \
	"${record[@]}" -o new -- ./foreign
check "a recorder that was not built" refused 125 "make -C" \
	env BUILD=/nowhere "${record[@]}" -o new -- true
cp /bin/true set-user-id && chmod 4755 set-user-id
check "a program with other privileges is told" "$python" - "$root/trace/command" <<'END'
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import record
record.os.geteuid = lambda: 12345
assert "other privileges" in record.privileged("./set-user-id")
assert record.privileged("true") is None
END
"${record[@]}" --force -o made -- sh -c 'cat; exit 7' <foreign >out 2>errors
[ $? -eq 7 ]
point $? "--force replaces it, and the exit status is the program's"
same "its input and output are its own" foreign out
check "at the end it tells what there is" \
	grep -E '^mi-trace: made: 2 files, [0-9,]+ events, [0-9,]+ bytes$' errors
cat >busy.py <<'END'
import subprocess, sys
subprocess.run([sys.executable, "-c", "print(list(map(str, range(9999))))"])
END
check "and of several files which one has most" eval '
	"${record[@]}" -o several -- sh -c "$python busy.py; true" 2>errors >out
	cat errors; most=$(wc -c several several.* | sort -n | tail -n 2 |
	awk "NR == 1 { print \$2 }") && grep -qE \
	"^mi-trace: most in $most \(python3[.0-9]*\), [0-9,]+ events$" errors'
cat >nothing.c <<'END'
int main(void) { return 0; }
END
gcc -o nothing nothing.c
check "a program that calls no malloc" eval '"${record[@]}" -o none \
	-- ./nothing 2>errors; cat errors; grep -q "never calls malloc" errors &&
	! grep -q "most in" errors'
"${record[@]}" --force --quiet -o made -- sh -c 'kill -TERM $$' 2>errors
[ $? -eq 143 ]
point $? "a signal that ends it gives 128 and the signal"
finish
