#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Boots the testbed's images in QEMU and judges how they end.

  run.py boot APP [-- ARGUMENT...]      boot one application
  run.py shell [APP]                    boot it on this terminal
  run.py compare [APP] [-- NUMBER]      a workload on several allocators, a
                                        table: SQLite if none is named
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
import sys

sys.dont_write_bytecode = True
import recording                # noqa: E402: this folder stays clean
import report                   # noqa: E402
import shell                    # noqa: E402
from guest import (CRASHED, FAILED, HUNG, MISUSE, NO_MACHINE,  # noqa: E402
                   GuestError, boot, command_of, judge, machine_of,
                   require_allocator)
from workloads import WORKLOADS     # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))

ALLOCATORS = ("buddy", "tlsf", "bump", "mimalloc")
CPUS_MAX = 4


def say(text):
    print(text, file=sys.stderr, flush=True)


def progress(text):
    """One line of a terminal that changes; nothing anywhere else."""
    if sys.stderr.isatty():
        print("\r\033[K" + text, end="", file=sys.stderr, flush=True)


def each_allocator(options, what):
    """Sets options.alloc to one after the other, all of which the image has,
    and tells which one is at work, on a terminal or not."""
    for options.alloc in options.allocs.split(","):
        require_allocator(options)
    for options.alloc in options.allocs.split(","):
        text = f"{what} on {options.alloc} ..."
        progress(text)
        if not sys.stderr.isatty():
            say(text)
        yield options.alloc
    progress("")


def verb_boot(options, arguments):
    require_allocator(options)
    try:
        if options.record:
            options.recording = recording.Recording(options.record,
                                                    options.memory * 1024)
        try:
            boot(options, options.memory * 1024, arguments, True)
        finally:
            if options.record:
                say(options.recording.finish())
    except recording.RecordError as error:
        if isinstance(error.__context__, GuestError):
            raise error.__context__     # why the guest has recorded nothing
        raise GuestError(MISUSE, str(error)) from None


def verb_shell(options, arguments):
    require_allocator(options)
    command = command_of(options, options.memory * 1024, arguments)
    machine = machine_of(options)
    code, console = shell.shell(command, machine.firmware_end)
    if code is not None:
        judge(machine, code, console)


def run_of(options, arguments):
    """One allocator's part of the comparison, out of memory or not."""
    ending = error = None
    try:
        console = boot(options, options.memory * 1024, arguments, False)
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
    work = WORKLOADS[options.app]
    runs, failures = [], []
    for _ in each_allocator(options, work.name):
        run, error = run_of(options, arguments)
        runs.append(run)
        if run.ending not in (None, "out of memory"):
            failures.append(error)
    size = int(arguments[0]) if arguments else 1000
    print(f"{work.name} in a unikernel of {options.memory} MiB, {size:,} "
          f"{work.size}, heap in mode {options.mode}\n")
    report.print_table(work, runs, options.mode == "vmem")
    print("\nThe most heap in use:")
    report.print_bars(runs)
    print("\n" + report.verdict(work, runs, options.memory))
    picture = os.path.realpath(os.path.join(options.output or options.build,
                                            work.picture))
    if report.draw(work, runs, size, picture):
        print(f"Heap in use over the {work.over}: {picture}")
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
            boot(options, steps * step, arguments, False)
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
    for alloc in each_allocator(options, options.app):
        found[alloc] = smallest(options, arguments)
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
    options.app = CHECKS[0][0]
    require_allocator(options)
    for app, mode, memory, parameters, arguments, expected in CHECKS:
        if options.alloc == "bump" and app == "conformance" and memory < 64:
            continue  # it never frees: memory runs out
        options.app, options.mode = app, mode
        options.parameter = parameters
        options.timeout = 5 if expected == HUNG else limit
        words = [app, mode, f"{memory} MiB"] + parameters + arguments
        name = f"{options.alloc}: " + " ".join(words)
        try:
            boot(options, memory * 1024, arguments, False)
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
                        choices=ALLOCATORS)
    parser.add_argument("--allocs", default="buddy,tlsf,mimalloc",
                        help="compare, smallest: names, with commas between")
    parser.add_argument("--memory", type=int, default=64,
                        help="MiB of the machine (64)")
    parser.add_argument("--cpus", type=int, default=1,
                        help="CPUs of the machine, up to 4 (1)")
    parser.add_argument("--parallel", action="store_true",
                        help="several CPUs at once, instructions not counted")
    parser.add_argument("--step", type=int, default=64,
                        help="smallest: KiB between two sizes (64)")
    parser.add_argument("--timeout", type=int, default=300,
                        help="seconds until a guest counts as hung (300)")
    parser.add_argument("--parameter", action="append", default=[],
                        help="a further boot parameter, as log=3")
    parser.add_argument("--record", metavar="FILE",
                        help="boot: write the calls on the heap to this file, "
                        "as a script of trace/script.h")
    parser.add_argument("--build", default=os.path.join(HERE, "build"),
                        help="folder of the images")
    parser.add_argument("--output",
                        help="compare: folder of the picture (the images')")
    parser.add_argument("--verbose", action="store_true",
                        help="compare: show the guests' consoles; smallest: "
                        "each size that is tried")
    options = parser.parse_args(words)
    if not options.app:
        options.app = {"shell": "sqlite_shell",
                       "compare": "sqlite_bench"}.get(options.verb)
    if options.verb == "compare" and options.app not in WORKLOADS:
        parser.error(f"{options.app}: compare has {', '.join(WORKLOADS)}")
    if not options.app and options.verb != "check":
        parser.error("which application?")
    if not set(options.allocs.split(",")) <= set(ALLOCATORS):
        parser.error(f"--allocs {options.allocs}: {', '.join(ALLOCATORS)}, "
                     "with commas between")
    if options.record and options.verb != "boot":
        parser.error("--record: for boot")
    if options.memory < 1:
        parser.error("--memory: at least 1 MiB")
    if not 1 <= options.cpus <= CPUS_MAX:
        parser.error(f"--cpus: from 1 to {CPUS_MAX}")
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
