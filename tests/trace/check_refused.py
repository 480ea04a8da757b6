#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""mi-trace-play refuses each script and each argument that is wrong, with one
line that says why."""

import os
import random
import sys

import tap as tap_
from make_script import (ALIGNED, HEADER, MALLOC, OPERATION, REALLOC, Script,
                         random_script)

FUZZED = 150
tap = tap_.Tap()
player = os.path.join(tap_.BUILD, "trace", "mi-trace-play")


def refused(name, data, text, *options):
    path = tap.path("bad")
    with open(path, "wb") as file:
        file.write(data)
    done = tap_.run(player, *options, path)
    tap.check(f"refused: {name}", done.returncode == 2 and text in done.stderr
              and not done.stdout and len(done.stderr.splitlines()) == 1,
              f"status {done.returncode}", done.stderr)


def header_with(script, field, value):
    header = script.header()
    header[field] = value
    return script.bytes(header)


def operations_with(script, number, field, value):
    data = bytearray(script.bytes())
    at = HEADER.size + number * OPERATION.size
    fields = list(OPERATION.unpack_from(data, at))
    fields[field] = value
    OPERATION.pack_into(data, at, *fields)
    return bytes(data)


def check_headers():
    script = random_script(100, 2, 1, 50, largest=9)
    whole = script.bytes()
    for name, field, value, text in (
            ("another magic", 0, b"miscribe", "not a script"),
            ("another version", 1, 2, "another version"),
            ("fewer threads", 2, 1, "a thread beyond the last"),
            ("more threads", 2, 3, "thread 2 does nothing"),
            ("far too many threads", 2, 1 << 31, "more threads"),
            ("more operations", 3, 101, "truncated"),
            ("fewer operations", 3, 99, "longer than its header"),
            ("so many that their bytes are few", 3, (1 << 60) + 100,
             "truncated"),
            ("fewer slots", 4, script.slots - 1, "a slot beyond the last"),
            ("far too many slots", 4, 1 << 40, "more slots"),
            ("another peak", 5, script.peak + 1, "the peak is not"),
            ("the peak elsewhere", 6, script.peak_at ^ 1, "the peak is not"),
            ("the peak after the end", 6, 1 << 40, "peak is at no operation"),
            ("another end", 7, script.live + 1, "live at its end"),
            ("something reserved", 8, 1, "reserved")):
        refused(name, header_with(script, field, value), text)
    for length in (0, 1, 63, 64, 65, 200, len(whole) - 1):
        refused(f"cut off after {length} bytes", whole[:length],
                "too short" if length < 64 else "truncated")
    refused("a byte more", whole + b"\0", "longer")
    refused("an operation more", whole + bytes(16), "longer")
    with open(player, "rb") as file:
        refused("a program", file.read(), "not a script")
    refused("text", b"1 1 malloc(32)=#1\n" * 9, "not a script")


def check_operations():
    script = Script()
    block = script.make(10)
    script.resize(block, 20)
    script.drop(block)
    script.make(8, ALIGNED, 0, 6)
    for name, number, field, value, text in (
            ("no kind", 0, 0, 0, "no known kind"),
            ("another kind", 0, 0, 6, "no known kind"),
            ("an alignment of malloc", 0, 1, 4, "alignment"),
            ("an alignment beyond all", 3, 1, 64, "alignment"),
            ("another thread", 1, 2, 1, "a thread beyond the last"),
            ("another slot", 1, 3, 1, "a slot beyond the last"),
            ("a realloc to 0", 1, 4, 0, "realloc to 0"),
            ("a free with a size", 2, 4, 1, "free with a size"),
            ("a realloc of nothing", 0, 0, REALLOC, "empty slot"),
            ("a free that is a malloc", 2, 0, MALLOC, "is full"),
            ("more than there can be", 3, 4, 1 << 47, "more than a process")):
        data = operations_with(script, number, field, value)
        refused(name, data, f"operation {number}: ")
        refused(name, data, text)


def check_arguments():
    path = tap.path("good")
    random_script(20).write(path)
    os.mkfifo(tap.path("fifo"))
    for name, words, text in (
            ("no script", [], "one script"),
            ("two scripts", [path, path], "one script"),
            ("an unknown option", ["--fast", path], "--fast: no such option"),
            ("no number", ["--timeline"], "lacks"),
            ("not a number", ["--timeline", "x", path], "number from 1 to"),
            ("0 points", ["--timeline", "0", path], "number from 1 to"),
            ("too many threads", ["--threads", "9999", path], "number from"),
            ("a negative number", ["--threads", "-1", path], "number from"),
            ("a number with more", ["--threads", "4x", path], "number from"),
            ("a huge number", ["--threads", "9" * 30, path], "number from"),
            ("a missing file", [tap.path("none")], "No such file"),
            ("a folder", [tap.folder.name], "no file that can be read")):
        done = tap_.run(player, *words)
        tap.check(f"wrong use: {name}", done.returncode == 2
                  and text in done.stderr and not done.stdout,
                  f"status {done.returncode}", done.stderr)
    done = tap_.run(player, "--help")
    tap.check("--help", done.returncode == 0 and "--timeline" in done.stdout)
    with open("/dev/full", "w", encoding="ascii") as full:
        done = tap_.run(player, path, stdout=full)
    tap.check("a full disk is told", done.returncode == 2
              and "cannot be written" in done.stderr, done)


def check_fuzzed():
    """Bytes changed at random: it plays the script, or refuses it, or an
    allocator has no memory for it."""
    seed = int(os.environ.get("MI_TEST_SEED", random.randrange(1 << 30)))
    print(f"# MI_TEST_SEED={seed}")
    random_ = random.Random(seed)
    path, bad = tap.path("fuzzed"), []
    for _ in range(FUZZED):
        script = random_script(random_.randrange(1, 100),
                               random_.randrange(1, 5), random_.random(), 20,
                               largest=9)
        data = bytearray(script.bytes())
        for _ in range(random_.randrange(1, 4)):
            at = random_.choice((random_.randrange(len(data)),
                                 random_.randrange(HEADER.size)))
            data[at] = random_.choice((0, 1, 2, 5, 127, 128, 255))
        with open(path, "wb") as file:
            file.write(data)
        done = tap_.run(player, "--verify", path)
        told = len(done.stderr.splitlines()) == 1
        if done.returncode not in (0, 1, 2) or (done.returncode > 0) != told:
            bad.append((done.returncode, done.stderr))
    tap.same(f"{FUZZED} scripts with bytes changed", bad, [])


def main():
    for check in (check_headers, check_operations, check_arguments,
                  check_fuzzed):
        check()
    tap.finish()


if __name__ == "__main__":
    sys.exit(main())
