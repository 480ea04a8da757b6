# SPDX-License-Identifier: BSD-3-Clause
"""What bench/run makes of its raw results: tables, a picture, a page and a
last sentence that says where we lose."""

import html
import os
import shutil
import subprocess

from peers import LIBC, OURS
from reasons import REASONS
from results import DISTURBED, FAILED, STOPPED, Results
import unikernel

BASE = "mimalloc"       # ratios are to this one, or to the C library's
TOLERATED = 1.10        # of the fastest peer's time
LEFT_MIB = 10           # above the beginning, when all is freed
NAMED = 5               # so many losses are in the last sentence

MEANS = (("all", None), ("one thread", "1"), ("two threads", "2"),
         ("eight threads", "8"), ("real programs", "real"))

COLOURS = ("#888888", "#009e73", "#0072b2", "#e69f00", "#d55e00", "#cc79a7",
           "#000000")

# What is said below the unikernel's table
COUNTED = ("Executed instructions, as QEMU counts them, where nothing else is "
           "said; means over 20,000 pairs, and the worst call where it says so.")


def can_draw():
    return shutil.which("gnuplot") is not None


class View:
    """The results with what is compared: ours, the base and the peers."""

    def __init__(self, store):
        self.settings = store.settings
        self.results = Results(store.runs.values())
        self.allocators = [name.split()[1] for name in store.settings
                           if name.startswith("allocator ")]
        self.base = BASE if BASE in self.allocators else LIBC
        self.others = [who for who in self.allocators if who != self.base]
        self.timed = [workload for workload in self.results.workloads
                      if self.results.kinds[workload] != "idle"]

    def behind(self, workload):
        """(Ours / the fastest peer's time, its name); None without both."""
        ours = self.results.median("seconds", workload, OURS)
        fastest = self.results.fastest(workload, OURS)
        return (ours / fastest[0], fastest[1]) if ours and fastest else None

    def any_run(self, result, workload, who):
        return any(run.result == result for run
                   in self.results.cells.get((workload, who), []))

    def failed(self, workload):
        return self.any_run(FAILED, workload, OURS)

    def losses(self, above):
        """(Factor, workload, peer), the worst first."""
        pairs = [(self.behind(workload), workload) for workload in self.timed]
        return sorted(((behind[0], workload, behind[1]) for behind, workload
                       in pairs if behind and round(behind[0], 2) > above),
                      reverse=True)

    def ordered(self):
        """The workloads: what failed, what is lost, then as they are run."""
        first = [workload for workload in self.timed if self.failed(workload)]
        first += [workload for _, workload, _ in self.losses(1)]
        return first + [workload for workload in self.timed
                        if workload not in first]


def time_text(seconds):
    return "-" if seconds is None else f"{seconds:.3f} s"


def mib_text(kib):
    return "-" if kib is None else f"{kib / 1024:.1f} MiB"


def ratio_text(ratio):
    if ratio is None:
        return "-"
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.3f}"


def cell_text(view, field, workload, who):
    if view.any_run(FAILED, workload, who):
        return "failed"
    text = ratio_text(view.results.ratio(field, workload, who, view.base))
    stopped = view.any_run(STOPPED, workload, who)
    return "over " + text if stopped and text[0].isdigit() \
        and field == "seconds" else text


def loss_text(view, loss):
    factor, workload, peer = loss
    over = "over " if view.any_run(STOPPED, workload, OURS) else ""
    return f"{over}{factor:.2f} times {peer}'s"


def row_of(view, workload):
    results = view.results
    behind = view.behind(workload)
    row = [workload, ratio_text(behind and behind[0]),
           behind[1] if behind else "-",
           "failed" if view.any_run(FAILED, workload, view.base) else
           time_text(results.median("seconds", workload, view.base))]
    row += [cell_text(view, "seconds", workload, who) for who in view.others]
    row.append(f"{100 * results.spread(workload):.0f} %")
    row.append(mib_text(results.median("peak_kib", workload, view.base)))
    return row + [cell_text(view, "peak_kib", workload, who)
                  for who in view.others]


def mean_behind(view, kind):
    """The geometric mean of ours / the fastest peer's time."""
    product, count = 1.0, 0
    for workload in view.timed:
        behind = view.behind(workload)
        if behind and kind in (None, view.results.kinds[workload]):
            product, count = product * behind[0], count + 1
    return product ** (1 / count) if count else None


def mean_rows(view):
    rows = []
    for name, kind in MEANS:
        count = sum(kind in (None, view.results.kinds[workload])
                    for workload in view.timed)
        if not count:
            continue
        row = [f"mean of {name} ({count})",
               ratio_text(mean_behind(view, kind)), "", ""]
        for field in ("seconds", "peak_kib"):
            row += [ratio_text(view.results.mean(field, who, view.base, kind))
                    for who in view.others]
            row += ["", ""] if field == "seconds" else []
        rows.append(row)
    return rows


def table(view):
    """Rows of cells, the head first."""
    head = ["workload", f"{OURS} / fastest peer", "which is",
            f"time of {view.base}"]
    head += ["time, " + who for who in view.others] + ["spread"]
    head.append(f"peak of {view.base}")
    head += ["peak, " + who for who in view.others]
    return [head] + [row_of(view, workload) for workload in view.ordered()] \
        + mean_rows(view)


def left_of(view, workload, who):
    return view.results.median("left_kib", workload, who)


def left_workloads(view):
    """Those that tell what is left; what leaves most comes first."""
    told = [workload for workload in view.results.workloads
            if view.results.kinds[workload] == "idle"
            or left_of(view, workload, OURS) is not None]
    return sorted(told, reverse=True,
                  key=lambda workload: left_of(view, workload, OURS) or 0)


def left_text(view, workload, who):
    for result in (FAILED, STOPPED):
        if view.any_run(result, workload, who):
            return result
    return mib_text(left_of(view, workload, who))


def left_table(view):
    return [["resident memory left"] + view.allocators] + [
        [workload] + [left_text(view, workload, who)
                      for who in view.allocators]
        for workload in left_workloads(view)]


def left_too_much(view):
    return [workload for workload in left_workloads(view)
            if view.results.kinds[workload] == "idle"
            and (left_of(view, workload, OURS) or 0) > LEFT_MIB * 1024]


def notes(view):
    """What has to be known to read the tables."""
    rounds = max((run.round for run in view.results.runs), default=0)
    text = [f"Medians of {rounds} interleaved round"
            f"{'s' if rounds > 1 else ''} on {view.settings['told machine']}. "
            f"A ratio is to {view.base}'s, less is better. Spread is (slowest "
            "- fastest) / median of the row's noisiest allocator; means are "
            "geometric. Peak memory is the largest process's."]
    if rounds < 3:
        text.append("With fewer than 3 rounds a single ratio means little.")
    if view.settings["quick"] == "True":
        text.append("This was a quick run, with a quarter of the work.")
    for result, said in ((DISTURBED, "disturbed, and counted all the same"),
                         (STOPPED, "stopped after some time, and counted with "
                          "that"), (FAILED, "failed")):
        if view.results.count(result):
            text.append(f"Runs {said}: {view.results.count(result)}.")
    if view.settings["told missing"]:
        text.append(view.settings["told missing"].capitalize() + ".")
    return " ".join(text)


def loss_lines(view):
    lost = view.losses(TOLERATED)
    if not lost:
        return [f"No workload takes over {TOLERATED:.2f} times the fastest "
                "peer's time."]
    return [f"Over {TOLERATED:.2f} times the fastest peer's time:"] + [
        f"- {loss[1]}: {loss_text(view, loss)}; "
        + REASONS.get(loss[1], "no reason is known") for loss in lost]


def verdict(view):
    """The last sentence."""
    time = view.results.mean("seconds", OURS, view.base)
    peak = view.results.mean("peak_kib", OURS, view.base)
    text = []
    if time and peak:
        text.append(f"{OURS} takes {time:.2f} of {view.base}'s time and "
                    f"{peak:.2f} of its peak memory")
    lost = view.losses(1)
    if lost:
        named = ", ".join(f"{loss[1]} ({loss_text(view, loss)})"
                          for loss in lost[:NAMED])
        text.append(f"it loses to the fastest peer in {len(lost)} of "
                    f"{len(view.timed)} workloads, most in {named}")
    else:
        text.append("it loses to the fastest peer in none of "
                    f"{len(view.timed)} workloads")
    left = left_too_much(view)
    if left:
        text.append(f"more than {LEFT_MIB} MiB are left after "
                    + ", ".join(left))
    failed = [workload for workload in view.results.workloads
              if view.failed(workload)]
    if failed:
        text.append("it fails in " + ", ".join(failed))
    return "In one sentence: " + "; ".join(text) + "."


def aligned(rows, start="", between="  ", end=""):
    widths = [max(map(len, column)) for column in zip(*rows)]
    return [(start + between.join(
        f"{cell:{'<' if at == 0 else '>'}{width}}" for at, (cell, width)
        in enumerate(zip(row, widths))) + end).rstrip() for row in rows]


def markdown(rows):
    rule = ["---"] + ["--:"] * (len(rows[0]) - 1)
    return aligned([rows[0], rule] + rows[1:], "| ", " | ", " |")


def plot_script(view, path):
    """A line for each workload, and on it a point for each allocator."""
    shown = [workload for workload in view.ordered()
             if view.results.fastest(workload, None)]
    lines = ["$times << END"]
    for at, workload in enumerate(reversed(shown)):
        fastest = view.results.fastest(workload, None)[0]
        times = [view.results.median("seconds", workload, who)
                 for who in view.allocators]
        lines.append("\t".join([str(at), workload] + [
            str(time / fastest) if time else "-" for time in times]))
    lines += ["END", f"set terminal svg size 1000,{130 + 17 * len(shown)} "
              "background 'white'",
              f"set output '{os.path.basename(path)}'",
              'set datafile separator "\\t"', "set datafile missing '-'",
              "set title 'time / the fastest allocator, logarithmic; where "
              "we lose most stands first'",
              "set logscale x", f"set yrange [-1:{len(shown)}]",
              "set xrange [0.95:*]", "set grid", "set key tmargin horizontal"]
    plots = [f"$times using {at}:1:ytic(2) title '{who}' with points pt 7 "
             f"ps {1.0 if who == OURS else 0.7} "
             f"lc rgb '{COLOURS[(at - 3) % len(COLOURS)]}'"
             for at, who in enumerate(view.allocators, 3)]
    return "\n".join(lines + ["plot " + ", ".join(plots)]) + "\n"


def draw(view, path):
    """The picture as a file; False where there is none."""
    if not can_draw() or not view.timed:
        return False
    return subprocess.run(["gnuplot"], input=plot_script(view, path), text=True,
                          cwd=os.path.dirname(path)).returncode == 0


STYLE = """body { font: 15px/1.45 sans-serif; margin: 2em auto; max-width: 75em;
padding: 0 1em } table { border-collapse: collapse; margin: 1.5em 0 }
td, th { padding: .15em .6em; text-align: right; border-bottom: 1px solid #ddd }
td:first-child, th:first-child { text-align: left } svg { max-width: 100% }
.lost { background: #fde8e4 }"""


def html_table(rows, lost=()):
    """Rows whose first cell is in lost are coloured."""
    def line(row, tag):
        mark = ' class="lost"' if row[0] in lost else ""
        return f"<tr{mark}>" + "".join(
            f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row) + "</tr>"
    return ["<table>", line(rows[0], "th")] \
        + [line(row, "td") for row in rows[1:]] + ["</table>"]


def page(view, picture, counted):
    """One page that needs no other file. counted: the unikernel's table."""
    lost = [workload for _, workload, _ in view.losses(TOLERATED)]
    lost += left_too_much(view)
    lines = ["<!DOCTYPE html>", '<html lang="en"><meta charset="utf-8">',
             "<title>Allocators compared</title>",
             f"<style>{STYLE}</style>", "<h1>Allocators compared</h1>",
             f"<p><b>{html.escape(verdict(view))}</b></p>",
             f"<p>{html.escape(notes(view))}</p>",
             "<h2>Time and peak memory</h2>", *html_table(table(view), lost)]
    if left_workloads(view):
        lines += ["<h2>What is left</h2>", *html_table(left_table(view), lost)]
    if counted:
        lines += ["<h2>In the unikernel</h2>", f"<p>{COUNTED}</p>",
                  *html_table(counted)]
    lines += ["<ul>"] + [f"<li>{html.escape(line.lstrip('- '))}</li>"
                         for line in loss_lines(view)] + ["</ul>"]
    if picture:
        with open(picture, encoding="utf-8") as file:
            drawn = file.read()
        lines.append(drawn[drawn.index("<svg"):])
    return lines + ["</html>"]


def write_lines(path, lines):
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def write(store, output):
    """Prints the tables and the sentence, and writes the files. The status is
    1 where a run of ours failed, or of the C library's: then a workload is at
    fault."""
    view = View(store)
    picture = os.path.join(output, "picture.svg")
    drawn = draw(view, picture)
    left = left_table(view) if left_workloads(view) else []
    counted = unikernel.table(output)
    print("\n".join(aligned(table(view)) + [""] + aligned(left) + [""]
                    + (aligned(counted) + ["", COUNTED, ""] if counted else [])
                    + loss_lines(view) + ["", notes(view), ""]))
    write_lines(os.path.join(output, "table.md"),
                markdown(table(view)) + [""]
                + (markdown(left) + [""] if left else [])
                + (markdown(counted) + ["", COUNTED, ""] if counted else [])
                + loss_lines(view) + ["", notes(view), "", verdict(view)])
    write_lines(os.path.join(output, "report.html"),
                page(view, picture if drawn else None, counted))
    print(f"Page: {os.path.join(output, 'report.html')}\n"
          + (f"Picture: {picture}\n" if drawn else "") + "\n" + verdict(view))
    return int(any(run.result == FAILED and run.allocator in (OURS, LIBC)
                   for run in view.results.runs))
