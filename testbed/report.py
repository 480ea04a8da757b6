# SPDX-License-Identifier: BSD-3-Clause
"""What run.py compare prints: a table, bars, a sentence; and a picture."""

import os
import shutil
import subprocess
import sys

MIB = 1 << 20
NAMES = {"buddy": "Unikraft's default (buddy)", "tlsf": "TLSF",
         "bump": "bump (never frees)"}
BAR_CELLS = 25
LOWEST = 0.1                # MiB on a logarithmic axis


class Run:
    """One allocator's: figures, samples (part, done, bytes), how it ended."""

    def __init__(self, alloc, figures, samples, ending):
        self.alloc = alloc
        self.name = NAMES.get(alloc, alloc)
        self.figures = figures
        self.samples = samples
        self.ending = ending        # None, or why there are no more figures

    def highest(self):
        most = max((s[2] for s in self.samples), default=0)
        return self.figures.get("memory_peak_bytes", most)


def mib(count):
    return f"{count / MIB:.2f} MiB"


def cell(run, key, first_missing):
    if key not in run.figures:
        return (key == first_missing and run.ending) or "-"
    value = run.figures[key]
    return mib(value) if key.endswith("_bytes") else f"{value:,}"


def ratio(runs, key):
    """Ours to the buddy's, where both have been measured."""
    both = {run.alloc: run.figures.get(key) for run in runs}
    ours, theirs = both.get("mimalloc"), both.get("buddy")
    if not theirs or ours is None:
        return "-" if "mimalloc" in both and "buddy" in both else ""
    return f"{ours / theirs:.2f}"


def print_table(work, runs, frames):
    widths = [max(len(run.name), 13) + 2 for run in runs]
    both = {run.alloc for run in runs} >= {"mimalloc", "buddy"}
    print(f"{'':28}" + "".join(f"{run.name:>{width}}" for run, width
                               in zip(runs, widths))
          + ("   ratio" if both else ""))
    keys = [(key, label) for key, label in work.figures
            if frames or not key.startswith("frames")]
    missing = [next((key for key, _ in keys if key not in run.figures), None)
               for run in runs]
    for key, label in keys:
        cells = [f"{cell(run, key, first):>{width}}" for run, first, width
                 in zip(runs, missing, widths)]
        print(f"{label:28}" + "".join(cells)
              + (f"{ratio(runs, key):>8}" if both else ""))


def print_bars(runs):
    most = max(run.highest() for run in runs) or 1
    utf8 = (sys.stdout.encoding or "").lower().startswith("utf")
    width = max(len(run.name) for run in runs)
    for run in runs:
        cells = max(1, round(run.highest() * BAR_CELLS / most))
        bar = ("\u2588" if utf8 else "#") * cells
        print(f"{run.name:{width}} {bar} {mib(run.highest())}"
              + (f", then {run.ending}" if run.ending else ""))


def lower(ours, theirs):
    if ours <= theirs:
        return f"{theirs / max(ours, 1):.1f} times lower than"
    return f"{ours / max(theirs, 1):.1f} times higher than"


def fewer(ours, theirs):
    part = abs(ours - theirs) * 100 / theirs
    return f"{part:.0f} % {'fewer' if ours <= theirs else 'more'}"


def verdict(work, runs, memory_mib):
    """One sentence."""
    done = " and ".join(run.name for run in runs if not run.ending)
    gone = " and ".join(run.name for run in runs
                        if run.ending == "out of memory")
    broken = "".join(f"{run.name} {run.ending}, and not for want of memory.\n"
                     for run in runs
                     if run.ending not in (None, "out of memory"))
    if broken and not (done or gone):
        return broken.rstrip()
    if gone:
        return broken + (
            f"{memory_mib} MiB are enough for {done or 'none of them'}"
            + (f", and not for {gone}." if done else "."))
    figures = {run.alloc: run.figures for run in runs}
    if broken or not {"mimalloc", "buddy"} <= set(figures):
        return broken + f"{memory_mib} MiB are enough for {done}."
    ours, theirs = figures["mimalloc"], figures["buddy"]
    peak, each = "memory_peak_bytes", work.figures[0][0]
    return (f"mimalloc's peak is {lower(ours[peak], theirs[peak])} that of "
            f"{NAMES['buddy']},\nand {work.one} takes "
            f"{fewer(ours[each], theirs[each])} instructions.")


def points(work, run, steps):
    """Of the curve: each part is as wide as the others."""
    names = [name for name, _, _ in work.parts]
    for part, done, count in run.samples:
        yield names.index(part) + done / steps[part], count / MIB


def axis(work):
    if work.logarithmic:
        return ["set ylabel 'MiB, by powers of ten'", "set logscale y",
                f"set yrange [{LOWEST}:*]"]
    return ["set ylabel 'MiB'", "set yrange [0:*]"]


def draw(work, runs, size, path):
    """Heap in use over the work; False where gnuplot is missing."""
    if not shutil.which("gnuplot"):
        return False
    steps = work.steps(runs, size)
    tics = ", ".join(f"'' {at}, '{label}' {at + 0.5}" for at, (_, label, _)
                     in enumerate(work.parts))
    lines = ["set terminal svg size 800,420 background 'white'",
             f"set output '{os.path.basename(path)}'",
             f"set title '{work.title(size)}: heap in use'",
             *axis(work),
             f"set xrange [0:{len(work.parts)}]",
             "set key bmargin center horizontal", "set grid",
             f"set xtics ({tics}, '' {len(work.parts)})"]
    curves = []
    for at, run in enumerate(runs):
        curve = [(x, max(y, LOWEST if work.logarithmic else 0)) for x, y
                 in points(work, run, steps)] or [(0, LOWEST)]
        lines += [f"$run{at} << END", *(f"{x} {y}" for x, y in curve), "END"]
        curves.append(f"$run{at} with lines linewidth 2 "
                      f"title \"{run.name}\"")
        if run.ending:
            x, y = curve[-1]
            lines.append(f"set label '{run.ending}' at {x},{y} point "
                         "pointtype 2 offset 1,0")
    lines.append("plot " + ", ".join(curves))
    subprocess.run(["gnuplot"], input="\n".join(lines) + "\n", text=True,
                   check=True, cwd=os.path.dirname(path))
    return True
