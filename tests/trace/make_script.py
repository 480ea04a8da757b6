#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Makes scripts of allocations for the tests: trace/script.h has the format.

    make_script.py OUT [--operations N] [--threads N] [--seed N] [--live N]

A script of random operations of all kinds, valid in every respect."""

import argparse
import random
import struct

MALLOC, CALLOC, REALLOC, ALIGNED, FREE = 1, 2, 3, 4, 5
MAGIC = b"miscript"
HEADER = struct.Struct("<8sIIQQQQQQ")
OPERATION = struct.Struct("<BBHIQ")


class Script:
    """A script that grows, and what is live in it."""

    def __init__(self):
        self.operations = []
        self.sizes = {}             # of slots that hold a block
        self.free = []
        self.threads = {}           # by the caller's name, the number
        self.live = 0
        self.lives = []             # after each operation
        self.peak = self.peak_at = self.slots = 0

    def add(self, kind, slot, size, thread, align=0):
        number = self.threads.setdefault(thread, len(self.threads))
        self.operations.append((kind, align, number, slot, size))
        self.live += size - self.sizes.pop(slot, 0)
        if kind != FREE:
            self.sizes[slot] = size
        if self.live > self.peak:
            self.peak, self.peak_at = self.live, len(self.operations) - 1
        self.lives.append(self.live)
        return slot

    def make(self, size, kind=MALLOC, thread=0, align=0):
        """A new block; its slot."""
        if self.free:
            slot = self.free.pop()
        else:
            slot = self.slots
            self.slots += 1
        return self.add(kind, slot, size, thread, align)

    def resize(self, slot, size, thread=0):
        return self.add(REALLOC, slot, size, thread)

    def drop(self, slot, thread=0):
        self.free.append(slot)
        return self.add(FREE, slot, 0, thread)

    def header(self):
        return [MAGIC, 1, len(self.threads), len(self.operations), self.slots,
                self.peak, self.peak_at, self.live, 0]

    def bytes(self, header=None):
        parts = [HEADER.pack(*(header or self.header()))]
        parts += [OPERATION.pack(*operation) for operation in self.operations]
        return b"".join(parts)

    def write(self, path):
        with open(path, "wb") as file:
            file.write(self.bytes())


def random_size(random_, largest):
    """Small ones most of the time, and up to 2 MiB or less."""
    doublings = random_.choice((3, 5, 6, 7, 8, 9, 12, 16, 21))
    return random_.randrange(1 << min(doublings, largest))


def random_script(operations=1000, threads=1, seed=1, live=200, largest=21):
    """Any thread frees or resizes any block."""
    script, random_, slots = Script(), random.Random(seed), []
    for _ in range(operations):
        thread = random_.randrange(threads)
        pick = random_.random() * (len(slots) + live)
        if pick >= len(slots):
            kind = random_.choice((MALLOC, MALLOC, CALLOC, ALIGNED))
            align = random_.randrange(13) if kind == ALIGNED else 0
            slots.append(script.make(random_size(random_, largest), kind, thread,
                                     align))
            continue
        at = random_.randrange(len(slots))
        if random_.random() < 0.3:
            script.resize(slots[at], random_size(random_, largest) + 1, thread)
            continue
        slots[at], slots[-1] = slots[-1], slots[at]
        script.drop(slots.pop(), thread)
    return script


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    for name, value in (("operations", 1000), ("threads", 1), ("seed", 1),
                        ("live", 200)):
        parser.add_argument("--" + name, type=int, default=value)
    options = parser.parse_args()
    random_script(options.operations, options.threads, options.seed,
                  options.live).write(options.out)


if __name__ == "__main__":
    main()
