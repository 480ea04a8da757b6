# SPDX-License-Identifier: BSD-3-Clause
"""mi-trace replay: a trace on several allocators, in interleaved rounds."""

import argparse
import importlib
import json
import os
import platform
import signal
import statistics
import sys
import time

import allocators
import output
import playing
import scripts
import table

ROUNDS = 5
POINTS = 200
LIMIT_S = 600       # ends a player that hangs
REPEATS = 2         # so often a run that was disturbed is run again
# A play that is shorter than any disturbance is played so often in a row, or
# until it has been played for so long; the fastest counts
PLAYS = 9
PLAYS_S = 0.2
# A run of one thread of which the processor worked on less was disturbed, if
# by more than so many seconds, and one that took so much longer than the median
PROCESSOR_PART = 0.9
PROCESSOR_GAP_S = 0.03
OUTLIER = 1.5
OUTLIERS_OF = 3
FORMAT = "mi-trace-replay 1"
# Options that hold in one of the places only
LINUX = ("rounds", "threads")
UNIKERNEL = ("memory", "heaps", "mode", "arch")


class Progress:
    """One line of a terminal that changes; nothing anywhere else."""

    def __init__(self, total):
        self.total, self.done = total, 0
        self.started = time.monotonic()
        self.shown = sys.stderr.isatty()

    def next(self, what):
        if self.shown:
            left = ""
            if self.done:
                seconds = (time.monotonic() - self.started) / self.done \
                    * (self.total - self.done)
                left = f"; about {seconds / 60:.0f} min left" \
                    if seconds >= 60 else f"; about {seconds:.0f} s left"
            print(f"\r\033[K{100 * self.done // self.total} %, {what}{left}",
                  end="", file=sys.stderr, flush=True)
        self.done = min(self.done + 1, self.total)

    def clear(self):
        if self.shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


class Replays:
    """What came of each allocator, as the JSON has it."""

    def __init__(self, script, found, options):
        self.script, self.options = script, options
        self.found = {one.name: one for one in found}
        self.rows = [{"name": one.name, "path": one.path,
                      "failed": one.missing or None, "runs": []}
                     for one in found]
        usable = sum(not row["failed"] for row in self.rows)
        self.progress = Progress(usable * (options.rounds + 1))

    def fail(self, row, why):
        self.progress.clear()
        print(f"mi-trace: {row['name']}: {why}", file=sys.stderr)
        row["failed"] = why

    def play(self, row, *options, threads=None):
        """The result; None where it failed, which the row says then."""
        threads = threads or self.options.threads
        if threads:
            options += ("--threads", str(threads))
        played = playing.play(self.script, self.found[row["name"]],
                              self.options.limit, *options)
        if played.failed:
            self.fail(row, played.failed)
        return played.result

    def fastest(self, row):
        """Of some plays, where they are short; None where one failed."""
        best, spent, plays = None, 0, 0
        while plays < PLAYS and spent < PLAYS_S:
            result = self.play(row)
            if result is None:
                return None
            plays += 1
            spent += result["seconds"]
            if best is None or result["seconds"] < best["seconds"]:
                best = result
        return {**best, "plays": plays}

    def timed(self, row, number):
        """One run, which is repeated where it was disturbed."""
        for _ in range(1 + REPEATS):
            result = self.fastest(row)
            if result is None:
                return
            if not disturbed(result):
                break
        names = ("seconds", "processor_seconds", "instructions",
                 "peak_rss_kib", "final_rss_kib", "waits", "plays")
        row["runs"].append({"round": number, "disturbed": disturbed(result),
                            **{name: result[name] for name in names}})
        row["instructions_reason"] = result.get("instructions_reason")

    def rounds(self):
        """Each round begins with another allocator."""
        for number in range(1, self.options.rounds + 1):
            at = (number - 1) % len(self.rows)
            for row in self.rows[at:] + self.rows[:at]:
                if not row["failed"]:
                    self.progress.next(f"round {number} of "
                                       f"{self.options.rounds}: "
                                       f"{row['name']}")
                    self.timed(row, number)

    def outliers(self):
        """Those that lie far above the median of their like are run again."""
        for row in self.rows:
            if row["failed"] or len(row["runs"]) < OUTLIERS_OF:
                continue
            limit = OUTLIER * statistics.median(
                run["seconds"] for run in row["runs"])
            for run in [run for run in row["runs"]
                        if run["seconds"] > limit]:
                row["runs"].remove(run)
                self.timed(row, run["round"])
                if row["failed"]:
                    break
            row["runs"].sort(key=lambda run: run["round"])

    def details(self):
        """The timeline, and what each kind of call takes, in a run that is
        not timed; the map in another, where there are several threads."""
        for row in self.rows:
            if row["failed"]:
                continue
            self.progress.next(f"timeline: {row['name']}")
            one = self.options.threads == 1 or \
                scripts.header_of(self.script)["threads"] <= 1
            result = self.play(row, "--kinds", "--drain", "--timeline",
                               str(self.options.timeline),
                               *["--map"] * one)
            names = ("drained_rss_kib", "at_peak", "timeline", "kinds",
                     "threads", "played_threads", "threads_at_once")
            row.update({name: result[name] for name in names}
                       if result else {})
            if result and not one:
                result = self.play(row, "--map", threads=1)
            row["map"] = result.get("map") if result else None

    def all(self):
        self.rounds()
        self.outliers()
        self.details()


def disturbed(result):
    """Where several threads play it cannot be told."""
    seconds = result["seconds"]
    processor = result["processor_seconds"]
    return (result["played_threads"] <= 1
            and processor < PROCESSOR_PART * seconds
            and seconds - processor > PROCESSOR_GAP_S)


def median_of(runs, name):
    values = [run[name] for run in runs if run[name] is not None]
    return statistics.median(values) if values else None


def summarise(row):
    """Medians over the runs, as fields of the row."""
    runs = row["runs"]
    if runs:
        seconds = [run["seconds"] for run in runs]
        row["seconds"] = {"median": statistics.median(seconds),
                          "min": min(seconds), "max": max(seconds)}
        row["disturbed"] = sum(run["disturbed"] for run in runs)
        for name in ("processor_seconds", "instructions", "peak_rss_kib",
                     "final_rss_kib"):
            row[name] = median_of(runs, name)


def on_linux(script, options):
    """Replays a script; the JSON's object. options: those of the verb."""
    found, absent = allocators.chosen(options.on)
    options.rounds = options.rounds or ROUNDS
    options.timeline = options.timeline or POINTS
    options.limit = options.limit or LIMIT_S
    for one in absent:
        print(f"mi-trace: {one.name} is left out: {one.missing}",
              file=sys.stderr)
    replays = Replays(script, found, options)
    complete = True
    try:
        replays.all()
    except KeyboardInterrupt:
        complete = False
    finally:
        replays.progress.clear()
    for row in replays.rows:
        summarise(row)
    return {"complete": complete, "rounds": options.rounds,
            "machine": {"processors": os.cpu_count(),
                        "architecture": platform.machine(),
                        "kernel": platform.release()},
            "allocators": replays.rows}


def the_unikernel():
    """unikernel.py beside this file. It is loaded only where it is asked for,
    as it takes the modules of testbed/."""
    return importlib.import_module("unikernel")


def in_unikernel(script, options):
    unikernel = the_unikernel()
    names = scripts.names_in(options.on) if options.on is not None else []
    try:
        return unikernel.run(script, names, options)
    except (unikernel.ReplayError, unikernel.guest.GuestError) as error:
        raise scripts.TraceError(str(error)) from None


def replayed(path, options):
    """A trace's replay, whole, as the JSON has it."""
    with scripts.script_of(path) as (script, compiled):
        missing = scripts.missing(compiled) if compiled else []
        for what in missing:
            print(f"mi-trace: {path}: {what}; what there is is replayed",
                  file=sys.stderr)
        run = in_unikernel if options.where == "unikernel" else on_linux
        return {"format": FORMAT, "trace": path, "where": options.where,
                "compiled": compiled, "missing": missing,
                "script": scripts.header_of(script),
                **run(script, options)}


def write(path, replay):
    """'-' is standard output."""
    if path == "-":
        json.dump(replay, sys.stdout, indent=1)
        print()
        return
    with output.output_file(path, "w") as file:
        json.dump(replay, file, indent=1)
        file.write("\n")


def misplaced(options):
    """Why an option does not go with the place; '' where all do."""
    if options.where == "linux":
        given = [name for name in UNIKERNEL if getattr(options, name)]
        where = "needs --in unikernel"
    else:
        given = [name for name in LINUX if getattr(options, name)]
        where = "does not go with --in unikernel"
    return f"--{given[0]} {where}" if given else ""


def run(options):
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    wrong = misplaced(options)
    if wrong:
        print(f"mi-trace: {wrong}", file=sys.stderr)
        return 2
    try:
        replay = replayed(options.trace, options)
        if options.json:
            write(options.json, replay)
    except scripts.TraceError as error:
        print(f"mi-trace: {error}", file=sys.stderr)
        return 2
    if options.json != "-":
        table.head(replay)
        if options.where == "unikernel":
            the_unikernel().show(replay["allocators"])
        else:
            table.show(replay)
    if not replay["complete"]:
        print("mi-trace: stopped; this is what there is so far",
              file=sys.stderr)
        return 130
    return 1 if any(row["failed"] for row in replay["allocators"]) else 0


def number(least, most):
    def parse(text):
        if not text.isascii() or not text.isdigit() \
                or not least <= int(text[:20]) <= most:
            raise argparse.ArgumentTypeError(
                f"{text}: has to be a number from {least} to {most}")
        return int(text)
    return parse


def add(verbs):
    parser = verbs.add_parser(
        "replay", help="play a trace on several allocators",
        description="Plays a trace, or a script, on several allocators in "
        "turn: how long it takes, and the memory. Status: 0, with a line that "
        "says so where the trace is damaged or lacks calls; 1 where an "
        "allocator failed, 2 for a wrong use or trace, 130 when stopped.")
    option = parser.add_argument
    option("trace", metavar="TRACE")
    option("--on", metavar="NAMES",
           help="allocators with commas between: " +
           ", ".join(allocators.names()) + ", a library's path, NAME=PATH "
           "(all that are installed), where mimalloc is Debian's package; in "
           "the unikernel buddy, tlsf, bump, mimalloc (all), where mimalloc is "
           "this library, as is ours")
    option("--in", dest="where", choices=("linux", "unikernel"),
           default="linux", help="where to play it (linux)")
    option("--memory", type=number(1, 1 << 20), metavar="MIB",
           help="of the unikernel's machine")
    option("--heaps", choices=("single", "thread"),
           help="one heap in the unikernel, or one for each thread")
    option("--mode", choices=("static", "paging", "vmem"),
           help="how the unikernel has its memory")
    option("--arch", choices=("x86_64", "arm64"), help="of the unikernel")
    option("--rounds", type=number(1, 1000), metavar="N",
           help=f"how often each is timed ({ROUNDS})")
    option("--threads", type=number(1, 1024), metavar="N",
           help="at most so many threads at once (256)")
    option("--timeline", type=number(1, 100000), metavar="N",
           help=f"points of the timeline ({POINTS})")
    option("--limit", type=number(1, 1 << 20), metavar="S",
           help=f"seconds after which one that plays is ended ({LIMIT_S} on "
           "Linux)")
    option("--json", metavar="OUT",
           help="write all to this file; -: to standard output, and no table")
    parser.set_defaults(run=run)
