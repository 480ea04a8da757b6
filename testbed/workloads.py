# SPDX-License-Identifier: BSD-3-Clause
"""The workloads that run.py compare knows, and how their figures are called."""


SIZE, SEEN = "size", "seen"


class Workload:
    """An application: its figures in the order in which they are measured.

    A part of it is (name, what happens then, how many steps it has): SIZE, the
    argument, a number, or SEEN, as many as there were.
    """

    def __init__(self, name, size, one, figures, parts):
        self.name = name            # of the program, for people
        self.size = size            # what the argument counts
        self.one = one              # what the first figure is for
        self.figures = figures
        self.parts = parts
        database = size == "rows"
        self.over = "rows" if database else "work"
        self.picture = "heap.svg" if database else f"heap-{name.lower()}.svg"
        # The buddy has a page for each object of a language
        self.logarithmic = not database

    def title(self, size):
        return f"{self.name}, {size:,} {self.size}"

    def steps(self, runs, size):
        """Of each part, by its name."""
        seen = {}
        for run in runs:
            for part, done, _ in run.samples:
                seen[part] = max(seen.get(part, 1), done)
        return {name: {SIZE: size, SEEN: seen.get(name, 1)}.get(steps, steps)
                for name, _, steps in self.parts}


def language(name, size, held, units):
    """Its script has three parts, told of in thousandths."""
    each = [(f"{part}_instructions_each", f"instructions for {unit}")
            for part, unit in units]
    when, what = held
    figures = (
        each[0],
        (f"memory_with_{when}_bytes", f"heap in use, {what}"),
        (f"frames_with_{when}_bytes", f"frames in use, {what}"),
        *each[1:],
        ("memory_peak_bytes", "heap in use, peak"),
        ("memory_left_bytes", "heap in use, all closed"),
        ("frames_left_bytes", "frames in use, all closed"),
    )
    return Workload(name, size, units[0][1], figures,
                    tuple((part, part, 1000) for part, _ in units))


WORKLOADS = {
    "sqlite_bench": Workload(
        "SQLite", "rows", "an INSERT",
        (("insert_instructions_each", "instructions for an INSERT"),
         ("memory_with_data_bytes", "heap in use, rows loaded"),
         ("frames_with_data_bytes", "frames in use, rows loaded"),
         ("select_instructions_each", "instructions for a SELECT"),
         ("memory_peak_bytes", "heap in use, peak (a sort)"),
         ("join_instructions_each", "instructions for a JOIN's row"),
         ("memory_left_bytes", "heap in use, all closed"),
         ("frames_left_bytes", "frames in use, all closed")),
        (("insert", "rows are inserted", SIZE),
         ("select", "each is selected", SIZE),
         ("sort", "all are sorted", SEEN),
         ("join", "and joined", SEEN))),
    "lua_bench": language(
        "Lua", "nodes, strings and records each", ("tree", "a tree held"),
        (("trees", "a tree's node"), ("strings", "a string"),
         ("tables", "a record"))),
    "quickjs_bench": language(
        "QuickJS", "packets, elements and strings each",
        ("objects", "objects held"),
        (("objects", "a packet's step"), ("arrays", "an element"),
         ("strings", "a string"))),
}
