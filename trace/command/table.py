# SPDX-License-Identifier: BSD-3-Clause
"""The table that mi-trace replay prints."""

import wording

HEADS = ("allocator", "time", "ratio", "spread", "processor", "instructions",
         "peak", "final", "live/peak")
# What may be known of none: where the machine does not count, and where the
# run that takes it was not reached
OPTIONAL = ("instructions", "live/peak")


def kib_text(kib):
    return "-" if kib is None else wording.size(kib * 1024)


def seconds_text(seconds):
    if seconds < 0.001:
        return f"{seconds * 1e6:.1f} us"
    return f"{seconds * 1e3:.2f} ms" if seconds < 1 else f"{seconds:.3f} s"


def used_text(at_peak):
    """Live bytes at their peak, as a part of what is resident then."""
    if not at_peak or not at_peak["rss_kib"]:
        return "-"
    return f"{at_peak['live_bytes'] / at_peak['rss_kib'] / 10.24:.0f} %"


def cells(row, base):
    """base: the median of the first allocator that has one."""
    seconds = row["seconds"]
    instructions = row.get("instructions")
    return (row["name"], seconds_text(seconds["median"]),
            f"{seconds['median'] / base:.2f}" if base else "-",
            f"{seconds_text(seconds['min'])} - {seconds_text(seconds['max'])}",
            seconds_text(row["processor_seconds"]),
            "-" if instructions is None else f"{instructions:,.0f}",
            kib_text(row.get("peak_rss_kib")),
            kib_text(row.get("final_rss_kib")), used_text(row.get("at_peak")))


def aligned(lines):
    """The first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*lines)]
    for line in lines:
        yield "  ".join([line[0].ljust(widths[0])] + [
            cell.rjust(width) for cell, width in zip(line[1:], widths[1:])
        ]).rstrip()


def notes(replay):
    """What cannot stand in the table's cells, a line each."""
    rows = replay["allocators"]
    for row in rows:
        if row["failed"]:
            yield f"{row['name']}: failed: {row['failed']}"
    shaken = sum(row.get("disturbed", 0) for row in rows)
    if shaken:
        runs = sum(len(row["runs"]) for row in rows)
        yield (f"{shaken} of {runs} runs were disturbed by other programs, "
               "whenever they were repeated")
    reason = next((row["instructions_reason"] for row in rows
                   if row.get("instructions_reason")), None)
    if reason:
        yield f"no instructions: {reason}"


def head(replay):
    """What was replayed."""
    script = replay["script"]
    print(f"{replay['trace']}: "
          f"{wording.count(script['operations'], 'operation')} of "
          f"{wording.count(script['threads'], 'thread')}, "
          f"at most {wording.size(script['peak_bytes'])} live, "
          f"{wording.size(script['final_bytes'])} at the end")


def show(replay):
    """What came of each allocator."""
    good = [row for row in replay["allocators"] if row.get("seconds")]
    base = good[0]["seconds"]["median"] if good else None
    lines = [HEADS] + [cells(row, base) for row in good]
    left_out = [at for at, name in enumerate(HEADS) if name in OPTIONAL
                and all(line[at] == "-" for line in lines[1:])]
    lines = [[cell for at, cell in enumerate(line) if at not in left_out]
             for line in lines]
    print("\n".join(aligned(lines)))
    for note in notes(replay):
        print(note)
