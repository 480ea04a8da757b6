#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Boots the testbed's images in QEMU and judges how they end.

  run.py boot APP [-- ARGUMENT...]      boot one application
  run.py shell [APP]                    boot it on this terminal
  run.py compare [-- ROWS]              SQLite on several allocators, a table
  run.py smallest APP [-- ARGUMENT...]  least memory in which APP succeeds,
                                        for several allocators
  run.py check                          the tests that boot, one line for each

The status is 0 when the guest's program ended with 0, 1 when it failed,
2 for a wrong use or a missing tool, 3 for a crash of the guest, 4 for a guest
that did not end in time, 5 when QEMU itself failed.
"""

import argparse
import os
import re
import selectors
import shutil
import struct
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import report                   # noqa: E402: this folder stays clean
import shell                    # noqa: E402

QEMU = "qemu-system-x86_64"
HERE = os.path.dirname(os.path.abspath(__file__))

# What the guest writes to the exit port; see kernel/layout.h.
EXIT_BASE = 0x10
EXIT_STATUS_MAX = 0x3f
EXIT_CRASH = 0x60

ALLOCATORS = {"buddy", "bump", "mimalloc"}

FAILED, MISUSE, CRASHED, HUNG, NO_MACHINE = 1, 2, 3, 4, 5

# Everything before the guest's first line is the firmware's.
FIRMWARE_END = re.compile(rb"Booting from ROM[^\n]*\n")
FIRMWARE_STUCK = b"Boot failed"

# How a guest says that it has no more memory, at its start or later.
NO_MEMORY = re.compile("out of memory|no frame is left|out of frames|"
                       "no memory for|no heap: |image alone needs|"
                       "too little memory for|did not start the image")


class GuestError(Exception):
    """The run failed; status is that of this program."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status
        self.console = ""       # what the guest printed, unless it was shown

    def ending(self):
        """In two or three words."""
        if NO_MEMORY.search(self.console + str(self)):
            return "out of memory"
        return "crashed" if self.status == CRASHED else "failed"


def say(text):
    print(text, file=sys.stderr, flush=True)


def progress(text):
    """One line of a terminal that changes; nothing anywhere else."""
    if sys.stderr.isatty():
        print("\r\033[K" + text, end="", file=sys.stderr, flush=True)


def image_of(options, app):
    path = os.path.join(options.build, app + ".elf")
    if not os.path.exists(path):
        raise GuestError(MISUSE, f"{path} is not there: build it first "
                         f"(make APPS={app})")
    return path


def image_end(path):
    """The highest address that the image (ELF, 64 bits) is loaded to."""
    with open(path, "rb") as file:
        image = file.read(4096)
    table, = struct.unpack_from("<Q", image, 32)
    size, count = struct.unpack_from("<HH", image, 54)
    end = 0
    for at in range(table, table + size * count, size):
        kind, = struct.unpack_from("<I", image, at)
        start, _, bytes_in_memory = struct.unpack_from("<QQQ", image, at + 24)
        if kind == 1:
            end = max(end, start + bytes_in_memory)
    return end


def command_of(options, app, memory_kib, arguments):
    if not shutil.which(QEMU):
        raise GuestError(MISUSE, f"{QEMU} is missing: install the package "
                         "qemu-system-x86")
    words = [f"mode={options.mode}", f"alloc={options.alloc}"]
    words += options.parameter + ["--"] + arguments
    sleep = "on" if options.verb == "shell" else "off"
    return [QEMU, "-kernel", image_of(options, app), "-m", f"{memory_kib}K",
            "-accel", "tcg", "-icount", f"shift=0,sleep={sleep}",
            "-cpu", "max", "-nodefaults", "-no-reboot", "-nographic",
            "-serial", "stdio", "-device",
            "isa-debug-exit,iobase=0xf4,iosize=4",
            "-append", " ".join(words)]


def machine_failed(code, console):
    """QEMU itself ended: before a guest ran, what is printed is QEMU's own."""
    why = f"{QEMU} failed with status {code}"
    said = " ".join(console.decode(errors="replace").split())
    if said and not FIRMWARE_END.search(console):
        why += f": {said}"
    return GuestError(NO_MACHINE, why)


def judge(code, console):
    """Turns QEMU's status into nothing or a GuestError."""
    if code == 0:
        raise GuestError(CRASHED, "the machine was reset without a word: too "
                         "little memory to start, or a fault in a fault")
    if code % 2 == 0 or code < 0:
        raise machine_failed(code, console)
    value = code // 2
    if value == EXIT_CRASH:
        reason = re.search(rb"(CRASH|CRIT): (.*)", console)
        what = reason.group(2).decode(errors="replace").strip() \
            if reason else "no reason given"
        raise GuestError(CRASHED, f"the guest crashed: {what}")
    if value < EXIT_BASE or value > EXIT_BASE + EXIT_STATUS_MAX:
        raise machine_failed(code, console)
    if value != EXIT_BASE:
        raise GuestError(FAILED, "the guest's program failed with status "
                         f"{value - EXIT_BASE}")


def boot(options, app, memory_kib, arguments, show):
    """Runs to the end; the guest's console, or a GuestError that has it."""
    command = command_of(options, app, memory_kib, arguments)
    needed_kib = image_end(image_of(options, app)) // 1024 + 1
    if memory_kib < needed_kib:
        raise GuestError(FAILED, f"too little memory: the image alone needs "
                         f"{needed_kib} KiB")
    console = b""
    shown = 0
    limit = time.monotonic() + options.timeout
    guest = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
    selector = selectors.DefaultSelector()
    selector.register(guest.stdout, selectors.EVENT_READ)
    try:
        while True:
            left = limit - time.monotonic()
            if left <= 0:
                raise GuestError(HUNG, "the guest did not end within "
                                 f"{options.timeout} seconds")
            if not selector.select(min(left, 1)):
                continue
            part = os.read(guest.stdout.fileno(), 65536)
            if not part:
                break
            console += part
            if FIRMWARE_STUCK in console:
                raise GuestError(NO_MACHINE, "the firmware did not start "
                                 "the image: too little memory?")
            if show:
                shown = print_new(console, shown)
        judge(guest.wait(), console)
    except GuestError as error:
        if not show:
            error.console = clean(console).decode(errors="replace")
        raise
    finally:
        if guest.poll() is None:
            guest.kill()
            guest.wait()
    return clean(console).decode(errors="replace")


def clean(console):
    """The guest's own output; nothing while the firmware still runs."""
    end = FIRMWARE_END.search(console)
    return console[end.end():].replace(b"\r", b"") if end else b""


def print_new(console, shown):
    """Prints what came after "shown" bytes of the guest's own output."""
    text = clean(console)
    sys.stdout.write(text[shown:].decode(errors="replace"))
    sys.stdout.flush()
    return len(text)


def verb_boot(options, arguments):
    boot(options, options.app, options.memory * 1024, arguments, True)


def verb_shell(options, arguments):
    command = command_of(options, options.app, options.memory * 1024,
                         arguments)
    code, console = shell.shell(command, FIRMWARE_END)
    if code is not None:
        judge(code, console)


def run_of(options, arguments):
    """One allocator's part of the comparison, out of memory or not."""
    ending = error = None
    try:
        console = boot(options, "sqlite_bench", options.memory * 1024,
                       arguments, False)
    except GuestError as caught:
        if caught.status in (MISUSE, NO_MACHINE) \
                and caught.ending() != "out of memory":
            raise
        error, console, ending = caught, caught.console, caught.ending()
    if options.verbose:
        print(console, end="")
    figures = {name: int(value) for name, value in
               re.findall(r"^(\w+) (-?\d+)$", console, re.MULTILINE)}
    samples = [(part, int(done), int(count)) for part, done, count in
               re.findall(r"^sample (\w+) (\d+) (\d+)$", console,
                          re.MULTILINE)]
    return report.Run(options.alloc, figures, samples, ending), error


def verb_compare(options, arguments):
    runs, failures = [], []
    for options.alloc in options.allocs.split(","):
        progress(f"SQLite on {options.alloc} ...")
        run, error = run_of(options, arguments)
        runs.append(run)
        if run.ending not in (None, "out of memory"):
            failures.append(error)
    progress("")
    rows = int(arguments[0]) if arguments else 1000
    print(f"SQLite in a unikernel of {options.memory} MiB, {rows:,} rows, "
          f"heap in mode {options.mode}\n")
    report.print_table(runs, options.mode == "vmem")
    print("\nThe most heap in use:")
    report.print_bars(runs)
    print("\n" + report.verdict(runs, options.memory))
    picture = os.path.realpath(os.path.join(options.output or options.build,
                                            "heap.svg"))
    if report.draw(runs, rows, picture):
        print(f"Heap in use over the rows: {picture}")
    else:
        print("No picture: apt-get install gnuplot-nox")
    if failures:
        raise failures[0]


def smallest(options, arguments):
    """Bisects; success is taken to stay success with more memory."""
    step = options.step
    low, high = 0, options.memory * 1024 // step

    def succeeds(steps):
        progress(f"{options.app} on {options.alloc}, {steps * step:,} KiB ...")
        result = "enough"
        try:
            boot(options, options.app, steps * step, arguments, False)
        except GuestError as error:
            if error.status == MISUSE:
                raise
            result = f"not enough ({error})"
        if options.verbose:
            say(f"{steps * step} KiB: {result}")
        return result == "enough"

    if not succeeds(high):
        raise GuestError(FAILED, f"{options.app} fails on {options.alloc} "
                         f"with {options.memory} MiB already")
    while high - low > 1:
        middle = (low + high) // 2
        if succeeds(middle):
            high = middle
        else:
            low = middle
    return high * step


def verb_smallest(options, arguments):
    found = {}
    for options.alloc in options.allocs.split(","):
        found[options.alloc] = smallest(options, arguments)
    progress("")
    print(f"The least memory for {' '.join([options.app] + arguments)}, "
          f"heap in mode {options.mode}:")
    for alloc, kib in found.items():
        print(f"  {report.NAMES.get(alloc, alloc):28}{kib:>7,} KiB")


# Application, mode, MiB, boot parameters, arguments, expected status.
CHECKS = (
    ("hello", "static", 16, [], ["a"], 0),
    ("conformance", "static", 64, ["junk=all"], [], 0),
    ("conformance", "static", 64, ["first=64", "ranges=4"], ["2"], 0),
    ("conformance", "static", 64, ["first=16"], ["3"], 0),
    ("conformance", "static", 24, [], ["4"], 0),
    ("conformance", "paging", 64, ["junk=all"], [], 0),
    ("conformance", "paging", 24, [], ["5"], 0),
    ("conformance", "vmem", 64, [], [], 0),
    ("conformance", "vmem", 24, [], ["6"], 0),
    ("conformance", "vmem", 128, [], ["7"], 0),
    ("sqlite_bench", "static", 32, [], ["300"], 0),
    ("sqlite_bench", "paging", 32, [], ["300"], 0),
    ("sqlite_bench", "vmem", 32, [], ["300"], 0),
    ("misbehave", "static", 16, [], ["fail"], FAILED),
    ("misbehave", "static", 16, [], ["null"], CRASHED),
    ("misbehave", "paging", 16, [], ["abort"], CRASHED),
    ("misbehave", "vmem", 16, [], ["stack"], CRASHED),
    ("misbehave", "static", 16, ["nonsense=1"], ["fail"], CRASHED),
    ("misbehave", "paging", 16, [], ["hang"], HUNG),
)


def verb_check(options, _):
    failures = guests = 0
    limit = options.timeout
    for app, mode, memory, parameters, arguments, expected in CHECKS:
        if options.alloc == "bump" and app == "conformance" and memory < 64:
            continue  # it never frees: memory runs out
        options.app, options.mode = app, mode
        options.parameter = parameters
        options.timeout = 5 if expected == HUNG else limit
        words = [app, mode, f"{memory} MiB"] + parameters + arguments
        name = f"{options.alloc}: " + " ".join(words)
        try:
            boot(options, app, memory * 1024, arguments, False)
            status, why = 0, "SUCCESS"
        except GuestError as error:
            status, why = error.status, f"{error}\n{error.console}"
        good = status == expected
        guests += 1
        failures += not good
        say(f"{'ok  ' if good else 'FAIL'} {name}"
            + ("" if good else f": {why}"))
    if failures:
        raise GuestError(FAILED, f"{failures} of {guests} failed")
    print(f"SUCCESS: {guests} guests on {options.alloc}")


def parse(words):
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb",
                        choices=("boot", "shell", "compare", "smallest",
                                 "check"))
    parser.add_argument("app", nargs="?")
    parser.add_argument("--mode", default="static",
                        choices=("static", "paging", "vmem"))
    parser.add_argument("--alloc", default="buddy",
                        choices=sorted(ALLOCATORS))
    parser.add_argument("--allocs", default="buddy,mimalloc",
                        help="compare, smallest: names, with commas between")
    parser.add_argument("--memory", type=int, default=64,
                        help="MiB of the machine (64)")
    parser.add_argument("--step", type=int, default=64,
                        help="smallest: KiB between two sizes (64)")
    parser.add_argument("--timeout", type=int, default=300,
                        help="seconds until a guest counts as hung (300)")
    parser.add_argument("--parameter", action="append", default=[],
                        help="a further boot parameter, as log=3")
    parser.add_argument("--build", default=os.path.join(HERE, "build"),
                        help="folder of the images")
    parser.add_argument("--output",
                        help="compare: folder of the picture (the images')")
    parser.add_argument("--verbose", action="store_true",
                        help="compare: show the guests' consoles; smallest: "
                        "each size that is tried")
    options = parser.parse_args(words)
    if not options.app:
        options.app = {"shell": "sqlite_shell"}.get(options.verb)
    if not options.app and options.verb not in ("compare", "check"):
        parser.error("which application?")
    if set(options.allocs.split(",")) - ALLOCATORS:
        parser.error(f"--allocs {options.allocs}: buddy, bump or mimalloc, "
                     "with commas between")
    if options.memory < 1:
        parser.error("--memory: at least 1 MiB")
    return options


def main():
    words, arguments = sys.argv[1:], []
    if "--" in words:
        at = words.index("--")
        words, arguments = words[:at], words[at + 1:]
    options = parse(words)
    verbs = {"boot": verb_boot, "shell": verb_shell,
             "compare": verb_compare, "smallest": verb_smallest,
             "check": verb_check}
    try:
        verbs[options.verb](options, arguments)
    except GuestError as error:
        sys.stdout.write(error.console)
        sys.stdout.flush()
        say(f"run.py: {error}")
        return error.status
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
