# SPDX-License-Identifier: BSD-3-Clause
"""A report as one page of HTML that needs no other file and no network."""

import html
import os

from compare import changes, median, played, spread
import charts
import plot

MIB = charts.MIB
STYLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page.css")
WHERE = {"linux": "On Linux", "unikernel": "In the unikernel"}


def escaped(text):
    return html.escape(str(text))


def table(rows, label, best=None):
    """In a box of its own, that scrolls where the page is narrow."""
    def line(row, tag):
        mark = ' class="best"' if best is not None and row[0] == best else ""
        cells = [f"<{tag}{' scope=col' if tag == 'th' else ''}>{escaped(cell)}"
                 f"</{tag}>" for cell in row]
        return f"<tr{mark}>" + "".join(cells) + "</tr>"
    return [f'<div class="box" role="region" tabindex="0" '
            f'aria-label="{escaped(label)}"><table>',
            "<thead>" + line(rows[0], "th") + "</thead><tbody>",
            *(line(row, "td") for row in rows[1:]), "</tbody></table></div>"]


def figure(picture):
    if picture is None:
        return []
    lines = ["<figure>", f"<figcaption><b>{escaped(picture.title)}.</b> "
             f"{escaped(picture.text)}</figcaption>"]
    if picture.svg:
        lines += ['<div class="box" role="region" tabindex="0" aria-label="'
                  f'{escaped(picture.title)}: picture">', picture.svg, "</div>"]
    opened = "" if picture.svg else " open"
    return lines + [f"<details{opened}><summary>{escaped(picture.title)}: the "
                    "data as a table</summary>",
                    *table(picture.rows, picture.title + ": data"),
                    "</details></figure>"]


def seconds_text(side, cost):
    if cost is None:
        return "-"
    return f"{cost:,.0f}" if side["counted"] else f"{cost:.4f}"


def mib_text(size):
    return "-" if size is None else f"{size / MIB:.2f}"


def of_rounds(entry, field):
    return [one[field] for one in entry["rounds"]
            if one.get(field) is not None]


def saved_text(told):
    """A change for the table: what is left of the base's, and how sure."""
    return f"{1 - told.gain:.2f} ({told.sure})" if told else "-"


def result_row(side, name):
    entry = side["variants"][name]
    if entry.get("failed") or not entry["rounds"]:
        return [name, str(len(entry["rounds"])), "failed"] + ["-"] * 5
    time, memory = of_rounds(entry, "cost"), of_rounds(entry, "memory")
    final = of_rounds(entry, "final")
    known = side["present"] in played(side) and name != side["present"]
    found = changes(side, name, side["present"]) if known else {}
    row = [name, str(len(entry["rounds"])),
           seconds_text(side, median(time) if time else None),
           f"{100 * spread(time):.0f} %" if time else "-",
           mib_text(median(memory) if memory else None),
           mib_text(median(final) if final else None),
           saved_text(found.get("cost")), saved_text(found.get("memory"))]
    return row


def further_text(field, values):
    unit = 1024 if field == "smallest" else 1
    return f"{median(values) / unit:,.0f}" if values else "-"


def results(side):
    """All replays, the head first."""
    cost = "instructions" if side["counted"] else "seconds"
    present = side["present"]
    rows = [["allocator", "rounds", cost, "spread", "peak, MiB", "left, MiB",
             f"{cost} / {present}'s", f"peak / {present}'s"]]
    further = [(field, head) for field, head in (
        ("worst", "dearest call"), ("smallest", "smallest machine, KiB"))
        if any(of_rounds(entry, field) for entry in side["variants"].values())]
    rows[0] += [head for _, head in further]
    for name, entry in side["variants"].items():
        rows.append(result_row(side, name) + [
            further_text(field, of_rounds(entry, field))
            for field, _ in further])
    return rows


def side_parts(study, where, told, heap_map):
    side = study[where]
    what = "seconds that the calls and the writes to blocks take" \
        if not side["counted"] else "instructions that QEMU counts"
    lines = [f'<h2 id="{where}">{WHERE[where]}</h2>',
             f"<p>The recorded calls, carried out again: {what}, and what the "
             + ("process has in memory for it" if not side["counted"] else
                "heap has in use") + ". A ratio below 1 is less than "
             f"{escaped(side['present'])} takes.</p>",
             *table(results(side), WHERE[where] + ": all replays",
                    told["choice"])]
    if told["reasons"]:
        lines += ["<ul>", *(f"<li>{escaped(reason)}</li>"
                            for reason in told["reasons"]), "</ul>"]
    pictures = [charts.overview(side, where),
                charts.over_time(side, where, study["measured"]),
                charts.costs(side, where)]
    if heap_map:
        pictures.append(heap_map)
    pictures = [picture for picture in pictures if picture]
    for picture in pictures:
        lines += figure(picture)
    return lines, pictures


def program_rows(measured):
    kinds = measured["kinds"]
    asked, peak = measured["asked_bytes"], measured["peak_bytes"]
    return [["what", "how much"],
            ["operations", f"{measured['operations']:,}"],
            *([kind, f"{kinds[kind]:,}"] for kind in charts.KINDS
              if kinds.get(kind)),
            ["threads", f"{measured['threads']:,}"],
            ["frees by another thread than made the block",
             f"{measured['crossed_frees']:,}"],
            ["most bytes live at once", f"{peak:,}"],
            ["blocks then", f"{measured['peak_blocks']:,}"],
            ["bytes asked for in all", f"{asked:,}"],
            ["bytes live at the end", f"{measured['final_bytes']:,}"]]


def swing_rows(measured):
    return [["live bytes fell and rose again by", "times"]] + [
        [charts.size_text(swing["bytes"]) + " or more", f"{swing['times']:,}"]
        for swing in measured["swings"]]


def program_parts(measured):
    lines = ['<h2 id="program">What the program asks for</h2>',
             *table(program_rows(measured), "What the program asks for")]
    pictures = [charts.sizes(measured), charts.lifetimes(measured)]
    pictures = [picture for picture in pictures if picture]
    for picture in pictures:
        lines += figure(picture)
    if measured["swings"]:
        lines += ["<p>How far the live bytes breathe decides how much memory "
                  "is worth keeping for reuse.</p>",
                  *table(swing_rows(measured), "Swings of the live bytes")]
    return lines, pictures


READING = (
    "The sentence at the top follows from fixed rules over the tables; "
    "trace/README.md has them. It is about this recording: record the program "
    "at the work that matters to you.",
    "A replay carries out the calls alone, and writes to each new block. What "
    "the program does between them is missing, so a gain of a half in these "
    "calls is less of the whole. Of one thread its processor's time counts, "
    "of several the clock's.",
    "“Sure” means that nine tenths of five or more rounds agree, and that "
    "those of one allocator do not reach into the other's, but for a tenth at "
    "either end; “likely” that most rounds agree; “within the noise” that "
    "they do not, or that the difference is below 2 %. In the unikernel "
    "instructions are counted, so one round is enough.",
    "Resident memory is what the replay adds to the process. The heap in the "
    "unikernel is what the allocator has taken of its range.",
)


def heading(study):
    return f"Which allocator suits {study['program']}"


def document(study, found, body):
    with open(STYLE, encoding="utf-8") as file:
        style = file.read()
    title = escaped(heading(study))
    links = [(where, WHERE[where]) for where in WHERE if study.get(where)]
    links += [("program", "What the program asks for"),
              ("conditions", "Machine and conditions"),
              ("reading", "How to read this")]
    nav = "".join(f'<li><a href="#{to}">{text}</a></li>' for to, text in links)
    missing = [] if plot.can_draw() else [
        "<p>gnuplot is not installed (package gnuplot-nox), so this page has "
        "tables and no pictures.</p>"]
    return ["<!DOCTYPE html>", '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, '
            'initial-scale=1">', f"<title>{title}</title>",
            '<link rel="icon" href="data:,">', f"<style>{style}</style></head>",
            '<body><a class="skip" href="#main">Skip to the contents</a>',
            f"<header><h1>{title}</h1>",
            f'<p class="answer">{escaped(found["sentence"])}</p>', *missing,
            f'<nav aria-label="Parts of this page"><ul>{nav}</ul></nav>'
            '</header><main id="main" tabindex="-1">', *body,
            "</main></body></html>"]


def compose(study, found, heap_map=None):
    """(Lines of HTML, pictures). found is what advice.advise() gives."""
    body, pictures = [], []
    for where in WHERE:
        if study.get(where):
            lines, drawn = side_parts(study, where, found[where],
                                      heap_map if where == "linux" else None)
            body += lines
            pictures += drawn
    lines, drawn = program_parts(study["measured"])
    body += lines
    body += ['<h2 id="conditions">Machine and conditions</h2>', "<ul>",
             *(f"<li>{escaped(line)}</li>" for line in study["conditions"]),
             "</ul>", '<h2 id="reading">How to read this</h2>', "<ul>",
             *(f"<li>{escaped(line)}</li>" for line in READING), "</ul>"]
    return document(study, found, body), pictures + drawn
