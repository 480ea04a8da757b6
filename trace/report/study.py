# SPDX-License-Identifier: BSD-3-Clause
"""A study: what a program asks for and how replays of that went, gathered from
mi-trace-measure and from files of `mi-trace replay --json`.

    program     what was recorded
    measured    what mi-trace-measure prints
    conditions  sentences: the machine, when, how
    linux       a side, or None; compare.py has what a side is
    unikernel   the same

A round of a side has, beside what compare.py wants: final (bytes left),
smallest (bytes of the smallest machine), kinds {kind: {calls, cost, and on
Linux the median and the 99th part in a hundred, high, in ns}}, timeline [[operation, live bytes, bytes of memory], ...] and map, each of them
or None."""

import json
import os
import re
import subprocess
import time

import scripts
from settings import MANY_HEAPS, ONE_HEAP, OURS

PRESENT = {"linux": "glibc", "unikernel": "buddy"}
KIB = 1024


class StudyError(Exception):
    """A file that is no result of a replay, or one of another trace."""


def number(value):
    """A count or time as it is; None for what is none."""
    good = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if good and value >= 0 else None


def items(value):
    """What is in a list, of the kind that is expected there."""
    return [one for one in value if isinstance(one, dict)] \
        if isinstance(value, list) else []


def kib(value):
    value = number(value)
    return None if value is None else value * KIB


def kinds_of(played, field):
    """Kind -> calls and what they cost in all."""
    kinds = played.get("kinds")
    if not isinstance(kinds, dict):
        return None
    return {kind: {"calls": number(one.get("calls")) or 0,
                   "cost": number(one.get(field)) or 0,
                   "median": number(one.get("median_ns")),
                   "high": number(one.get("p99_ns"))}
            for kind, one in kinds.items() if isinstance(one, dict)}


def points_of(played, field, unit):
    points = [(number(point.get("operation")), number(point.get("live_bytes")),
               number(point.get(field)))
              for point in items(played.get("timeline"))]
    return [(at, live, memory * unit) for at, live, memory in points
            if None not in (at, live, memory)]


def areas_of(played):
    """The map of the heap, with areas that are whole."""
    fields = ("address", "bytes", "block_bytes", "used")
    return [area for area in items(played.get("map"))
            if all(number(area.get(field)) is not None for field in fields)]


def linux_round(played):
    """Where one thread plays, its processor's time is less disturbed."""
    cost = played.get("processor_seconds") if played.get("alone") else None
    return {"cost": number(cost) or number(played.get("seconds")),
            "memory": kib(played.get("peak_rss_kib")),
            "final": kib(played.get("final_rss_kib")),
            "kinds": kinds_of(played, "seconds"), "worst": None,
            "timeline": points_of(played, "rss_kib", KIB),
            "map": areas_of(played)}


def unikernel_round(played):
    return {"cost": number(played.get("instructions")),
            "memory": number(played.get("peak_heap_bytes")),
            "final": number(played.get("final_heap_bytes")),
            "kinds": kinds_of(played, "instructions"),
            "worst": number(played.get("worst_instructions")),
            "smallest": kib(played.get("smallest_memory_kib")),
            "timeline": points_of(played, "heap_bytes", 1), "map": []}


ROUNDS = {"linux": linux_round, "unikernel": unikernel_round}


def name_of(name, heaps, where):
    """What the report calls an allocator; a library of ours at another level
    of checks is given as hardening0=PATH or hardening2=PATH."""
    if where == "unikernel" and name in ("mimalloc", OURS):
        return MANY_HEAPS if heaps == "thread" else ONE_HEAP
    level = re.fullmatch(r"hardening([02])", name)
    return f"{OURS}, hardening {level[1]}" if level else name


def side_of(study, where):
    if not isinstance(where, str) or where not in ROUNDS:
        raise StudyError(f"a replay in {where!r}")
    if study[where] is None:
        study[where] = {"present": PRESENT[where], "variants": {},
                        "counted": where == "unikernel"}
    return study[where]


def rounds_of(row):
    """The runs of a row, the first of which has what was seen in a run that
    was not timed."""
    runs = row.get("runs")
    if not isinstance(runs, list):
        return [row]
    details = {name: row.get(name) for name in ("timeline", "kinds", "map")}
    return [dict(run, **details) if not at else run
            for at, run in enumerate(runs) if isinstance(run, dict)]


def add_row(study, row, where, name=None):
    """An allocator's replays, under another name where one is given."""
    if not isinstance(row, dict) or \
            not isinstance(row.get("name", row.get("allocator")), str):
        raise StudyError("an allocator without a name")
    own = name_of(row.get("name") or row["allocator"], row.get("heaps"), where)
    one = side_of(study, where)["variants"].setdefault(
        name or own, {"failed": None, "rounds": []})
    if row.get("failed"):
        one["failed"] = str(row["failed"])
        return
    for run in rounds_of(row):
        run["alone"] = study["measured"]["threads"] <= 1
        added = ROUNDS[where](run)
        if added["cost"] is None:
            raise StudyError(f"a replay on {own} without its cost")
        one["rounds"].append(added)


def read_json(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return json.load(file)
    except (ValueError, RecursionError):
        raise StudyError(f"{path}: not a file of JSON") from None


def add_conditions(study, data):
    """Sentences on where and how it was replayed."""
    machine = data.get("machine")
    lines = []
    if isinstance(machine, dict):
        lines.append("Replayed on " + ", ".join(
            f"{value} {name}" if name == "processors" else f"{name} {value}"
            for name, value in machine.items()) + ".")
    if data.get("complete") is False:
        lines.append("The replay was stopped, so there are fewer rounds.")
    disturbed = sum(number(row.get("disturbed")) or 0
                    for row in items(data["allocators"]))
    if disturbed:
        lines.append(f"Runs disturbed, and counted all the same: {disturbed}.")
    study["conditions"] += [line for line in lines
                            if line not in study["conditions"]]


def add_file(study, path, name=None):
    """The replays in a file that `mi-trace replay --json` has written."""
    data = read_json(path)
    if isinstance(data, dict) and "allocators" not in data:
        data["allocators"] = data.get("runs")
    if not isinstance(data, dict) or not isinstance(data["allocators"], list):
        raise StudyError(f"{path}: not what `mi-trace replay --json` writes")
    try:
        check_script(study["measured"], data.get("script"))
        for row in data["allocators"]:
            where = row.get("in") if isinstance(row, dict) else None
            add_row(study, row, data.get("where") or where or "linux", name)
    except StudyError as error:
        raise StudyError(f"{path}: {error}") from None
    add_conditions(study, data)


def check_script(measured, script):
    """That the replays are of the trace."""
    if not isinstance(script, dict):
        return
    for field in ("operations", "threads", "peak_bytes", "final_bytes"):
        if script.get(field, measured[field]) != measured[field]:
            raise StudyError(f"replays of another trace: {field} is "
                             f"{script[field]} there, and {measured[field]} "
                             "here")


def measure(script):
    """What mi-trace-measure tells of a script."""
    program = scripts.tool("mi-trace-measure")
    done = subprocess.run([program, script], text=True, capture_output=True)
    if done.returncode:
        raise StudyError(scripts.last_line(done.stderr)
                         .removeprefix("mi-trace-measure: ")
                         or f"{program} ended with status {done.returncode}")
    return json.loads(done.stdout)


def in_order(study):
    """The present allocator first, the others as they came."""
    for where, present in PRESENT.items():
        if study[where]:
            variants = study[where]["variants"]
            study[where]["variants"] = {
                name: variants[name] for name in
                sorted(variants, key=lambda name: name != present)}


def heap_map(study):
    """The areas of the first round that tells them."""
    side = study["linux"] or {"variants": {}}
    rounds = side["variants"].get(OURS, {"rounds": []})["rounds"]
    return next((one["map"] for one in rounds if one["map"]), [])


def readable(text):
    """A text of the trace, whose bytes may be no UTF-8."""
    return str(text).encode("utf-8", "surrogateescape").decode("utf-8",
                                                               "replace")


def recorded(about):
    """Sentences on the recording, from what mi-trace-compile says."""
    if not about:
        return []
    when = time.strftime("%Y-%m-%d", time.gmtime(about["start_seconds"]))
    lines = [f"Recorded {when}: {readable(about['program'])}, "
             f"{readable(about['machine'])}."]
    if about["fault"]:
        lines.append("The trace is damaged or ends early "
                     f"({readable(about['fault'])}); all before is used.")
    elif about["state"] == "running":
        lines.append("The program was killed, or still ran: what it did last "
                     "may be missing.")
    if about["error"]:
        lines.append(f"The recording stopped: {readable(about['error'])}.")
    skipped = about["skipped"]
    if any(skipped.values()):
        lines.append("Left out: " + ", ".join(
            f"{count:,} {reason.replace('_', ' ')}"
            for reason, count in skipped.items() if count) + ".")
    return lines


def begin(trace, measured, about):
    name = readable(os.path.basename(trace)).split(".trace")[0]
    if about and about.get("program"):
        name = os.path.basename(readable(about["program"]))
    return {"program": name.removesuffix(".script"), "measured": measured,
            "conditions": recorded(about), "linux": None, "unikernel": None}
