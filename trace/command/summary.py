# SPDX-License-Identifier: BSD-3-Clause
"""mi-trace stat: what a recorded trace has in it."""

import json
import subprocess
import sys

import built
import wording
from wording import size

WRONG, DAMAGED = 2, 3
BAR = 24


def add(verbs):
    """The verb's parser."""
    parser = verbs.add_parser(
        "stat", help="tell what is in a trace",
        description="Tells what a recorded trace has in it. The exit status "
                    "is 3 where the trace is damaged or ends early; then all "
                    "before that is told. What is no trace, or cannot be read, "
                    "gives 2.")
    parser.add_argument("trace", metavar="TRACE")
    parser.add_argument("--json", action="store_true",
                        help="all figures, for programs")
    parser.set_defaults(run=stat)


def share(part, whole):
    """A part in per cent."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def bars(title, names, counts):
    """A histogram in lines; nothing before the first and after the last."""
    whole, most = sum(counts), max(counts, default=0)
    used = [i for i, count in enumerate(counts) if count]
    lines = [title]
    for i in range(used[0], used[-1] + 1) if used else ():
        bar = "#" * -(-counts[i] * BAR // most)
        lines.append(f"  {names(i):>14} {counts[i]:>13,} "
                     f"{share(counts[i], whole):>7}  {bar}".rstrip())
    return lines if used else []


def up_to(power):
    """The name of a class of sizes."""
    if power == 0:
        return "0 to 1"
    return "to " + size(1 << power).replace(".00 ", " ").replace(".0 ", " ")


def span(power):
    """The name of a class of lifetimes."""
    return f"below {1 << power:,}"


def kinds(figures):
    """A line for each kind of call that there was."""
    lines = ["calls"]
    for kind, count in figures["calls_by_kind"].items():
        if not count:
            continue
        failed = figures["failed_by_kind"][kind]
        name = {"realloc_null": "realloc(NULL)"}.get(kind, kind)
        lines.append(f"  {name:>14} {count:>13,} "
                     f"{share(count, figures['calls']):>7}" +
                     (f"  {failed:,} failed" if failed else ""))
    return lines


def overview(figures):
    """What a reader wants to know first."""
    peak = (f"{size(figures['peak_bytes'])} in "
            f"{wording.count(figures['peak_blocks'], 'block')}, after call "
            f"{figures['peak_call']:,}")
    final = (f"{size(figures['final_bytes'])} in "
             + wording.count(figures['final_blocks'], "block"))
    program = (f"program    {figures['program']} ({figures['machine']}, "
               f"process {figures['pid']})")
    return [program if not figures.get("script") else
            "a script, which has neither its program nor addresses",
            f"calls      {figures['calls']:,} of "
            + wording.count(figures["threads"], "thread"),
            f"peak       {peak}",
            f"at the end {final}"]


def details(figures):
    """What was freed elsewhere, and what reallocs did."""
    frees, resizes = figures["frees"], figures["resizes"]
    whole = resizes["grown"] + resizes["shrunk"] + resizes["kept"]
    # Where there are no addresses nobody knows
    moved = "" if figures.get("script") else \
        f", {share(resizes['moved'], whole)} moved"
    lines = []
    if frees["all"]:
        lines.append("freed by another thread than the block's: " +
                     share(frees["by_another_thread"], frees["all"]))
    if whole:
        lines.append(f"reallocs: {resizes['grown']:,} grew, "
                     f"{resizes['shrunk']:,} shrank" + moved)
    if resizes["grown"]:
        times = resizes["grown_to_bytes"] / max(resizes["grown_from_bytes"], 1)
        lines.append(f"  those that grew became {times:.2f} times as large")
    return lines


def notes(figures):
    """What is missing, and what was made up for."""
    lines = []
    skipped, mended = figures["skipped"], figures["mended"]
    for count, *what, text in (
            (figures["lost"], "event was", "events were",
             "lost while recording"),
            (skipped["unknown_free"], "free", "frees", "of what is not in the "
             "trace: made before it began, or before a fork"),
            (mended["unknown_realloc"], "realloc", "reallocs", "of what is not "
             "in it either, taken for malloc"),
            (mended["missed_free"], "block", "blocks", "where one was already: "
             "its free was not recorded"),
            (mended["unmatched_realloc"], "realloc", "reallocs",
             "of which the beginning is not recorded")):
        if count:
            lines.append(f"note: {wording.count(count, *what)} {text}")
    if figures["state"] == "stopped":
        lines.append(f"note: recording stopped: {figures['error']}")
    if figures["state"] == "running":
        lines.append("note: the process was killed, or still runs: its last "
                     "calls are missing")
    return lines


def text(figures):
    """All of it, for a terminal."""
    parts = [overview(figures), kinds(figures),
             bars("sizes", up_to, figures["requests_by_size"]),
             bars("lifetimes, in calls", span, figures["lifetimes"]),
             bars("alignments", lambda power: f"{1 << power:,}",
                  figures["alignments"]),
             details(figures), notes(figures)]
    return "\n\n".join("\n".join(part) for part in parts if part)


def stat(known):
    """Prints it; the exit status."""
    command = [built.built("mi-trace-compile"), "--stat", known.trace]
    done = subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)
    said = done.stderr.decode(errors="replace")
    sys.stderr.write(said.replace("mi-trace-compile:", "mi-trace:"))
    if done.returncode not in (0, DAMAGED):
        return WRONG if done.returncode > 0 else 1
    if known.json:
        sys.stdout.write(done.stdout.decode())
    else:
        figures = json.loads(done.stdout)
        print(text(figures).encode(errors="replace").decode())
    return done.returncode
