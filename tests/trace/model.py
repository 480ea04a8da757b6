#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""model.py CALLS FIGURES SCRIPT: what `mi-trace stat --json` says of a trace,
and the script that mi-trace-compile makes of it, against a plain model that
reads the calls as dump.c prints them. The traces of write_trace.py make blocks
where blocks are and leave calls out, so that all rules have a case."""

import collections
import json
import struct
import sys

MASK = (1 << 64) - 1


class Model:
    """Blocks by address, and what is counted of them."""

    def __init__(self):
        self.blocks, self.pending = {}, collections.defaultdict(list)
        self.figures = collections.Counter()
        self.live = self.peak = self.calls = 0
        self.kinds, self.failed = collections.Counter(), collections.Counter()
        self.lifetimes, self.requests = [0] * 65, [0] * 65

    def free(self, thread, block):
        """A block is gone."""
        size, born, owner = block
        self.live -= size
        self.figures["free"] += 1
        self.figures["remote"] += owner != thread
        self.lifetimes[(self.calls - born).bit_length()] += 1

    def put(self, thread, address, block):
        """A block is there, and none that was there before."""
        old = self.blocks.pop(address, None)
        if old:
            self.figures["missed"] += 1
            self.free(thread, old)
        self.blocks[address] = block

    def make(self, thread, address, size):
        """A new block."""
        self.put(thread, address, (size, self.calls, thread))
        self.live += size
        self.peak = max(self.peak, self.live & MASK)

    def resized(self, thread, address, size):
        """The end of a realloc, which never fails in these traces."""
        old_address, old = self.pending[thread].pop()
        if old is None:
            self.figures["adopted"] += 1
            self.make(thread, address, size)
            return
        owner = old[2] if old_address == address else thread
        self.put(thread, address, (size, old[1], owner))
        self.live += size - old[0]
        self.figures["realloc"] += 1
        self.peak = max(self.peak, self.live & MASK)

    def call(self, thread, kind, address, size):
        """One line."""
        self.calls += kind != "resize"
        self.kinds[kind] += 1
        block = None
        if kind in ("free", "delete", "resize"):
            block = self.blocks.pop(address, None)
        if kind == "resize":
            self.pending[thread].append((address, block))
        elif kind in ("free", "delete"):
            if block:
                self.free(thread, block)
            else:
                self.figures["unknown"] += 1
        elif not address:
            self.failed[kind] += 1
        else:
            self.requests[max(size - 1, 0).bit_length()] += 1
            (self.resized if kind == "resized" else self.make)(
                thread, address, size)


def trimmed(counts):
    """Up to the last that is not 0."""
    while counts and not counts[-1]:
        counts = counts[:-1]
    return counts


def expect(what, found, wanted):
    """They are the same, or that is said."""
    if found != wanted:
        sys.exit(f"{what}: {found}, but the model has {wanted}")


def check_figures(model, figures):
    """What stat tells."""
    for name, count in figures["calls_by_kind"].items():
        kind = "resized" if name == "realloc" else name
        expect(name, count, model.kinds[kind])
        expect(name, figures["failed_by_kind"][name], model.failed[kind])
    mended, skipped = figures["mended"], figures["skipped"]
    for what, found, wanted in (
            ("calls", figures["calls"], model.calls),
            ("peak", figures["peak_bytes"], model.peak),
            ("end", figures["final_bytes"], model.live & MASK),
            ("blocks", figures["final_blocks"], len(model.blocks)),
            ("frees", figures["frees"]["all"], model.figures["free"]),
            ("remote", figures["frees"]["by_another_thread"],
             model.figures["remote"]),
            ("lifetimes", figures["lifetimes"], trimmed(model.lifetimes)),
            ("sizes", figures["requests_by_size"], trimmed(model.requests)),
            ("missed", mended["missed_free"], model.figures["missed"]),
            ("adopted", mended["unknown_realloc"], model.figures["adopted"]),
            ("unknown", skipped["unknown_free"], model.figures["unknown"]),
            ("reallocs", figures["kinds"]["realloc"],
             model.figures["realloc"])):
        expect(what, found, wanted)


def check_script(model, figures, data):
    """A script, carried out on slots."""
    magic, version, threads, count, slots, peak, at, final, zero = \
        struct.unpack_from("<8sIIQQQQQQ", data)
    expect("magic", (magic, version, zero), (b"miscript", 1, 0))
    expect("length", len(data), 64 + 16 * count)
    expect("header", (threads, count, slots, peak, final),
           (figures["threads"], figures["operations"], figures["slots"],
            model.peak, model.live & MASK))
    sizes, live, most, first = {}, 0, 0, 0
    for i, (kind, _, thread, slot, size) in enumerate(
            struct.iter_unpack("<BBHIQ", data[64:])):
        expect(f"operation {i}", (slot in sizes, thread < threads,
                                  slot < slots), (kind in (3, 5), True, True))
        live += size - sizes.pop(slot, 0)
        if kind != 5:
            sizes[slot] = size
        if live & MASK > most:
            most, first = live & MASK, i
    expect("peak of the operations", (most, first, live & MASK),
           (peak, at, final))


def main():
    """Reads all three."""
    model = Model()
    with open(sys.argv[1], encoding="ascii") as lines:
        for line in lines:
            thread, kind, _, address, size = line.split()
            model.call(int(thread), kind,
                       0 if address == "-" else int(address, 16), int(size))
    with open(sys.argv[2], encoding="ascii") as file:
        figures = json.load(file)
    check_figures(model, figures)
    with open(sys.argv[3], "rb") as file:
        check_script(model, figures, file.read())


if __name__ == "__main__":
    main()
