#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What mi-trace replay is given that is wrong, or that lacks something."""

import errno
import json
import os
import struct
import sys

import tap as tap_
from make_script import Script, random_script

COMMAND = os.path.join(tap_.ROOT, "trace", "mi-trace")
tap = tap_.Tap()
script = tap.path("app.script")


def replay(*words, **more):
    return tap_.run(COMMAND, "replay", *words, **more)


def written():
    with open(tap.path("out.json"), encoding="utf-8") as file:
        return json.load(file)


def wrong(name, text, *words, status=2, **environment):
    done = replay(*words, environment=environment)
    tap.check(f"wrong use: {name}", done.returncode == status
              and text in done.stderr and "Traceback" not in done.stderr
              and not done.stdout, done.returncode, done.stderr)


def check_missing():
    """What a trace lacks: that it does is in the header that the recorder
    writes anew, of state 2 where it has ended."""
    path = tap.path("lacking")
    tap_.run(COMMAND, "record", "--quiet", "-o", path, "--", "/usr/bin/perl",
             "-e", 'my @a = map { "x" x ($_ % 50) } 1 .. 40000;')
    with open(path, "rb") as file:
        whole = file.read()
    for name, state, error, lost, cut, wanted in (
            ("nothing", 1, 0, 0, 0, []),
            ("a full disk", 3, errno.ENOSPC, 1234, 0, [
                "recording stopped: No space left on device",
                "1,234 calls were lost while recording"]),
            ("a killed process", 0, 0, 0, 0, [
                "the process was killed, or was still running: its last "
                "calls are missing"]),
            ("one call", 1, 0, 1, 0, ["1 call was lost while recording"]),
            ("its end", 1, 0, 0, 1, ["the file ends within a chunk at byte "])):
        data = bytearray(whole[:-cut or None])
        struct.pack_into("<IIQQ", data, 48, state, error, 99, lost)
        with open(path, "wb") as file:
            file.write(data)
        done = replay(path, "--on", "glibc", "--rounds", "1", "--json",
                      tap.path("out.json"))
        found = written()["missing"]
        tap.check(f"what is missing is told: {name}", done.returncode == 0
                  and len(found) == len(wanted)
                  and all(map(str.startswith, found, wanted))
                  and done.stderr == "".join(
                      f"mi-trace: {path}: {what}; what there is is replayed\n"
                      for what in found), done.returncode, done.stderr, found)


def check_nothing():
    """No operation: of a script, and of a trace that ends behind its header."""
    path = tap.path("nothing")
    Script().write(path)
    wrong("no operation", "nothing to play", path, "--on", "glibc")
    wrong("nor in the unikernel", "nothing to play", path, "--in", "unikernel")
    done = tap_.run(os.path.join(tap_.ROOT, "trace", "command",
                                 "unikernel.py"), path)
    tap.check("nor by unikernel.py", done.returncode == 2
              and "nothing to play" in done.stderr, done.stderr)
    with open(tap.path("lacking"), "rb") as file:
        data = file.read()
    with open(path, "wb") as file:
        file.write(data[:int.from_bytes(data[12:16], "little")])
    wrong("nor of a trace", "nothing to play", path, "--on", "glibc")


def check_arguments():
    foreign = tap.path("foreign")
    with open(foreign, "wb") as file:
        file.write(b"miscript" + bytes(100))
    wrong("no trace", "required: TRACE")
    wrong("no such file", "none: No such file", tap.path("none"))
    wrong("a folder", "Is a directory", tap.folder.name)
    wrong("a script that is none", "another version", foreign, "--on", "glibc")
    wrong("no such allocator", "nomalloc: no such allocator", script, "--on",
          "nomalloc")
    for word in (tap.path("none.so"), "x=" + tap.path("none.so")):
        wrong("a path that is none", "none.so is no file", script, "--on",
              word)
    wrong("a path of what is none", "app.script is no shared library", script,
          "--on", script)
    wrong("a folder", "is no file", script, "--on", tap.folder.name + "/")
    wrong("no such one in the unikernel", "there are buddy, tlsf, bump, "
          "mimalloc (or ours)", script, "--in", "unikernel", "--on", "glibc")
    for words in ("tlsf, tlsf", "ours,mimalloc"):
        wrong(f"one twice in the unikernel: {words}", "is named twice", script,
              "--in", "unikernel", "--on", words)
    wrong("none in the unikernel", "names no allocator", script, "--in",
          "unikernel", "--on", " , ")
    wrong("one twice", "glibc is named twice", script, "--on", "glibc,glibc")
    wrong("none", "names no allocator", script, "--on", ",")
    wrong("no rounds", "number from 1", script, "--rounds", "0")
    wrong("a number that is none", "number from 1", script, "--limit", "x")
    wrong("a machine on Linux", "--memory needs --in unikernel", script,
          "--memory", "64")
    wrong("rounds in the unikernel", "--rounds does not go with", script,
          "--in", "unikernel", "--rounds", "2")
    wrong("a folder that is not there", "No such file", script, "--on",
          "glibc", "--rounds", "1", "--json", tap.path("no/out.json"))
    wrong("nothing is built", "build it: make", script, "--on", "glibc",
          BUILD=tap.path("nothing"))


def main():
    random_script(300, 1, 12, 200, largest=9).write(script)
    check_missing()
    check_nothing()
    check_arguments()
    tap.finish()


if __name__ == "__main__":
    sys.exit(main())
