#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""mi-trace import: each kind of line of both formats becomes the operations
that it should, what a log lacks is mended and told, and a line that is wrong is
named."""

import gzip
import os
import subprocess
import sys
import zipfile

import tap as tap_
from make_script import (ALIGNED, CALLOC, FREE, HEADER, MALLOC, OPERATION,
                         REALLOC)

COMMAND = os.path.join(tap_.ROOT, "trace", "mi-trace")
tap = tap_.Tap()

# The example of logalloc's own documentation
LOGALLOC_RAW = """\
  18545 18545 malloc(32)=0x7f90495120e0
  18545 18545 calloc(1,148)=0x7f9049537480
  18545 18545 realloc(0x7f90495120e0,64)=0x7f9049536680
  18545 18545 posix_memalign(256,240)=0x7f9049583300
  18545 18545 jemalloc_stats()
  18545 18545 free(0x7f9049536680)
"""
LOGALLOC_MUNGED = """\
  1 1 malloc(32)=#1
  1 1 calloc(1,148)=#2
  1 1 realloc(#1,64)=#1
  1 1 posix_memalign(256,240)=#3
  1 1 jemalloc_stats()
  1 1 free(#1)
"""
LOGALLOC_WANTED = [(MALLOC, 0, 0, 0, 32), (CALLOC, 0, 0, 1, 148),
                   (REALLOC, 0, 0, 0, 64), (ALIGNED, 8, 0, 2, 240),
                   (FREE, 0, 0, 0, 0)]


def imported(form, text, *options):
    log, out = tap.path("log"), tap.path("out")
    if os.path.exists(out):
        os.unlink(out)
    with open(log, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    return tap_.run(COMMAND, "import", "--from", form, "-o", out, log,
                    *options)


def operations():
    with open(tap.path("out"), "rb") as file:
        data = file.read()
    return (HEADER.unpack_from(data),
            list(OPERATION.iter_unpack(data[HEADER.size:])))


def becomes(name, form, text, wanted, *said, options=()):
    """The operations, and that the player finds the script a good one."""
    done = imported(form, text, *options)
    if done.returncode:
        tap.check(name, False, done.stderr)
        return
    tap.same(name, operations()[1], wanted)
    player = os.path.join(tap_.BUILD, "trace", "mi-trace-play")
    played = tap_.run(player, "--verify", tap.path("out"))
    tap.check(f"{name}, playable", played.returncode == 0, played.stderr)
    for text_ in said:
        tap.check(f"{name}: says {text_}", text_ in done.stdout, done.stdout)


def check_logalloc():
    becomes("logalloc's example", "logalloc", LOGALLOC_RAW, LOGALLOC_WANTED,
            "5 operations of 1 thread, at most 452 bytes live, 388 bytes at "
            "the end",
            "1 call for statistics")
    tap.same("its header", operations()[0],
             (b"miscript", 1, 1, 5, 3, 452, 3, 388, 0))
    becomes("the same with numbers for addresses", "logalloc",
            LOGALLOC_MUNGED, LOGALLOC_WANTED)
    becomes("further functions", "logalloc",
            "1 1 memalign(24,5)=#1\n1 2 aligned_alloc(64,128)=#2\n"
            "1 1 valloc(9)=#3\n1 3 realloc(#0,7)=#4\n1 3 realloc(#4,0)=#0\n"
            "1 2 malloc(0)=#5\n1 1 free(#0)\n",
            [(ALIGNED, 5, 0, 0, 5), (ALIGNED, 6, 1, 1, 128),
             (ALIGNED, 12, 0, 2, 9), (MALLOC, 0, 2, 3, 7), (FREE, 0, 2, 3, 0),
             (MALLOC, 0, 1, 3, 0)], "1 free of NULL")
    becomes("calls that failed", "logalloc",
            "1 1 malloc(5)=0x0\n1 1 malloc(6)=(nil)\n1 1 malloc(4)=0x10\n"
            "1 1 realloc(0x10,99)=(nil)\n1 1 free(0x10)\n",
            [(MALLOC, 0, 0, 0, 4), (FREE, 0, 0, 0, 0)],
            "3 calls that failed")
    becomes("one of several processes", "logalloc",
            "7 7 malloc(1)=0x10\n8 8 malloc(2)=0x10\n7 7 free(0x10)\n",
            [(MALLOC, 0, 0, 0, 1), (FREE, 0, 0, 0, 0)],
            "1 line of another process")
    becomes("another one", "logalloc",
            "7 7 malloc(1)=0x10\n8 8 malloc(2)=0x10\n7 7 free(0x10)\n",
            [(MALLOC, 0, 0, 0, 2)], options=("--process", "8"))


def check_memory_replay():
    becomes("memory_replay's actions", "memory_replay",
            "100: malloc 0xb48390a0 48\n200: calloc 0xb48c1100 32 8\n"
            "100: realloc 0x96b90920 0xb48390a0 150\n"
            "400: memalign 0xae42d080 16 104\n200: free 0xb48c1100\n"
            "100: free 0x0\n100: realloc 0x50 0x0 3\n400: thread_done 0x0\n",
            [(MALLOC, 0, 0, 0, 48), (CALLOC, 0, 1, 1, 256),
             (REALLOC, 0, 0, 0, 150), (ALIGNED, 4, 2, 2, 104),
             (FREE, 0, 1, 1, 0), (MALLOC, 0, 0, 1, 3)],
            "6 operations of 3 threads", "1 free of NULL")
    becomes("times", "memory_replay",
            "1: malloc 0x10 5 100 200\n1: realloc 0x20 0x10 6 300 400\n"
            "1: free 0x20 500 600\n1: thread_done 0x0 700\n",
            [(MALLOC, 0, 0, 0, 5), (REALLOC, 0, 0, 0, 6), (FREE, 0, 0, 0, 0)])
    becomes("a thread's id that is used again", "memory_replay",
            "5: malloc 0x10 1\n5: thread_done 0x0\n5: free 0x10\n",
            [(MALLOC, 0, 0, 0, 1), (FREE, 0, 1, 0, 0)])
    becomes("a peak that is reached twice", "memory_replay",
            "5: malloc 0x10 9\n5: free 0x10\n5: malloc 0x10 9\n",
            [(MALLOC, 0, 0, 0, 9), (FREE, 0, 0, 0, 0), (MALLOC, 0, 0, 0, 9)])


def check_mended():
    becomes("blocks of before the log", "memory_replay",
            "1: free 0x10\n1: realloc 0x20 0x30 9\n1: free 0x20\n",
            [(MALLOC, 0, 0, 0, 9), (FREE, 0, 0, 0, 0)],
            "1 free of an unknown block", "1 realloc of an unknown block")
    becomes("a free that is not in it", "memory_replay",
            "1: malloc 0x10 5\n2: malloc 0x10 6\n2: malloc 0x20 7\n"
            "1: realloc 0x10 0x20 8\n1: free 0x10\n",
            [(MALLOC, 0, 0, 0, 5), (FREE, 0, 1, 0, 0), (MALLOC, 0, 1, 0, 6),
             (MALLOC, 0, 1, 1, 7), (REALLOC, 0, 0, 1, 8), (FREE, 0, 0, 0, 0),
             (FREE, 0, 0, 1, 0)], "2 frees that the log lacks")
    becomes("a realloc to nothing that gives a block", "logalloc",
            "1 1 malloc(5)=#1\n1 1 realloc(#1,0)=#2\n1 1 free(#2)\n",
            [(MALLOC, 0, 0, 0, 5), (FREE, 0, 0, 0, 0), (MALLOC, 0, 0, 0, 0),
             (FREE, 0, 0, 0, 0)])


def check_packed():
    becomes("packed by gzip", "logalloc", gzip.compress(LOGALLOC_RAW.encode()),
            LOGALLOC_WANTED)
    path = tap.path("zip")
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.txt", LOGALLOC_RAW)
    with open(path, "rb") as file:
        becomes("in a zip", "logalloc", file.read(), LOGALLOC_WANTED)
    done = subprocess.run(
        [COMMAND, "import", "--from", "logalloc", "--output", tap.path("out"),
         "--force", "-"],
        input=LOGALLOC_RAW, text=True, capture_output=True)
    tap.same("from standard input", (done.returncode, operations()[1]),
             (0, LOGALLOC_WANTED))


def refused(name, form, text, wanted, *options):
    """wanted: what is said, and after a ; what else."""
    done = imported(form, text, *options)
    tap.check(f"refused: {name}", done.returncode == 2
              and all(part in done.stderr for part in wanted.split(";"))
              and "Traceback" not in done.stderr
              and not done.stdout and len(done.stderr.splitlines()) == 1
              and not os.path.exists(tap.path("out"))
              and not os.path.exists(tap.path("out.part")),
              f"status {done.returncode}", done.stderr)


def check_lines():
    good = "1 1 malloc(32)=#1\n\n"
    for name, line, why in (
            ("no call", "1 1 malloc 32", "not <pid> <tid>"),
            ("no thread", "1 malloc(32)=#1", "not <pid> <tid>"),
            ("no result", "1 1 malloc(32)", "the result is missing"),
            ("a result that is none", "1 1 malloc(32)=yes", "not a pointer"),
            ("a size that is none", "1 1 malloc(-1)=#1", "not a size"),
            ("no size", "1 1 malloc()=#1", "malloc has 1 arguments, not 0"),
            ("too much", "1 1 free(#1,#2)", "free has 1 arguments, not 2"),
            ("a huge size", "1 1 malloc(140737488355328)=#2", "beyond what"),
            ("a huge product", "1 1 calloc(99999999999,99999999999)=#2",
             "beyond what"),
            ("a huge alignment", f"1 1 memalign({1 << 60},9)=#2",
             "beyond what"),
            ("a function that is none", "1 1 brk(32)=#2", "no function of"),
            ("more behind it", "1 1 free(#1) now", "not <pid> <tid>"),
            ("bytes that are no text", "1 1 malloc(\udcff)=#2", "")):
        refused(f"logalloc: {name}", "logalloc",
                (good + line + "\n").encode(errors="surrogateescape"),
                "log: line 3: ;" + why)
    for name, line, why in (
            ("no colon", "1 malloc 0x10 5", "not <tid>:"),
            ("no thread", "x: malloc 0x10 5", "not a thread"),
            ("no size", "1: malloc 0x10", "malloc has 1 words"),
            ("no pointer", "1: malloc", "not <tid>:"),
            ("a pointer that is none", "1: free zz", "not a pointer"),
            ("one time", "1: malloc 0x10 5 100", "1 words too many"),
            ("three times", "1: free 0x10 1 2 3", "3 words too many"),
            ("a time that is none", "1: free 0x10 1 x", "not a time"),
            ("an action that is none", "1: mmap 0x10 5", "no action of")):
        refused(f"memory_replay: {name}", "memory_replay",
                "1: malloc 0x20 5\n" + line + "\n", "log: line 2: ;" + why)


def check_files():
    for name, data in (("nothing", b""), ("empty lines", b"\n\n")):
        refused(name, "logalloc", data, "no line says anything")
    packed = gzip.compress(LOGALLOC_RAW.encode() * 9)
    refused("half of what gzip packed", "logalloc",
            packed[:len(packed) // 2], "log: ")
    refused("what gzip packed, broken", "logalloc",
            packed[:20] + b"\xff" * 20 + packed[40:], "log: ")
    refused("another format", "memory_replay", LOGALLOC_RAW, "line 1: ")
    refused("too many threads", "memory_replay", "".join(
        f"{thread}: malloc {thread + 1:#x} 1\n" for thread in range(65537)),
        "line 65537: more than 65536 threads")
    refused("a process that is not there", "logalloc",
            "1 7 free(#0)\n2 8 free(#0)\n", "no line of process 5; there are "
            "1, 2", "--process", "5")
    refused("nor in a log of one", "logalloc", "1 7 free(#0)\n",
            "no line of process 5; there is 1", "--process", "5")
    refused("--process without processes", "memory_replay", "", "--process",
            "--process", "1")
    done = tap_.run(COMMAND, "import", "--from", "logalloc", "-o",
                    tap.path("out"), tap.path("none"))
    tap.check("refused: a file that is not there", done.returncode == 2
              and "none: No such file" in done.stderr, done.stderr)
    done = tap_.run(COMMAND, "import", "--from", "logalloc", "-o",
                    tap.path("no/out"), tap.path("log"))
    tap.check("refused: a folder that is not there", done.returncode == 2
              and "out: No such file" in done.stderr, done.stderr)
    for words in ([], ["log"], ["log", "--from", "mtrace", "-o", "x"]):
        done = tap_.run(COMMAND, "import", *words)
        tap.check(f"wrong use: {words}", done.returncode == 2
                  and "usage: mi-trace import" in done.stderr, done.stderr)


def check_kept():
    """What is there stays, but for a script with --force."""
    words = ("import", "--from", "logalloc", "-o", tap.path("out"),
             tap.path("log"))
    with open(tap.path("log"), "w", encoding="ascii") as file:
        file.write(LOGALLOC_RAW)
    for kind, older, options, wanted in (
            ("a file", b"text", (), "is there and is no script"),
            ("a file", b"text", ("--force",), "is there and is no script"),
            ("a script", b"miscript", (), "--force replaces it"),
            ("a script", b"miscript", ("--force",), "")):
        with open(tap.path("out"), "wb") as file:
            file.write(older)
        done = tap_.run(COMMAND, *words, *options)
        with open(tap.path("out"), "rb") as file:
            kept = file.read() == older
        name = f"{kind} that is there, {''.join(options) or 'no --force'}"
        tap.check(name, (done.returncode, kept) ==
                  ((2, True) if wanted else (0, False))
                  and wanted in done.stderr, done.returncode, done.stderr)
    os.unlink(tap.path("out"))
    done = tap_.run(COMMAND, *words[:4], "/dev/null", tap.path("log"))
    tap.check("a device is written to", done.returncode == 0, done.stderr)


def main():
    for check in (check_logalloc, check_memory_replay, check_mended,
                  check_packed, check_lines, check_files, check_kept):
        check()
    tap.finish()


if __name__ == "__main__":
    sys.exit(main())
