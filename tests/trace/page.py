#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A report's page in a real browser, wide and narrow, light and dark, by
keyboard and on paper; as TAP.

    page.py PAGE [FOLDER]       screenshots go there"""

import os
import sys

sys.dont_write_bytecode = True

from browser import Browser  # noqa: E402

POINTS = []

# What Tab has to reach: all of them, and in this order
STOPS = """[...document.querySelectorAll('a[href], summary, [tabindex="0"]')]
.filter(e => e.checkVisibility())"""
FOCUS = f"""(() => {{ const e = document.activeElement, s = getComputedStyle(e),
    r = e.getBoundingClientRect();
    return {{at: {STOPS}.indexOf(e), outline: s.outlineStyle != 'none' &&
    parseFloat(s.outlineWidth) >= 2, seen: r.bottom > 0 && r.top < innerHeight
    && r.right > 0 && r.left < innerWidth}} }})()"""

# Pairs of colours as brightness: of texts and of what lies behind them
CONTRAST = """(() => { const light = c => { const v = c.match(/[\\d.]+/g)
    .slice(0, 3).map(x => x / 255).map(x => x <= .04045 ? x / 12.92 :
    ((x + .055) / 1.055) ** 2.4); return .2126 * v[0] + .7152 * v[1] +
    .0722 * v[2] };
    const behind = light(getComputedStyle(document.body).backgroundColor);
    return Math.min(...[...document.querySelectorAll(
    'h1, h2, p, li, a, td, th, summary, svg text')].map(e => {
    const s = getComputedStyle(e), a = light(e instanceof SVGElement ? s.fill :
    s.color); return (Math.max(a, behind) + .05) /
    (Math.min(a, behind) + .05) })) })()"""


def point(name, holds, told=""):
    POINTS.append(bool(holds))
    print(f"{'ok' if holds else 'not ok'} {len(POINTS)} - {name}")
    if not holds:
        print(f"# {told}")


def width(browser, wide):
    browser.screen(wide, 800)
    found = browser.value("[document.documentElement.scrollWidth, innerWidth]")
    point(f"no part is wider than a screen of {wide}",
          found == [wide, wide], found)
    browser.value("document.querySelectorAll('details').forEach("
                  "e => e.open = true)")
    found = browser.value("document.documentElement.scrollWidth")
    point("nor with all tables open", found == wide, found)
    browser.value("document.querySelectorAll('details').forEach("
                  "e => e.open = false)")


def keyboard(browser):
    count = browser.value(STOPS + ".length")
    found = []
    for _ in range(count):
        browser.press("Tab", 9)
        found.append(browser.value(FOCUS))
    point(f"Tab reaches all {count} links, boxes and tables in order",
          [one["at"] for one in found] == list(range(count)), found)
    point("and each is seen when it is", all(one["seen"] for one in found),
          found)
    point("with a line around it", all(one["outline"] for one in found), found)
    browser.value("document.querySelector('summary').focus()")
    browser.press("Enter", 13)
    point("Enter opens a table",
          browser.value("document.querySelector('details').open"))
    browser.value("document.querySelector('.skip').focus()")
    browser.press("Enter", 13)
    point("the first link skips to the contents",
          browser.value("document.activeElement.id") == "main")


def looks(browser, folder):
    for name, wide, dark in (("wide", 1280, False), ("dark", 1280, True),
                             ("narrow", 360, False)):
        browser.screen(wide, 900, dark)
        found = browser.value(CONTRAST)
        point(f"{name}: all texts stand out from what is behind them",
              found >= 4.5, found)
        path = os.path.join(folder, name + ".png")
        browser.screen(wide, browser.value(
            "document.documentElement.scrollHeight"), dark)
        browser.picture(path)
        point(f"{name}: a screenshot", os.path.getsize(path) > 30000,
              os.path.getsize(path))
    browser.screen(800, 900, printed=True)
    point("on paper there are no links to parts", browser.value(
        "getComputedStyle(document.querySelector('nav')).display") == "none")
    browser.screen(1280, 900)


def pictures(browser):
    count = browser.value("document.querySelectorAll('figure').length")
    point("there are pictures", count >= 3, count)
    found = browser.value(
        "[...document.querySelectorAll('figure svg')].map(e => [e.matches("
        "'[role=img]'), ...e.getAttribute('aria-labelledby').split(' ').map("
        "id => document.getElementById(id).textContent.length > 5)])")
    point("each has a title and a text for those who do not see it",
          len(found) == count and all(map(all, found)), found)
    found = browser.value("[...document.querySelectorAll('[id]')].map(e => e"
                          ".id).filter((id, at, all) => all.indexOf(id) != at)")
    point("no name stands for two parts", found == [], found)
    found = browser.value("[...document.querySelectorAll('figure')].map(e => e"
                          ".querySelectorAll('details td').length > 0)")
    point("each has its data as a table", all(found), found)


def main(words):
    folder = words[1] if len(words) > 1 else os.path.dirname(words[0])
    with Browser() as browser:
        browser.screen(1280, 900)
        browser.open(words[0])
        point("the page's sentence is at the top", browser.value(
            "document.querySelector('.answer').getBoundingClientRect().bottom")
            < 400)
        found = [url for url in browser.loaded()
                 if not url.startswith(("data:", "file://"))]
        found += browser.loaded()[1:] if any(
            url.startswith("file://") for url in browser.loaded()[1:]) else []
        point("nothing else is loaded", found == [], found)
        for wide in (320, 360, 768, 1280):
            width(browser, wide)
        pictures(browser)
        for wide in (1280, 360):
            browser.screen(wide, 700)
            browser.open(words[0])
            keyboard(browser)
        browser.open(words[0])
        looks(browser, folder)
    print(f"1..{len(POINTS)}")
    return not all(POINTS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
