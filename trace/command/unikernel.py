#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Replays a script of a program's allocations in the testbed's unikernel, on
each of its allocators, in exact instructions and bytes of heap.

    trace/command/unikernel.py SCRIPT [--on buddy,tlsf,bump,mimalloc]

run() is what mi-trace replay --in unikernel calls."""

import argparse
import json
import os
import re
import struct
import subprocess
import sys
import types

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "testbed"))
import guest                    # noqa: E402
import scripts                  # noqa: E402

NAMES = ("buddy", "tlsf", "bump", "mimalloc")
ALIASES = {"ours": "mimalloc"}
HEAPS = ("single", "thread")
MODES = ("static", "paging", "vmem")
MEMORY_MIB = 256
STEP_KIB = 64                   # between two sizes of a machine
MEMORY_MAX_MIB = 3000           # beyond it an x86 machine's memory has a gap
SLOT_BYTES = 16                 # of the table in apps/replay/replay.h
WORD_MASK = (1 << 64) - 1

# What mi-trace replay's options are where they are not given. "memory" in MiB,
# "timeline": points, "limit": seconds until a guest counts as hung, "build": a
# folder whose image is made already
DEFAULTS = {"memory": MEMORY_MIB, "mode": "static", "heaps": "single",
            "arch": "x86_64", "timeline": 200, "limit": 1800,
            "smallest": True, "build": None}

HEADER = struct.Struct("<8sIIQQQQQQ")
OUTPUT = re.compile(r"^replay begins\n(.*)^replay ends$", re.M | re.S)
FAILED = re.compile(r"^FAILED: (.*)$", re.M)


class ReplayError(Exception):
    """Nothing can be replayed: a bad script, name or option, no tool."""


def progress(text):
    """One line of a terminal that changes; nothing anywhere else."""
    if sys.stderr.isatty():
        print("\r\033[K" + text, end="", file=sys.stderr, flush=True)


class Script:
    """A file, with what the guest has to know of it."""

    def __init__(self, path):
        self.path = os.path.abspath(path)
        try:
            with open(path, "rb") as file:
                data = file.read()
        except OSError as error:
            raise ReplayError(f"{path}: {error.strerror}") from None
        if len(data) < HEADER.size or data[:8] != b"miscript":
            raise ReplayError(f"{path}: not a script")
        head = HEADER.unpack_from(data)
        self.threads, self.operations, self.slots, self.peak = head[2:6]
        if len(data) != HEADER.size + 16 * self.operations:
            raise ReplayError(f"{path}: not as long as its header says")
        if self.slots > self.operations:
            raise ReplayError(f"{path}: more slots than operations")
        self.bytes = len(data)
        words = struct.unpack(f"<{len(data) // 8}Q", data)
        self.sum = sum(words) & WORD_MASK

    def kept_kib(self):
        """Behind the image: the script and the table of its slots. QEMU makes
        a machine's memory a multiple of 8 KiB."""
        return -(-(self.bytes + self.slots * SLOT_BYTES) // 8192) * 8


def checked(names, options):
    """All that is asked for, with what is left out; ReplayError if wrong."""
    known = types.SimpleNamespace(**{
        name: value if getattr(options, name, None) is None
        else getattr(options, name) for name, value in DEFAULTS.items()})
    known.names = [ALIASES.get(name, name) for name in names]
    for name in known.names:
        if name not in NAMES:
            raise ReplayError(f"{name}: in the unikernel there are "
                              + ", ".join(NAMES) + " (or ours)")
        if known.names.count(name) > 1:
            raise ReplayError(f"--on: {name} is named twice")
    if not 1 <= known.memory <= MEMORY_MAX_MIB:
        raise ReplayError(f"memory: from 1 to {MEMORY_MAX_MIB} MiB")
    if known.heaps not in HEAPS or known.mode not in MODES:
        raise ReplayError(f"heaps: {' or '.join(HEAPS)}; "
                          f"mode: {', '.join(MODES)}")
    return known


def build_images(known):
    """Makes the image; gives its folder."""
    suffix = "" if known.arch == "x86_64" else "-" + known.arch
    folder = os.path.join(ROOT, "build", "testbed" + suffix, known.heaps)
    progress("building the unikernel ...")
    command = ["make", "-s", "--no-print-directory", "-C", ROOT,
               "ARCH=" + known.arch, "testbed-" + known.heaps,
               "TESTBED_APPS=replay"]
    surroundings = {name: value for name, value in os.environ.items()
                    if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, env=surroundings)
    progress("")
    if done.returncode:
        raise ReplayError("the unikernel cannot be built:\n" + done.stdout)
    return folder


def guest_options(script, known, name):
    return types.SimpleNamespace(
        app="replay", build=known.build, mode=known.mode, alloc=name,
        parameter=[], verb="boot", parallel=False, cpus=1,
        timeout=known.limit, load=(script.path, script.kept_kib()))


def words_of(script, known, points):
    words = [str(script.bytes), str(script.sum), str(points)]
    return words + (["threads"] if known.heaps == "thread" else [])


def figures_of(console):
    """What the guest has printed of a replay, or None."""
    found = OUTPUT.search(console)
    if not found:
        return None
    try:
        return json.loads(found.group(1))
    except ValueError:
        return None


def refusal(figures):
    """Why the replay ended early, in words; None where it did not."""
    gone = figures["out_of_memory"]
    return gone and (f"out of memory at operation {gone['operation']:,}: "
                     f"{gone['kind']} of {gone['size']:,} bytes with "
                     f"{gone['available_bytes']:,} available")


def play(script, known, name, memory_kib, points):
    """One replay: its figures, with "failed" where memory was not enough, or
    the guest did not end as it should."""
    options = guest_options(script, known, name)
    try:
        console = guest.boot(options, memory_kib,
                             words_of(script, known, points), False)
    except guest.GuestError as error:
        told = FAILED.search(error.console)
        if error.ending() == "out of memory":
            return {"failed": f"out of memory: {told[1] if told else error}"}
        if told or error.status in (guest.MISUSE, guest.NO_MACHINE):
            raise ReplayError(f"{script.path}, on {name}: "
                              f"{told[1] if told else error}") from None
        return {"failed": str(error)}
    figures = figures_of(console)
    if not figures:
        raise ReplayError(f"{name}: the guest printed no figures")
    return {"failed": refusal(figures), **figures}


def is_enough(script, known, name, memory_kib):
    """Whether the script is played. In a very small machine the firmware may
    also write over it, or not start the image."""
    try:
        return not play(script, known, name, memory_kib, 0)["failed"]
    except ReplayError:
        return False


def smallest_kib(script, known, name, played):
    """The least memory of a machine in which the script is played; success is
    taken to stay success with more. The search begins at what was in use."""
    free = played["heap_at_start_bytes"] - played["peak_heap_bytes"]
    low, high = 0, known.memory * 1024 // STEP_KIB
    guess, width = high - free // 1024 // STEP_KIB, 1
    while high - low > 1:
        middle = guess if low < guess < high else (low + high) // 2
        progress(f"{name}: a machine of {middle * STEP_KIB:,} KiB ...")
        if is_enough(script, known, name, middle * STEP_KIB):
            high, guess = middle, middle - width
        else:
            low, guess = middle, middle + width
        width *= 2
    progress("")
    return high * STEP_KIB


def run_on(script, known, name):
    """All that is measured of one allocator"""
    progress(f"{script.operations:,} operations on {name} ...")
    played = play(script, known, name, known.memory * 1024, known.timeline)
    if known.smallest and not played["failed"]:
        played["smallest_memory_kib"] = smallest_kib(script, known, name,
                                                     played)
    return played


def run(script_path, names, options):
    """What mi-trace replay writes as JSON: a row for each allocator, whose
    "failed" tells why it has no or not all figures, and whether all of them are
    there ("complete"). ReplayError where nothing can be replayed."""
    names = names or list(NAMES)
    known = checked(names, options)
    script = Script(script_path)
    if known.memory * 1024 + script.kept_kib() > MEMORY_MAX_MIB * 1024:
        raise ReplayError(f"{script_path}: does not fit into a machine beside "
                          f"its memory, {MEMORY_MAX_MIB} MiB in all")
    if not known.build:
        known.build = build_images(known)
    rows, complete = [], True
    try:
        for asked, name in zip(names, known.names):
            rows.append({"name": asked, "in": "unikernel",
                         "heaps": known.heaps,
                         **run_on(script, known, name)})
    except KeyboardInterrupt:
        complete = False
    finally:
        progress("")
    return {"complete": complete, "mode": known.mode, "arch": known.arch,
            "memory_kib": known.memory * 1024, "allocators": rows}


def show(rows):
    print(f"{'':12}{'instructions':>14}{'a call':>8}{'worst':>9}"
          f"{'heap, peak':>15}{'at the end':>13}{'least machine':>15}")
    for one in rows:
        if "instructions" not in one:
            print(f"{one['name']:12}{one['failed']}")
            continue
        least = one.get("smallest_memory_kib")
        each = one["instructions"] / max(one["operations"], 1)
        print(f"{one['name']:12}{one['instructions']:14,}{each:8.1f}"
              f"{one['worst_instructions']:9,}{one['peak_heap_bytes']:15,}"
              f"{one['final_heap_bytes']:13,}"
              f"{f'{least:,} KiB' if least else '-':>15}")
        if one["failed"]:
            print(f"{'':12}{one['failed']}")


def parse(words):
    parser = argparse.ArgumentParser(
        description="Replays a script of allocations in the unikernel.")
    parser.add_argument("script")
    parser.add_argument("--on", default=",".join(NAMES),
                        help="allocators, with commas between")
    parser.add_argument("--memory", type=int, default=MEMORY_MIB,
                        help=f"MiB of the machine ({MEMORY_MIB})")
    parser.add_argument("--mode", default="static", choices=MODES)
    parser.add_argument("--heaps", default="single", choices=HEAPS,
                        help="thread: each of the script's has its own")
    parser.add_argument("--arch", default="x86_64",
                        choices=("x86_64", "arm64"))
    parser.add_argument("--timeline", type=int, metavar="POINTS")
    parser.add_argument("--no-smallest", dest="smallest",
                        action="store_false",
                        help="do not search the least memory of the machine")
    parser.add_argument("--build", help="folder of the image, made already")
    parser.add_argument("--limit", type=int, metavar="SECONDS",
                        help="until a guest counts as hung")
    parser.add_argument("--json", help="write the figures to this file")
    return parser.parse_args(words)


def main():
    options = parse(sys.argv[1:])
    try:
        if not Script(options.script).operations:
            raise ReplayError(f"{options.script}: nothing to play: it has no "
                              "operation")
        result = run(options.script, scripts.names_in(options.on), options)
        if options.json:
            with open(options.json, "w", encoding="utf-8") as file:
                json.dump(result, file, indent=1)
    except (ReplayError, guest.GuestError, scripts.TraceError,
            OSError) as error:
        print(f"unikernel.py: {error}", file=sys.stderr)
        return 2
    show(result["allocators"])
    if not result["complete"]:
        return 130
    return any(row["failed"] for row in result["allocators"])


if __name__ == "__main__":
    sys.exit(main())
