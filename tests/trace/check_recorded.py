#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""From a program to its replay: live bytes are at every step what the program
had; and a script is taken wherever a recorded trace is."""

import json
import os
import sys

import tap as tap_
from make_script import FREE, HEADER, OPERATION, Script, random_script

COMMAND = os.path.join(tap_.ROOT, "trace", "mi-trace")
COMPILE = os.path.join(tap_.BUILD, "trace", "mi-trace-compile")
PLAYER = os.path.join(tap_.BUILD, "trace", "mi-trace-play")
POINTS = 100000     # the most that a timeline can have
THREADED = """
import threading
def work(number):
    known = {}
    for i in range(800):
        known[i % 50] = ("x" * (i % 400), [i] * (i % 30))
threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""
tap = tap_.Tap()


def recorded(name, *program, **more):
    """What a program printed; its script is at the path `script`."""
    trace = tap.path(name + ".trace")
    done = tap_.run(COMMAND, "record", "--quiet", "-o", trace, "--", *program,
                    **more)
    tap.check(f"{name}: recorded", done.returncode == 0, done.stderr)
    compiled = tap_.run(COMPILE, trace, tap.path(name + ".script"))
    tap.check(f"{name}: compiled", compiled.returncode == 0, compiled.stderr)
    return done.stdout, json.loads(compiled.stdout)


def lives_of(path):
    """Live bytes after each operation of a script."""
    with open(path, "rb") as file:
        data = file.read()[HEADER.size:]
    sizes, live, lives = {}, 0, []
    for kind, _, _, slot, size in OPERATION.iter_unpack(data):
        live += size - sizes.get(slot, 0)
        sizes[slot] = 0 if kind == FREE else size
        lives.append(live)
    return lives


def timeline(name, *options):
    done = tap_.run(PLAYER, "--timeline", POINTS, *options,
                    tap.path(name + ".script"))
    if not tap.check(f"{name}: played", done.returncode == 0, done.stderr):
        return []
    return [point["live_bytes"] for point in json.loads(
        done.stdout)["timeline"]]


def check_steps():
    """A program that counts itself, without threads and with some. With those
    the C library allocates, too: these calls are left out of what it prints."""
    program = tap_.compiled(tap, "steps", "-pthread")
    said, _ = recorded("steps", program, 0)
    own = [int(line) for line in said.split()]
    tap.same("live bytes are at every step what the program had",
             timeline("steps"), own)
    said, figures = recorded("threads", program, 8)
    tap.same("a thread for each", figures["threads"], 9)
    played = timeline("threads", "--threads", "1")
    own, extra = [int(line) for line in said.split()], played[0]
    # The main thread makes each thread's storage before that begins
    found = iter(played)
    tap.check("and with threads, amid the C library's own",
              all(any(live - line in range(0, 9 * extra)
                      for live in found) for line in own)
              and len(played) - len(own) <= 32, len(played), len(own))


def check_program(name, *program, **more):
    _, figures = recorded(name, *program, **more)
    lives = lives_of(tap.path(name + ".script"))
    tap.check(f"{name}: it is not too long to look at each step",
              1000 < len(lives) <= POINTS, len(lives))
    tap.same(f"{name}: live bytes at each step",
             timeline(name, "--threads", "1"), lives)
    tap.same(f"{name}: peak and end as the trace has them",
             (max(lives), lives.index(max(lives)), lives[-1]),
             (figures["peak_bytes"], figures["peak_operation"],
              figures["final_bytes"]))


def check_scripts():
    script = random_script(3000, 3, 21, 100, largest=12)
    path, again = tap.path("made"), tap.path("again")
    script.write(path)
    done = tap_.run(COMPILE, path, again)
    with open(path, "rb") as one, open(again, "rb") as other:
        tap.check("a script compiled is the same", done.returncode == 0
                  and one.read() == other.read(), done.stderr)
    done = tap_.run(COMMAND, "stat", "--json", path)
    figures = json.loads(done.stdout or "{}")
    tap.same("stat of a script", [figures.get(name) for name in (
        "calls", "threads", "slots", "peak_bytes", "final_bytes")],
        [3000, 3, script.slots, script.peak, script.live])
    done = tap_.run(COMMAND, "stat", path)
    tap.check("and for people", done.returncode == 0
              and "3,000 of 3 threads" in done.stdout, done.stdout)
    with open(path, "r+b") as file:
        file.seek(HEADER.size)
        file.write(b"\xff")
    for status, *words in ((1, COMPILE, path, again),
                           (2, COMMAND, "stat", path)):
        done = tap_.run(*words)
        tap.check(f"{os.path.basename(words[0])} refuses one that is wrong",
                  done.returncode == status and "no known kind" in done.stderr,
                  done.returncode, done.stderr)


def check_words():
    """Of one thing it is said in the singular, by all verbs alike."""
    script = Script()
    script.make(1)
    script.write(tap.path("one"))
    for verb, wanted in (("stat", "peak       1 byte in 1 block, after call"),
                         ("replay", "1 operation of 1 thread, at most 1 byte "
                          "live, 1 byte at the end")):
        done = tap_.run(COMMAND, verb, tap.path("one"), *[
            "--on", "glibc", "--rounds", "1"] * (verb == "replay"))
        tap.check(f"one of each, {verb}", wanted in done.stdout, done.stdout,
                  done.stderr)
    script.make((3 << 20) - 1)
    script.write(tap.path("two"))
    for verb in ("stat", "replay"):
        done = tap_.run(COMMAND, verb, tap.path("two"), *[
            "--on", "glibc", "--rounds", "1"] * (verb == "replay"))
        tap.check(f"the same units, {verb}", "3.00 MiB" in done.stdout,
                  done.stdout, done.stderr)


def main():
    check_steps()
    check_program("perl", "/usr/bin/perl", "-e",
                  'my %h; $h{$_ % 700} = "x" x ($_ % 300) for 1..4000;')
    check_program("python", "/usr/bin/python3", "-c", THREADED,
                  environment={"PYTHONMALLOC": "malloc"})
    check_scripts()
    check_words()
    tap.finish()


if __name__ == "__main__":
    sys.exit(main())
