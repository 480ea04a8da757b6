# SPDX-License-Identifier: BSD-3-Clause
"""The map of a heap at the peak: a cell is a unit of the heap, or some of them
where there are many; its colour tells the size of its blocks, and how strong
the colour is how many of them are in use."""

import html

from charts import size_text
from plot import finish

UNIT = 4096
ROW = 64                # cells in a row
ROWS = 48               # at most
CELL = 13               # of the picture's points
GAP_UNITS = ROW         # a longer hole between areas is drawn as short

# Up to which block size, and the colour
GROUPS = ((64, "#009e73"), (256, "#56b4e9"), (1024, "#0072b2"),
          (4096, "#e69f00"), (32768, "#d55e00"), (None, "#cc79a7"))


def group_of(block_bytes):
    return next(at for at, (limit, _) in enumerate(GROUPS)
                if limit is None or block_bytes <= limit)


def group_text(at):
    limit = GROUPS[at][0]
    if limit is None:
        return f"above {size_text(GROUPS[at - 1][0])}"
    return f"to {size_text(limit)}"


def fullness(area):
    return min(1.0, area["used"] * area["block_bytes"] / area["bytes"]) \
        if area["bytes"] else 0.0


def laid_out(areas):
    """(First unit, units, area) without the long holes; and all units."""
    placed, end, at = [], None, 0
    for area in sorted(areas, key=lambda area: area["address"]):
        first = area["address"] // UNIT
        last = (area["address"] + max(area["bytes"], 1) - 1) // UNIT
        if end is not None:
            at += max(0, min(first - end, GAP_UNITS))
            first = max(first, end)
        count = max(last - first + 1, 0)
        if count:
            placed.append((at, count, area))
        at, end = at + count, max(end or 0, last + 1)
    return placed, at


def pieces(first, count):
    """A run of cells, cut at the ends of rows: (column, row, cells)."""
    while count:
        row, column = divmod(first, ROW)
        here = min(count, ROW - column)
        yield column, row, here
        first, count = first + here, count - here


def area_text(area):
    return (f"{area['used']:,} blocks of {size_text(area['block_bytes'])} "
            f"in {size_text(area['bytes'])}, {100 * fullness(area):.0f} % full")


def cells(placed, units):
    """The drawing's parts; several units are one cell where there are many."""
    scale = max(1, -(-units // (ROW * ROWS)))
    parts = []
    for first, count, area in placed:
        start, end = first // scale, max(first // scale + 1,
                                         (first + count) // scale)
        colour = GROUPS[group_of(area["block_bytes"])][1]
        parts.append(f"<g fill='{colour}' stroke='{colour}' fill-opacity='"
                     f"{0.12 + 0.88 * fullness(area):.2f}'>"
                     f"<title>{html.escape(area_text(area))}</title>")
        parts += [f"<rect x='{column * CELL + 1}' y='{row * CELL + 1}' "
                  f"width='{here * CELL - 2}' height='{CELL - 2}'/>"
                  for column, row, here in pieces(start, end - start)]
        parts.append("</g>")
    return parts, -(-units // scale // ROW) or 1, scale


def legend(areas, top):
    parts, x = [], 0
    for at in sorted({group_of(area["block_bytes"]) for area in areas}):
        text = group_text(at)
        parts.append(f"<rect x='{x + 1}' y='{top + 2}' width='11' height='11' "
                     f"fill='{GROUPS[at][1]}'/><text x='{x + 18}' "
                     f"y='{top + 12}' font-size='13' fill='black'>"
                     f"{text}</text>")
        x += 40 + 8 * len(text)
    return parts


def rows_of(areas):
    """By size of block: how many areas, what they hold."""
    rows = [["blocks of", "areas", "KiB", "live blocks", "live KiB", "full"]]
    for size in sorted({area["block_bytes"] for area in areas}):
        same = [area for area in areas if area["block_bytes"] == size]
        used = sum(area["used"] for area in same)
        length = sum(area["bytes"] for area in same)
        part = 100 * used * size / length if length else 0
        rows.append([size_text(size), f"{len(same):,}", f"{length / 1024:,.0f}",
                     f"{used:,}", f"{used * size / 1024:,.0f}",
                     f"{part:.0f} %"])
    return rows


def draw(areas, left_out=0):
    """None where there is no map."""
    if not areas:
        return None
    placed, units = laid_out(areas)
    parts, height, scale = cells(placed, units)
    top = height * CELL + 10
    width = ROW * CELL
    svg = "\n".join([f"<svg viewBox='0 0 {width} {top + 20}'>", *parts,
                     *legend(areas, top), "</svg>"])
    text = (f"A cell is {size_text(UNIT * scale)} of the heap, a row "
            f"{size_text(UNIT * scale * ROW)}, by address from the top left. "
            "The colour tells the size of the blocks, and the stronger it is, "
            "the more of the area is in use; holes are no area's, and long "
            "ones are drawn short.")
    if left_out:
        text += f" {left_out:,} areas are left out."
    return finish(svg, "map", "Our heap at the peak", text, rows_of(areas))
