#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""mi-trace-play: plays each kind of call, counts what is live, finds an
allocator that is wrong. With --player PATH threads only those with many
threads, on another build of it."""

import argparse
import json
import os
import sys

import tap as tap_
from make_script import (ALIGNED, CALLOC, FREE, MALLOC, REALLOC, Script,
                         random_script)

OURS = os.path.join(tap_.BUILD, "libmimalloc.so")
NAMES = {MALLOC: "malloc", CALLOC: "calloc", REALLOC: "realloc",
         ALIGNED: "aligned", FREE: "free"}
tap = tap_.Tap()
player = os.path.join(tap_.BUILD, "trace", "mi-trace-play")


def play(script, *options, **more):
    path = tap.path("script")
    script.write(path)
    return tap_.run(player, *options, path, **more)


def result_of(name, done):
    """What it printed; None, and a failed point, where it failed."""
    try:
        if done.returncode == 0 and not done.stderr:
            return json.loads(done.stdout)
        why = f"status {done.returncode}"
    except ValueError as error:
        why = str(error)
    tap.check(name, False, why, done.stderr, done.stdout)
    return None


def small(threads=1, operations=3000, seed=1, live=200):
    return random_script(operations, threads, seed, live, largest=9)


def every_kind():
    """A script of every kind, with sizes at which something changes."""
    script, slots = Script(), []
    sizes = [0, 1, 7, 8, 9, 15, 16, 17, 100, 4095, 4096, 4097, 8192, 8193,
             70000, 1 << 20, (1 << 20) + 1]
    for kind in (MALLOC, CALLOC):
        slots += [script.make(size, kind) for size in sizes]
    for align in range(23):
        slots.append(script.make(sizes[align % len(sizes)], ALIGNED, 0, align))
    for number, slot in enumerate(slots):
        for step in (1, 5, 11):
            script.resize(slot, sizes[1:][(number * step) % 16])
    for slot in slots[::2]:
        script.drop(slot)
    return script


def check_kinds():
    script = every_kind()
    wanted = {name: sum(operation[0] == kind
                        for operation in script.operations)
              for kind, name in NAMES.items()}
    for name, library in (("glibc", None), ("ours", OURS)):
        title = f"{name}: a script of every kind"
        result = result_of(title, play(script, "--verify", "--kinds",
                                       "--drain", preload=library))
        if result is None:
            continue
        tap.same(f"{title}, all calls timed",
                 {kind: cost["calls"]
                  for kind, cost in result["kinds"].items()}, wanted)
        spent = sum(cost["seconds"] for cost in result["kinds"].values())
        tap.check(f"{title}, in less than all of the time",
                  0 < spent < result["seconds"], spent, result["seconds"])
        tap.check(f"{title}, malloc is of its library",
                  os.path.basename(result["allocator"]).startswith(
                      "libmimalloc" if library else "libc."),
                  result["allocator"])


def check_live(name, script, points, *options):
    result = result_of(name, play(script, "--timeline", points, *options))
    if result is None:
        return
    tap.same(f"{name}: live bytes at each point",
             [point["live_bytes"] for point in result["timeline"]],
             [script.lives[point["operation"] - 1]
              for point in result["timeline"]])
    at = {len(script.operations) * (i + 1) // points for i in range(points)}
    at = (at | {script.peak_at + 1}) - {0}
    tap.same(f"{name}: the points are where they should be",
             [point["operation"] for point in result["timeline"]], sorted(at))
    tap.same(f"{name}: the peak",
             (result["at_peak"]["operation"], result["at_peak"]["live_bytes"],
              result["peak_bytes"]),
             (script.peak_at + 1, script.peak, script.peak))
    tap.same(f"{name}: the end", result["final_bytes"], script.live)


def check_timeline():
    check_live("10 points", small(seed=2), 10)
    check_live("a point at each operation", small(seed=3), 3000)
    check_live("more points than operations", small(operations=40), 100)
    check_live("six threads in one", small(6, seed=4), 500, "--threads", "1")
    result = result_of("an empty script", play(Script(), "--timeline", 5))
    if result:
        tap.same("an empty script has no point", result["timeline"], [])
        tap.same("an empty script takes no memory",
                 (result["final_rss_kib"], result["peak_bytes"]),
                 (result["early_kib"], 0))


def check_memory():
    """Blocks of 128 KiB and more are mapped one by one by glibc."""
    script, mib = Script(), 1 << 20
    slots = [script.make(mib) for _ in range(32)]
    for slot in slots[8:]:
        script.drop(slot)
    result = result_of("memory", play(script, "--drain", "--timeline", 64))
    if result is None:
        return
    peak, final = result["peak_rss_kib"], result["final_rss_kib"]
    tap.check("the peak is resident, and little more",
              peak is None or 32 << 10 <= peak < 33 << 10, peak)
    tap.check("what is left at the end is resident, and little more",
              8 << 10 <= final < 9 << 10, final)
    tap.check("freed it is not", result["drained_rss_kib"] < 1 << 10,
              result["drained_rss_kib"])
    grown = [point["rss_kib"] for point in result["timeline"]][:31]
    tap.check("block by block", all(number * 1024 <= kib < number * 1024 + 512
                                    for number, kib in enumerate(grown, 1)),
              grown)
    tap.check("instructions are counted, or it says why not",
              isinstance(result["instructions"], int)
              or len(result["instructions_reason"]) > 10, result)


def check_map():
    script = small(seed=5)
    result = result_of("a map", play(script, "--map", preload=OURS))
    if result:
        used = sum(area["used"] * area["block_bytes"]
                   for area in result["map"])
        held = sum(area["bytes"] for area in result["map"])
        tap.check("the areas hold what is live", script.peak <= used <= held,
                  script.peak, used, held)
    result = result_of("no map", play(script, "--map"))
    if result:
        tap.check("glibc has no map, and that is said",
                  result["map"] is None and result["map_reason"], result)


def check_threads(with_ours=True):
    libraries = [("glibc", None)] + [("ours", OURS)] * with_ours
    for threads, operations in ((2, 4000), (3, 4000), (16, 6000), (64, 6000)):
        script = small(threads, operations, seed=threads)
        for name, library in libraries:
            title = f"{name}: {threads} threads that free each other's blocks"
            result = result_of(title, play(script, "--verify", "--timeline",
                                           "50", preload=library))
            if result:
                tap.same(title, (result["played_threads"],
                                 result["final_bytes"]),
                         (threads, script.live))
    check_window()
    check_generations()
    script = small(40, 4000, seed=7)
    result = result_of("fewer threads", play(script, "--threads", "3"))
    if result:
        tap.same("40 threads in 3",
                 (result["threads"], result["played_threads"],
                  result["final_bytes"]), (40, 3, script.live))


def check_window():
    """Of two threads that share nothing one does all its work, and then the
    other: so it is played, too."""
    script, mib = Script(), 1 << 20
    for thread in (0, 1):
        for _ in range(5000):
            script.drop(script.make(16, MALLOC, thread), thread)
        slots = [script.make(mib, MALLOC, thread) for _ in range(20)]
        for _ in range(30000):
            script.drop(script.make(16, MALLOC, thread), thread)
        for slot in slots:
            script.drop(slot, thread)
    # Both live all the time
    script.drop(script.make(16, MALLOC, 0), 0)
    result = result_of("window", play(script, "--timeline", 4000))
    if result:
        peak = max(point["live_bytes"] for point in result["timeline"])
        tap.check("threads that worked in turn are not live at once",
                  20 * mib <= peak < 30 * mib, peak)
        tap.same("they are threads at once", result["threads_at_once"], 2)


def check_generations():
    """Each thread frees what the one before has left."""
    script, slot = Script(), None
    for thread in range(3000):
        made = script.make(100, MALLOC, thread)
        if slot is not None:
            script.drop(slot, thread)
        slot = made
    result = result_of("generations", play(script, "--verify"))
    if result:
        tap.same("3000 threads, one after the other",
                 (result["played_threads"], result["threads_at_once"],
                  result["final_bytes"]), (3000, 1, 100))


def check_broken():
    broken = tap_.compiled(tap, "broken", "-shared", "-fPIC")
    script = small(seed=8, operations=4000)
    faults = {
        "twice": "does not hold what was written",
        "overlap": "does not hold what was written",
        "scribble": "does not hold what was written",
        "lost": "has lost what was written",
        "unaligned": "is not aligned",
        "odd": "is not aligned",
        "dirty": "is not zeroed",
        "none": "no memory",
    }
    for fault, text in faults.items():
        done = play(script, preload=broken, environment={"BROKEN": fault})
        tap.check(f"an allocator that is wrong is found: {fault}",
                  done.returncode == 1 and text in done.stderr
                  and "operation " in done.stderr and not done.stdout,
                  done.returncode, done.stderr)
    for fault in ("tail", "dirty_end"):
        done = play(script, "--verify", preload=broken,
                    environment={"BROKEN": fault})
        tap.check(f"with --verify also: {fault}", done.returncode == 1
                  and "operation " in done.stderr, done.returncode,
                  done.stderr)
    done = play(script, preload=broken, environment={"COUNT": "1"})
    blocks = sum(operation[0] != FREE for operation in script.operations)
    tap.same("the player calls malloc only for the script",
             (done.returncode, done.stderr), (0, f"{blocks} blocks\n"))
    check_place(broken)
    check_early(broken)


def check_early(broken):
    """What it has before main() is its own, and glibc has some KiB."""
    script = Script()
    script.make(100)
    result = result_of("early", play(script, preload=broken,
                                     environment={"EARLY": str(4 << 20)}))
    if result:
        tap.check("memory taken before main() counts",
                  4096 <= result["early_kib"] <= 4096 + 100
                  and 4096 <= result["final_rss_kib"] <= 4096 + 200, result)
    result = result_of("not early", play(script))
    if result:
        tap.check("glibc has none then", result["early_kib"] <= 100, result)


def check_place(broken):
    """The operation that it names."""
    script = Script()
    for number in range(120):
        script.make(40, MALLOC, number % 2)
    done = play(script, "--threads", "1", preload=broken,
                environment={"BROKEN": "none"})
    tap.check("it names the operation of the script",
              "operation 50, malloc (40 bytes)" in done.stderr, done.stderr)


def main():
    global player
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--player", default=player)
    parser.add_argument("only", nargs="?", choices=["threads"])
    options = parser.parse_args()
    player = os.path.abspath(options.player)
    if options.only:
        check_threads(with_ours=False)
        tap.finish()
    for check in (check_kinds, check_timeline, check_memory, check_map,
                  check_threads, check_broken):
        check()
    tap.finish()


if __name__ == "__main__":
    sys.exit(main())
