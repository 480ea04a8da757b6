# SPDX-License-Identifier: BSD-3-Clause
"""mi-trace import: logs of other tools' formats, as scripts. README.md in this
folder has the formats, and what becomes of a log that is not whole."""

import argparse
import gzip
import io
import os
import sys
import time
import zipfile
import zlib

import importing_lines
import scripts
import wording
import writing

PROGRESS_LINES = 100000
PROCESSES_TOLD = 9
FORMATS = {"logalloc": importing_lines.Logalloc,
           "memory_replay": importing_lines.MemoryReplay}
# What is counted, and one of it
SINGULAR = {"calls for statistics": "call for statistics",
            "calls that failed": "call that failed",
            "frees of NULL": "free of NULL",
            "frees of unknown blocks": "free of an unknown block",
            "frees that the log lacks": "free that the log lacks",
            "lines of other processes": "line of another process",
            "reallocs of unknown blocks": "realloc of an unknown block"}


class Blocks:
    """The blocks of a log by their addresses, and the script that grows. What
    a log lacks is mended, and counted by its reason."""

    def __init__(self, script):
        self.script, self.slots, self.counts = script, {}, {}

    def count(self, reason):
        self.counts[reason] = self.counts.get(reason, 0) + 1

    def drop(self, thread, address):
        slot = self.slots.pop(address, None)
        if slot is None:
            self.count("frees of unknown blocks")
        else:
            self.script.drop(thread, slot)

    def place(self, thread, address, slot):
        """A block is at an address now. If another one is there, its free is
        not in the log."""
        if address in self.slots:
            self.count("frees that the log lacks")
            self.script.drop(thread, self.slots[address])
        self.slots[address] = slot

    def make(self, thread, kind, address, size, align=0):
        if not address:
            self.count("calls that failed")
            return
        # The other one is freed first, so that the slot is used again
        if address in self.slots:
            self.place(thread, address, None)
        self.slots[address] = self.script.make(thread, kind, size, align)

    def resize(self, thread, old, address, size):
        if not old:
            self.make(thread, scripts.MALLOC, address, size)
        elif not address and size:
            self.count("calls that failed")
        elif not size or old not in self.slots:
            # C leaves it open whether a block of 0 bytes is there then
            if size:
                self.count("reallocs of unknown blocks")
            else:
                self.drop(thread, old)
            if address:
                self.make(thread, scripts.MALLOC, address, size)
        else:
            slot = self.slots.pop(old)
            self.script.resize(thread, slot, size)
            self.place(thread, address, slot)


def opened(path):
    """The lines of a file, which may be packed by gzip, or alone in a zip."""
    if path == "-":
        return io.TextIOWrapper(sys.stdin.buffer, errors="replace")
    raw = open(path, "rb")
    begin = raw.read(4)
    raw.seek(0)
    if begin.startswith(b"\x1f\x8b"):
        raw = gzip.GzipFile(fileobj=raw)
    elif begin == b"PK\x03\x04":
        members = zipfile.ZipFile(raw)
        if len(members.namelist()) != 1:
            raise scripts.TraceError(f"{path}: a zip of several files")
        raw = members.open(members.namelist()[0])
    return io.TextIOWrapper(raw, errors="replace")


def numbered(path):
    """The lines that say something, with their numbers; tells how far it is
    on a terminal."""
    shown, started = sys.stderr.isatty(), time.monotonic()
    with opened(path) as file:
        for number, line in enumerate(file, 1):
            if shown and number % PROGRESS_LINES == 0:
                seconds = time.monotonic() - started
                print(f"\r\033[K{number:,} lines in {seconds:.0f} s", end="",
                      file=sys.stderr, flush=True)
            if line.strip():
                yield number, line.strip()
    if shown:
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def read_all(options, blocks):
    """Adds all lines of the log."""
    reader = FORMATS[options.format](blocks, options.process)
    number, line = 0, ""
    try:
        for number, line in numbered(options.log):
            reader.line(line)
    except ValueError as error:
        raise scripts.TraceError(f"{options.log}: line {number}: {error}: "
                                 f"{line[:100]!r}") from None
    except (EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise scripts.TraceError(f"{options.log}: {error}") from None
    except OSError as error:
        raise scripts.TraceError(f"{options.log}: "
                                 f"{error.strerror or error}") from None
    if not number:
        raise scripts.TraceError(f"{options.log}: no line says anything")
    if reader.process is not None and reader.process not in reader.processes:
        raise scripts.TraceError(
            f"{options.log}: no line of process {reader.process}; there "
            + listed(sorted(reader.processes, key=int)))


def listed(processes):
    """The first of them, as what there is or are."""
    more = ", ..." if len(processes) > PROCESSES_TOLD else ""
    return ("is " if len(processes) == 1 else "are ") \
        + ", ".join(processes[:PROCESSES_TOLD]) + more


def make_way(path, force):
    """TraceError where a file is there that stays; a device is written to."""
    if not os.path.isfile(path):
        return
    if not scripts.is_script(path):
        raise scripts.TraceError(f"{path} is there and is no script; it stays "
                                 "as it is")
    if not force:
        raise scripts.TraceError(f"{path} is there; --force replaces it")


def run(options):
    if options.process is not None and options.format != "logalloc":
        print("mi-trace: --process is for --from logalloc", file=sys.stderr)
        return 2
    try:
        make_way(options.output, options.force)
        with writing.script_at(options.output) as script:
            blocks = Blocks(script)
            read_all(options, blocks)
    except scripts.TraceError as error:
        print(f"mi-trace: {error}", file=sys.stderr)
        return 2
    print(f"{options.output}: {wording.count(script.operations, 'operation')} "
          f"of {wording.count(script.threads, 'thread')}, at most "
          f"{wording.size(script.peak)} live, {wording.size(script.live)} at "
          "the end")
    for reason, count in sorted(blocks.counts.items()):
        print(wording.count(count, SINGULAR[reason], reason))
    return 0


def process(text):
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text}: is no process")
    return text


def add(verbs):
    parser = verbs.add_parser(
        "import", help="make a script of another tool's log",
        description="Makes a script of a log of Firefox's logalloc or of "
        "Android's memory_replay, which the other verbs take as they take a "
        "trace. Status: 2 for a wrong use or log.")
    option = parser.add_argument
    option("log", metavar="LOG",
           help="may be packed by gzip, or alone in a zip; -: standard input")
    option("--from", dest="format", required=True, choices=sorted(FORMATS),
           help="the log's format")
    option("-o", "--output", metavar="OUT", required=True, help="the script")
    option("--force", action="store_true",
           help="replace an older script of that name")
    option("--process", type=process, metavar="PID",
           help="of a log of several; that of the first line without this")
    parser.set_defaults(run=run)
