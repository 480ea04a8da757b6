# SPDX-License-Identifier: BSD-3-Clause
"""Draws with gnuplot: a picture is SVG that stands in a page by itself, without
a colour of its own for text and lines, so that it is read on dark pages too."""

import html
import re
import shutil
import subprocess
from typing import NamedTuple

# One for each allocator; they are told apart by those who see few colours, and
# from one page to another an allocator keeps its own
COLOURS = {"glibc": "#888888", "buddy": "#888888", "ours": "#009e73",
           "ours, one heap": "#009e73", "ours, a heap for each": "#56b4e9",
           "mimalloc": "#0072b2", "bump": "#0072b2", "jemalloc": "#e69f00",
           "tlsf": "#d55e00", "tcmalloc": "#d55e00"}
FURTHER = ("#cc79a7", "#b8a000", "#8c6bb1", "#a65628", "#4daf4a")
LIVE = "#cc79a7"

WIDTH, HEIGHT = 860, 400
SECONDS = 60            # for one picture


class Picture(NamedTuple):
    name: str           # of its file, and the start of its ids
    title: str
    text: str           # what it shows, for those who do not see it
    svg: str
    rows: list          # the same as a table, the head first


def can_draw():
    return shutil.which("gnuplot") is not None


def colours(names):
    """Name -> colour, for all that stand in one page."""
    found, further = {}, 0
    for name in names:
        found[name] = COLOURS.get(name)
        if not found[name]:
            found[name] = FURTHER[further % len(FURTHER)]
            further += 1
    return found


def quoted(text):
    """A string of gnuplot's, none of whose letters mean anything to it."""
    return "'" + str(text).replace("'", "''").replace("\n", " ") + "'"


def block(name, rows):
    """Data with a tab between columns; a dash is what is missing."""
    return [f"${name} << END"] + [
        "\t".join("-" if cell is None else str(cell).replace("\t", " ")
                  for cell in row) for row in rows] + ["END"]


def own_ids(svg, prefix):
    """Names of parts that no other picture of the page has."""
    svg = re.sub(r"\bid=(['\"])", rf"id=\1{prefix}-", svg)
    svg = re.sub(r"href=(['\"])#", rf"href=\1#{prefix}-", svg)
    return svg.replace("url(#", f"url(#{prefix}-")


def labelled(svg, prefix, title, text):
    """The element alone, with what screen readers say of it."""
    svg = svg[svg.index("<svg"):]
    head, rest = svg[:svg.index(">")], svg[svg.index(">"):]
    rest = re.sub(r"\s*<title>Gnuplot</title>|\s*<desc>Produced by .*?</desc>",
                  "", rest, flags=re.DOTALL)
    said = (f"<title id=\"{prefix}-title\">{html.escape(title)}</title>"
            f"<desc id=\"{prefix}-text\">{html.escape(text)}</desc>")
    return (head + f' role="img" aria-labelledby="{prefix}-title '
            f'{prefix}-text"' + rest.replace(">", ">\n" + said, 1))


def uncoloured(svg):
    """What gnuplot draws in black has the page's colour."""
    return re.sub(r"(['\"=:\s])(black|rgb\(\s*0,\s*0,\s*0\)|#000000)(?=['\";])",
                  r"\1currentColor", svg)


def gnuplot(lines, height=HEIGHT):
    """What gnuplot draws; raises OSError with what it says."""
    script = [f"set terminal svg size {WIDTH},{height} dynamic noenhanced "
              "font 'sans-serif,13'",
              "set encoding utf8", 'set datafile separator "\\t"',
              "set datafile missing '-'",
              "set grid linecolor rgb '#80808080'", "set border 3",
              "set tics nomirror"]
    try:
        done = subprocess.run(["gnuplot"], text=True, capture_output=True,
                              input="\n".join(script + lines) + "\n",
                              timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise OSError(f"gnuplot took over {SECONDS} seconds") from None
    if done.returncode or "<svg" not in done.stdout:
        raise OSError("gnuplot: " + (done.stderr.strip().split("\n")[-1]
                                     or f"status {done.returncode}"))
    return done.stdout


def finish(svg, name, title, text, rows):
    ready = uncoloured(own_ids(svg, name))
    return Picture(name, title, text, labelled(ready, name, title, text), rows)


def draw(name, title, text, rows, lines, height=HEIGHT):
    """A picture of these rows; its svg is '' where gnuplot is missing."""
    if not can_draw():
        return Picture(name, title, text, "", rows)
    return finish(gnuplot(lines, height), name, title, text, rows)


def of_file(picture):
    """The same as a file of its own."""
    svg = picture.svg
    if "xmlns=" not in svg[:svg.index(">")]:
        svg = svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    return ('<?xml version="1.0" encoding="utf-8"?>\n'
            + svg.replace("<svg", '<svg style="background: white"', 1))
