# SPDX-License-Identifier: BSD-3-Clause
"""The verb report: replays what is missing, and writes one page that tells
which allocator suits the recorded program."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile

import advice
import built
import compare
import heapmap
import page
import plot
import replay
import scripts
import settings
import study as studies
from study import StudyError

COMMAND = os.path.join(built.TRACE, "mi-trace")
# How many rounds, up to how many operations: a short replay varies more
ROUNDS = ((20000, 31), (200000, 15), (2000000, 9), (None, 5))
INTERRUPTED = 130       # the status of what was stopped from the keyboard
QEMU = "qemu-system-x86_64"


def count(text):
    if not text.isascii() or not text.isdigit() \
            or not 1 <= int(text[:9]) <= 3000:
        raise argparse.ArgumentTypeError("has to be a number from 1 to 3000")
    return int(text)


def add(verbs):
    parser = verbs.add_parser(
        "report", help="write a page that tells which allocator suits",
        description="Replays a trace where no replays are given, and writes "
        "one page of HTML with tables, pictures and, at the top, a sentence "
        "that tells which allocator suits the program. It needs no network "
        "and no other file.")
    parser.add_argument("trace", metavar="TRACE",
                        help="what mi-trace record has written, or a script")
    parser.add_argument("-o", "--output", metavar="PAGE",
                        default="report.html", help="[report.html]")
    parser.add_argument("--json", metavar="FILE", action="append", default=[],
                        help="what mi-trace replay has written; once or more. "
                        "Nothing is replayed then")
    parser.add_argument("--in", dest="where", default="linux",
                        choices=("linux", "unikernel", "both"),
                        help="where to replay [linux]")
    parser.add_argument("--on", metavar="NAMES", help="the allocators to "
                        "replay on, with commas between; needs one place")
    parser.add_argument("--rounds", metavar="N", type=count, help="on Linux "
                        "[5 to 31, the more the shorter the trace is]")
    parser.add_argument("--memory", metavar="MIB", type=count,
                        help="of the unikernel's machine")
    parser.add_argument("--smallest", action="store_true", help="find the "
                        "least memory of that machine for each allocator")
    parser.add_argument("--prefer", default="both",
                        choices=tuple(compare.WEIGHTS), help="what counts: "
                        "time, memory, both, or the worst call [both]")
    parser.add_argument("--pictures", metavar="FOLDER",
                        help="writes each picture there as SVG, too")
    parser.set_defaults(run=run)


def say(text):
    print(f"mi-trace report: {text}", file=sys.stderr, flush=True)


def check_output(path, what):
    """Before a long work: whether there will be a place for its result."""
    folder = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path):
        raise StudyError(f"{path}: is a folder, and not a file for {what}")
    if not os.path.isdir(folder):
        raise StudyError(f"{folder}: no such folder")
    if not os.access(folder, os.W_OK):
        raise StudyError(f"{folder}: cannot be written")


def replay_linux(script, names, rounds, output, environment=None):
    """Runs mi-trace replay, which shows its own progress; its status is 1
    where an allocator has failed."""
    words = [sys.executable, COMMAND, "replay", script, "--json", output,
             "--rounds", str(rounds)] + (["--on", names] if names else [])
    done = subprocess.run(words, stdout=subprocess.DEVNULL,
                          env=dict(os.environ, **(environment or {})))
    if done.returncode == INTERRUPTED:
        raise KeyboardInterrupt
    if done.returncode not in (0, 1):
        raise StudyError("the replay has failed, see above")


def replay_budget(study, script, folder, rounds):
    """Where a larger budget may help: rounds of ours with both, in turn."""
    size = settings.budget_wanted(study["measured"])
    if size is None or settings.OURS not in compare.played(study["linux"]):
        return
    path = os.path.join(folder, "budget.json")
    for turn in range(rounds):
        say(f"ours with a budget of {size // settings.MIB} MiB, round "
            f"{turn + 1} of {rounds}")
        for kept in (settings.BUDGET_BYTES, size):
            replay_linux(script, settings.OURS, 1, path, {
                settings.BUDGET_SETTING: f"{kept // settings.MIB}M"})
            studies.add_file(study, path, settings.budget_name(kept))


def rounds_for(operations):
    return next(rounds for limit, rounds in ROUNDS
                if limit is None or operations <= limit)


def on_linux(study, known, script, folder):
    path = os.path.join(folder, "linux.json")
    rounds = known.rounds or rounds_for(study["measured"]["operations"])
    replay_linux(script, known.on, rounds, path)
    studies.add_file(study, path)
    if not known.on:
        replay_budget(study, script, folder, rounds)


def in_unikernel(study, known, script):
    """Ours with both kinds of heaps, the others once: they have none."""
    names = known.on or "buddy,tlsf,bump,mimalloc"
    ours = ",".join(name for name in scripts.names_in(names)
                    if name in ("ours", "mimalloc"))
    for heaps, asked in (("single", names), ("thread", ours)):
        if not asked:
            continue
        found = replay.in_unikernel(script, argparse.Namespace(
            on=asked, heaps=heaps, memory=known.memory,
            smallest=known.smallest))
        if not found["complete"]:
            raise KeyboardInterrupt
        for row in found["allocators"]:
            studies.add_row(study, row, "unikernel")
        told = (f"The unikernel has a machine of {found['memory_kib'] // 1024}"
                " MiB, and QEMU counts its instructions.")
    study["conditions"].append(told)


def gather(study, known, script, folder):
    """All replays: from the files given, or made now."""
    for path in known.json:
        studies.add_file(study, path)
    if known.json:
        return
    if known.where in ("linux", "both"):
        on_linux(study, known, script, folder)
    if known.where == "linux":
        return
    if shutil.which(QEMU):
        in_unikernel(study, known, script)
        return
    lacking = f"{QEMU} is missing: apt-get install qemu-system-x86"
    if known.where == "unikernel":
        raise StudyError(lacking)
    say(f"the unikernel is left out: {lacking}")
    study["conditions"].append(f"The unikernel is left out: {lacking}.")


def write_whole(path, text):
    """The file as it was, or all of the new one."""
    folder = os.path.dirname(os.path.abspath(path))
    handle, new = tempfile.mkstemp(dir=folder, prefix=".mi-trace-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            mask = os.umask(0)
            os.umask(mask)
            os.fchmod(file.fileno(), 0o666 & ~mask)
        os.replace(new, path)
    except BaseException:
        os.unlink(new)
        raise


def write_pictures(folder, pictures):
    os.makedirs(folder, exist_ok=True)
    for picture in pictures:
        if picture.svg:
            write_whole(os.path.join(folder, picture.name + ".svg"),
                        plot.of_file(picture))


def study_of(known):
    with scripts.script_of(known.trace) as (script, about), \
            tempfile.TemporaryDirectory(prefix="mi-trace-") as folder:
        study = studies.begin(known.trace, studies.measure(script), about)
        gather(study, known, script, folder)
    studies.in_order(study)
    return study


def report(known):
    if known.on and known.where == "both":
        raise StudyError("--on needs one place: --in linux or --in unikernel")
    check_output(known.output, "a page")
    study = study_of(known)
    found = advice.advise(study, known.prefer)
    if not plot.can_draw():
        say("gnuplot is missing (apt-get install gnuplot-nox): the page has "
            "tables and no pictures")
    lines, pictures = page.compose(study, found,
                                   heapmap.draw(studies.heap_map(study)))
    write_whole(known.output, "\n".join(lines) + "\n")
    if known.pictures:
        write_pictures(known.pictures, pictures)
    print(found["sentence"])
    say(f"written: {known.output}")


def run(known):
    """The exit status: 2 for a wrong use or a file that is no use."""
    try:
        report(known)
    except (StudyError, scripts.TraceError) as error:
        say(error)
        return 2
    except OSError as error:
        say(f"{error.filename}: {error.strerror}" if error.filename else error)
        return 1
    return 0
