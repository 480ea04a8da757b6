# SPDX-License-Identifier: BSD-3-Clause
"""The pictures of a report, each with its data as a table. study.py has what a
study and its sides are."""

from compare import median, played
from plot import LIVE, block, colours, draw, quoted

MIB = 1 << 20
TABLE_POINTS = 24       # of a line of hundreds, in its table
KEY = "set key tmargin left horizontal reverse Left samplen 2 " \
    "maxcols 4"
GRID = "set grid ytics linecolor rgb '#80808080'"
KINDS = ("malloc", "calloc", "realloc", "aligned", "free")


def size_text(size):
    """Bytes, in the largest unit of which there is one."""
    for unit, name in ((1 << 30, "GiB"), (MIB, "MiB"), (1024, "KiB")):
        if size >= unit:
            return f"{size / unit:.4g} {name}"
    return f"{size:.0f} B"


def cost_unit(side):
    """(Divisor, name) of the costs of whole replays."""
    highest = max((entry["cost"] for name in played(side)
                   for entry in side["variants"][name]["rounds"]
                   if entry.get("cost")), default=1)
    if side["counted"]:
        return (1e6, "million instructions") if highest >= 1e6 else \
            (1, "instructions")
    return (1, "seconds") if highest >= 1 else (1e-3, "milliseconds")


def overview(side, where):
    """Time and memory of each round."""
    divisor, unit = cost_unit(side)
    lines, plots, rows = [], [], [["allocator", unit, "peak, MiB"]]
    of_name = colours(side["variants"])
    for at, name in enumerate(played(side)):
        points = [(entry["cost"] / divisor, entry["memory"] / MIB)
                  for entry in side["variants"][name]["rounds"]
                  if entry.get("cost") and entry.get("memory") is not None]
        if not points:
            continue
        lines += block(f"o{at}", points)
        plots.append(f"$o{at} using 1:2 with points pt 7 ps 1.2 lc rgb "
                     f"'{of_name[name]}' title {quoted(name)}")
        rows += [[name, f"{cost:.6g}", f"{memory:.3f}"]
                 for cost, memory in points]
    if not plots:
        return None
    title = "Time and memory, each round a point"
    if side["counted"]:
        title = "Instructions and memory"
    return draw(f"overview-{where}", title, "Further left is faster, further "
                "down takes less memory. The farther apart the points of one "
                "allocator lie, the less a difference means.", rows,
                lines + [KEY, f"set xlabel {quoted(unit)}",
                         "set ylabel 'peak of the heap, MiB'",
                         "set xrange [0:*]", "set yrange [0:*]",
                         "plot " + ", ".join(plots)])


def timeline_of(side, name):
    """Points of the round that has most of them."""
    return max((entry.get("timeline") or [] for entry
                in side["variants"][name]["rounds"]), key=len, default=[])


def thinned(rows, count):
    step = -(-len(rows) // count)
    return rows[::step] if step > 1 else rows


def over_time(side, where, measured):
    """Live bytes, and what each allocator has for them."""
    lines = block("live", [(at, size / MIB) for at, size in measured["live"]])
    plots = [f"$live using 1:2 with filledcurves y1=0 lc rgb '{LIVE}' fs "
             "transparent solid 0.3 noborder title 'live bytes'"]
    of_name = colours(side["variants"])
    names = [name for name in played(side) if timeline_of(side, name)]
    for at, name in enumerate(names):
        lines += block(f"t{at}", [(point[0], point[2] / MIB) for point
                                  in timeline_of(side, name)])
        plots.append(f"$t{at} using 1:2 with lines lw 2 lc rgb "
                     f"'{of_name[name]}' title {quoted(name)}")
    if not measured["live"]:
        return None
    rows = [["allocator", "operation", "live, MiB", "memory, MiB"]]
    for name in names:
        rows += [[name, f"{point[0]:,}", f"{point[1] / MIB:.3f}",
                  f"{point[2] / MIB:.3f}"] for point
                 in thinned(timeline_of(side, name), TABLE_POINTS)]
    if not names:
        rows += [["-", f"{at:,}", f"{size / MIB:.3f}", "-"] for at, size
                 in thinned(measured["live"], TABLE_POINTS)]
    what = "the heap" if side["counted"] else "resident memory"
    return draw(f"time-{where}", f"Live bytes and {what} over time",
                "The filled part is what the program has asked for and not "
                f"freed. A line is {what} of an allocator; what lies between "
                "is its own or lost.", rows,
                lines + [KEY, "set xlabel 'operations'",
                         "set ylabel 'MiB'", "set yrange [0:*]",
                         "set format x '%.0s%c'", "plot " + ", ".join(plots)])


def bars(name, title, text, head, rows):
    """Percentages of a few series beside each other, over texts."""
    shades = ("#0072b2", "#e69f00", LIVE)
    lines = block("bars", [[at] + row for at, row in enumerate(rows)])
    width = 0.8 / (len(head) - 1)
    plots = [f"$bars using ($1{at * width - 0.4 + width / 2:+.3f}):"
             f"{at + 3}:({width:.3f}) with boxes lc rgb '{shades[at]}' "
             f"title {quoted(series)}" for at, series in enumerate(head[1:])]
    ticks = ", ".join(f"{quoted(row[0])} {at}" for at, row in enumerate(rows))
    return draw(name, title, text, [head] + [
        [row[0]] + [f"{cell:.2f}" for cell in row[1:]] for row in rows],
        lines + ["set style fill solid 0.9", "set yrange [0:*]",
                 "unset grid", GRID,
                 "set ylabel '%'", f"set xrange [-0.6:{len(rows) - 0.4}]",
                 f"set xtics rotate by 45 right ({ticks})",
                 KEY,
                 "plot " + ", ".join(plots)])


def shares(buckets, field):
    whole = sum(bucket[field] for bucket in buckets) or 1
    return [100 * bucket[field] / whole for bucket in buckets]


def sizes(measured):
    buckets = measured["sizes"]
    first = next((at for at, bucket in enumerate(buckets)
                  if bucket["blocks"]), None)
    if first is None:
        return None
    peak = measured["sizes_at_peak"]
    peak = peak + [{"blocks": 0, "bytes": 0}] * (len(buckets) - len(peak))
    rows = [[size_text(bucket["to"]), *values] for bucket, *values in
            zip(buckets, shares(buckets, "blocks"), shares(buckets, "bytes"),
                shares(peak, "bytes"))]
    return bars("sizes", "Sizes asked for", "Each group is sizes up to that "
                "one and above the one before.",
                ["size up to", "of the calls, %", "of their bytes, %",
                 "of the bytes live at the peak, %"], rows[first:])


def lifetimes(measured):
    buckets = [dict(bucket, name=f"{bucket['to']:,.0f}")
               for bucket in measured["lifetimes"]]
    if measured["never_freed"]["blocks"]:
        buckets.append(dict(measured["never_freed"], name="never freed"))
    if not buckets:
        return None
    rows = [[bucket["name"], *values] for bucket, *values in
            zip(buckets, shares(buckets, "blocks"), shares(buckets, "bytes"))]
    first = next(at for at, bucket in enumerate(buckets) if bucket["blocks"])
    return bars("lifetimes", "How long blocks live", "In operations from the "
                "call that made a block to the one that freed it; each group "
                "is lifetimes up to that one and above the one before.",
                ["operations up to", "of the blocks, %", "of their bytes, %"],
                rows[first:])


def cost_of_kind(side, name, kind, field):
    """Of one call; None where nobody measured it."""
    found = [entry["kinds"][kind] for entry
             in side["variants"][name]["rounds"]
             if (entry.get("kinds") or {}).get(kind, {}).get("calls")]
    values = [one[field] if field != "mean" else one["cost"] / one["calls"]
              for one in found]
    values = [value for value in values if value is not None]
    return median(values) if values else None


def cost_rows(side, fields):
    """Kind -> the values of each field, allocator by allocator."""
    table = {kind: [cost_of_kind(side, name, kind, field)
                    for name in played(side) for field in fields]
             for kind in KINDS}
    return {kind: row for kind, row in table.items() if any(row)}


def costs(side, where):
    """Bars for each kind of call, of each allocator one. A mean of times is
    that of what the machine did else."""
    unit, what = ("instructions", ("mean",)) if side["counted"] \
        else ("ns", ("median", "high"))
    names, shown = played(side), cost_rows(side, what[:1])
    if not shown:
        return None
    heads = {"mean": "", "median": ", median", "high": ", 99 of 100 below"}
    rows = [["call"] + [f"{name}, {unit}{heads[field]}" for name in names
                        for field in what]] + [
        [kind] + ["-" if cost is None else f"{cost:.1f}" for cost in row]
        for kind, row in cost_rows(side, what).items()]
    of_name, width = colours(side["variants"]), 0.8 / len(names)
    lines = block("costs", [[at, kind] + row for at, (kind, row)
                            in enumerate(shown.items())])
    plots = [f"$costs using ($1{at * width - 0.4 + width / 2:+.3f}):{at + 3}:"
             f"({width:.3f}) with boxes lc rgb '{of_name[name]}' title "
             f"{quoted(name)}" for at, name in enumerate(names)]
    ticks = ", ".join(f"'{kind}' {at}" for at, kind in enumerate(shown))
    return draw(f"costs-{where}", "Cost of a call of each kind",
                f"The {what[0]}, in {unit}. Blocks are written by the player; "
                "that is no part of it.", rows,
                lines + ["set style fill solid 0.9", "set yrange [0:*]",
                         "unset grid", GRID, f"set ylabel '{unit}'",
                         f"set xtics ({ticks})",
                         f"set xrange [-0.6:{len(shown) - 0.4}]",
                         KEY, "plot " + ", ".join(plots)])
