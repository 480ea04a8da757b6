# SPDX-License-Identifier: BSD-3-Clause
"""What bench/run makes of its runs: a table, a sentence, a picture."""

import math
import os
import shutil
import statistics
import subprocess

ROUNDS_FOR_SPREAD = 3


class Results:
    """Runs are (round, workload, allocator, nanoseconds, KiB)."""

    def __init__(self, workloads, allocators, rounds, runs):
        self.workloads = workloads
        self.allocators = allocators
        self.rounds = rounds
        self.runs = runs
        self.times, self.peaks = {}, {}     # of a cell: round => value
        for number, workload, who, ns, kib in runs:
            self.times.setdefault((workload, who), {})[number] = ns
            self.peaks.setdefault((workload, who), {})[number] = kib

    def ratio(self, cells, workload, who):
        """The median of the rounds' ratios to glibc; None without a round."""
        base = cells.get((workload, "glibc"), {})
        ratios = [value / base[number] for number, value
                  in cells.get((workload, who), {}).items() if base.get(number)]
        return statistics.median(ratios) if ratios else None

    def spread(self, workload):
        """(Slowest - fastest) / median, of the noisiest cell that can tell."""
        cells = [list(self.times.get((workload, who), {}).values())
                 for who in self.allocators]
        spreads = [(max(cell) - min(cell)) / statistics.median(cell)
                   for cell in cells if len(cell) >= ROUNDS_FOR_SPREAD]
        return max(spreads, default=None)

    def mean_ratio(self, cells, who):
        """The geometric mean over all workloads that have a ratio."""
        ratios = [self.ratio(cells, workload, who)
                  for workload in self.workloads]
        ratios = [ratio for ratio in ratios if ratio]
        return statistics.geometric_mean(ratios) if ratios else None


def time_text(ns):
    """Three digits and a unit."""
    for unit in ("ns", "us", "ms"):
        if ns < 999.5:
            break
        ns /= 1000
    else:
        unit = "s"
    digits = max(0, 2 - int(math.log10(ns))) if ns >= 1 else 2
    return f"{ns:.{digits}f} {unit}"


def ratio_text(ratio):
    return "-" if ratio is None else f"{ratio:.2f} x"


def row_of(results, workload):
    row = [workload]
    for who in ("glibc", "ours"):
        times = results.times.get((workload, who), {}).values()
        row += [time_text(statistics.mean(times)), time_text(max(times))] \
            if times else ["failed", "-"]
    for who in results.allocators[1:]:
        failed = not results.times.get((workload, who))
        row.append("failed" if failed
                   else ratio_text(results.ratio(results.times, workload, who)))
    spread = results.spread(workload)
    row.append("-" if spread is None else f"{100 * spread:.0f} %")
    peaks = results.peaks.get((workload, "ours"), {}).values()
    row.append(f"{statistics.mean(peaks) / 1024:.1f} MiB" if peaks else "-")
    row.append(ratio_text(results.ratio(results.peaks, workload, "ours")))
    return row


def table(results):
    """Rows of cells, the head first."""
    peers = results.allocators[1:]
    rows = [["workload", "glibc, mean", "worst", "ours, mean", "worst"]
            + peers + ["spread", "peak of ours", "x glibc's"]]
    rows += [row_of(results, workload) for workload in results.workloads]
    for name, cells in (("all: time", results.times),
                        ("all: peak memory", results.peaks)):
        rows.append([name, "", "", "", ""]
                    + [ratio_text(results.mean_ratio(cells, who))
                       for who in peers] + ["", "", ""])
    return rows


def aligned(rows, start="", between="  ", end=""):
    widths = [max(map(len, column)) for column in zip(*rows)]
    return [start + between.join(
        f"{cell:{'<' if at == 0 else '>'}{width}}" for at, (cell, width)
        in enumerate(zip(row, widths))) + end for row in rows]


def markdown(rows):
    rule = ["---"] + ["--:"] * (len(rows[0]) - 1)
    return aligned([rows[0], rule] + rows[1:], "| ", " | ", " |")


def notes(results, missing):
    """What has to be known to read the table."""
    text = [f"Mean and worst of {results.rounds} interleaved rounds. "
            "1.00 x is as long as glibc, less is better:",
            "the median of the rounds' ratios. Spread: (slowest - fastest) / "
            "median, of the row's noisiest allocator."]
    if results.rounds < ROUNDS_FOR_SPREAD:
        text.append(f"{results.rounds} of the {ROUNDS_FOR_SPREAD} rounds that "
                    "a spread needs: a single ratio means little.")
    text += [f"Not installed, so not compared: {name} ({package})."
             for name, package in missing.items()]
    return text


def losses(results, others):
    """(Factor, workload, rival) where the best of the others is faster."""
    lost = []
    for workload in results.workloads:
        ours = results.ratio(results.times, workload, "ours")
        rivals = [(results.ratio(results.times, workload, who), who)
                  for who in others]
        best = min((rival for rival in rivals if rival[0]), default=None)
        if ours and best and round(ours / best[0], 2) > 1:
            lost.append((ours / best[0], workload, best[1]))
    return sorted(lost, reverse=True)


def lost_text(lost, total, whom):
    if not lost:
        return f"in none of {total} workloads does it lose to {whom}"
    factor, workload, rival = lost[0]
    return (f"it loses to {whom} in {len(lost)} of {total}, most in "
            f"\"{workload}\" ({factor:.2f} times {rival}'s)")


def verdict(results):
    """One sentence, with what is lost."""
    total = len(results.workloads)
    time = results.mean_ratio(results.times, "ours")
    peak = results.mean_ratio(results.peaks, "ours")
    if time is None:
        return "Nothing is known: glibc or ours failed in every workload."
    text = (f"Ours takes {time:.2f} of glibc's time and {peak:.2f} of its peak "
            "memory (geometric means);\n"
            + lost_text(losses(results, ["glibc"]), total, "glibc"))
    if results.allocators[2:]:
        text += (",\nand " + lost_text(losses(results, results.allocators[2:]),
                                       total, "the fastest peer"))
    failed = [workload for workload in results.workloads
              if (workload, "ours") not in results.times]
    if failed:
        text += ";\nit failed in " + ", ".join(failed)
    return text + "."


def draw(results, path):
    """Times / glibc's as an SVG; False where gnuplot is missing."""
    if not shutil.which("gnuplot"):
        return False
    lines = ["$times << END"]
    for workload in results.workloads:
        cells = [results.ratio(results.times, workload, who) or "-"
                 for who in results.allocators[1:]]
        lines.append("\t".join(map(str, [workload] + cells)))
    means = [results.mean_ratio(results.times, who) or "-"
             for who in results.allocators[1:]]
    lines += ["\t".join(map(str, ["all"] + means)), "END",
              f"set terminal svg size {260 + 70 * len(results.workloads)},600 "
              "background 'white'",
              f"set output '{os.path.basename(path)}'",
              'set datafile separator "\\t"', "set datafile missing '-'",
              "set style data histogram",
              "set style histogram clustered gap 1",
              "set style fill solid 0.8 noborder", "set logscale y 10",
              "set title 'time / glibc, less is better'",
              "set xtics rotate by -35", "set grid ytics", "set rmargin 12",
              "set key bmargin center horizontal",
              "set arrow from graph 0, first 1 to graph 1, first 1 nohead"]
    plots = [f"$times using {at}:xtic(1) title '{who}'" for at, who
             in enumerate(results.allocators[1:], 2)]
    lines.append("plot " + ", ".join(plots))
    return subprocess.run(["gnuplot"], input="\n".join(lines) + "\n",
                          text=True, cwd=os.path.dirname(path)).returncode == 0


def write_lines(path, lines):
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def write(results, missing, output):
    """Prints the table and the sentence, and writes the files."""
    rows = table(results)
    text = notes(results, missing) + ["", verdict(results)]
    print("\n".join(aligned(rows) + [""] + text))
    write_lines(os.path.join(output, "table.md"),
                markdown(rows) + [""] + text)
    write_lines(os.path.join(output, "runs.tsv"),
                ["round\tworkload\tallocator\tns\tpeak KiB"]
                + ["\t".join(map(str, run)) for run in results.runs])
    picture = os.path.join(output, "times.svg")
    print(f"Picture: {picture}" if draw(results, picture) else
          "No picture: apt-get install gnuplot-nox")
