# SPDX-License-Identifier: BSD-3-Clause
"""The raw results of bench/run: a file to which each run is added, and what it
says. Of two lines for one run the later holds."""

import os
import statistics
from typing import NamedTuple

COLUMNS = ("round", "workload", "kind", "allocator", "result", "seconds",
           "processor", "peak_kib", "left_kib", "output", "note")

# What a run may be. One that was stopped after a time lasts at least so long;
# one that stayed disturbed counts, and is counted.
OK, DISTURBED, STOPPED, FAILED = "ok", "disturbed", "stopped", "failed"


class Run(NamedTuple):
    round: int
    workload: str
    kind: str
    allocator: str
    result: str
    seconds: float
    processor: float
    peak_kib: int
    left_kib: int       # -1: the workload does not tell
    output: str         # a digest of what was printed
    note: str

    @property
    def key(self):
        return self.round, self.workload, self.allocator


def one_line(text):
    return " ".join(text.split())


def run_from(line):
    """None for a line that is not whole."""
    cells = line.rstrip("\n").split("\t")
    if len(cells) != len(COLUMNS) or not line.endswith("\n"):
        return None
    types = Run.__annotations__.values()
    return Run(*(kind(cell) for kind, cell in zip(types, cells)))


class Store:
    """A file: settings in lines that begin with #, and the runs."""

    def __init__(self, path):
        self.path = path
        self.settings = {}
        self.runs = {}

    def begin(self, settings):
        """Anew; what was there is kept beside it."""
        if os.path.exists(self.path):
            os.replace(self.path, self.path + ".before")
        self.settings = settings
        with open(self.path, "w", encoding="utf-8") as file:
            for name, value in settings.items():
                file.write(f"# {name}: {value}\n")
            file.write("\t".join(COLUMNS) + "\n")

    def read(self):
        with open(self.path, encoding="utf-8") as file:
            for line in file:
                if line.startswith("# "):
                    name, _, value = line[2:].rstrip("\n").partition(": ")
                    self.settings[name] = value
                elif not line.startswith("round\t"):
                    run = run_from(line)
                    if run:
                        self.runs[run.key] = run

    def add(self, run):
        self.runs[run.key] = run
        with open(self.path, "a", encoding="utf-8") as file:
            file.write("\t".join(map(str, run)) + "\n")


class Results:
    """Medians and ratios."""

    def __init__(self, runs):
        self.kinds, self.allocators, self.cells = {}, [], {}
        self.runs = list(runs)
        for run in self.runs:
            self.kinds.setdefault(run.workload, run.kind)
            if run.allocator not in self.allocators:
                self.allocators.append(run.allocator)
            self.cells.setdefault((run.workload, run.allocator), []).append(run)
        self.workloads = list(self.kinds)

    def count(self, result):
        return sum(run.result == result for run in self.runs)

    def good(self, workload, who):
        """The runs of a cell; none where one failed."""
        runs = self.cells.get((workload, who), [])
        return [] if any(run.result == FAILED for run in runs) else runs

    def median(self, field, workload, who):
        """None where there is no value."""
        values = [getattr(run, field) for run in self.good(workload, who)]
        values = [value for value in values if value >= 0]
        return statistics.median(values) if values else None

    def ratio(self, field, workload, who, base):
        ours = self.median(field, workload, who)
        other = self.median(field, workload, base)
        return ours / other if ours is not None and other else None

    def mean(self, field, who, base, kind=None):
        """The geometric mean of the ratios of a kind of workloads, or of all
        but the idle ones."""
        ratios = [self.ratio(field, workload, who, base)
                  for workload in self.workloads
                  if self.kinds[workload] == kind
                  or not kind and self.kinds[workload] != "idle"]
        ratios = [ratio for ratio in ratios if ratio]
        return statistics.geometric_mean(ratios) if ratios else None

    def spread(self, workload):
        """(Slowest - fastest) / median of the noisiest allocator."""
        spreads = [0.0]
        for who in self.allocators:
            times = [run.seconds for run in self.good(workload, who)]
            if len(times) > 1:
                spreads.append((max(times) - min(times))
                               / statistics.median(times))
        return max(spreads)

    def fastest(self, workload, but):
        """(Seconds, name) of the fastest allocator but one; None without."""
        times = [(self.median("seconds", workload, who), who)
                 for who in self.allocators if who != but]
        return min((time for time in times if time[0]), default=None)
