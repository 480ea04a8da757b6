#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes scripts (trace/script.h) made to favour one allocator each:

    synthetic.py NAME FILE

The same bytes in each run: no clock, and random numbers from a fixed seed."""

import random
import struct
import sys

MALLOC, CALLOC, REALLOC, ALIGNED, FREE = range(1, 6)
HEADER = struct.Struct("<8sIIQQQQQQ")
OPERATION = struct.Struct("<BBHIQ")


class Script:
    """Operations as a program makes them; slots are reused, the last first."""

    def __init__(self):
        self.operations = []
        self.free_slots = []
        self.sizes = {}             # of the live blocks, by slot
        self.slots = self.threads = 0
        self.live = self.peak = self.peak_at = 0

    def add(self, kind, slot, size, thread, align_log2=0):
        self.operations.append(OPERATION.pack(kind, align_log2, thread, slot,
                                              size))
        self.threads = max(self.threads, thread + 1)
        self.live += size - self.sizes.pop(slot, 0)
        if kind != FREE:
            self.sizes[slot] = size
        if self.live > self.peak:
            self.peak, self.peak_at = self.live, len(self.operations) - 1

    def make(self, size, thread=0, kind=MALLOC, align_log2=0):
        if self.free_slots:
            slot = self.free_slots.pop()
        else:
            slot, self.slots = self.slots, self.slots + 1
        self.add(kind, slot, size, thread, align_log2)
        return slot

    def resize(self, slot, size, thread=0):
        self.add(REALLOC, slot, size, thread)

    def free(self, slot, thread=0):
        self.add(FREE, slot, 0, thread)
        self.free_slots.append(slot)

    def write(self, path):
        with open(path, "wb") as file:
            file.write(HEADER.pack(b"miscript", 1, self.threads,
                                   len(self.operations), self.slots, self.peak,
                                   self.peak_at, self.live, 0))
            file.writelines(self.operations)


def bump(script, dice):
    """Larger blocks of all sizes that are made and stay: a hundredth is
    freed."""
    for at in range(4000):
        slot = script.make(dice.randrange(500, 9000))
        if at % 100 == 0:
            script.free(slot)


def tlsf(script, dice):
    """A few buffers, hardly two of one size, that grow and are freed: what
    lists for each size class keep beside them is more than the blocks."""
    live = []
    for _ in range(400):
        if len(live) >= 40:
            script.free(live.pop(dice.randrange(len(live))))
        size = int(16 * 2 ** dice.uniform(0, 9))
        live.append(script.make(size))
        for _ in range(2):
            size += size // 16 + 16
            script.resize(live[-1], size)
    for slot in live:
        script.free(slot)


def ours(script, dice):
    """Many small blocks of a few sizes that come and go."""
    live = []
    for _ in range(30000):
        if len(live) >= 5000:
            script.free(live.pop(dice.randrange(len(live))))
        live.append(script.make(dice.choice((24, 32, 48, 64, 96))))
    for slot in live:
        script.free(slot)


def threads(script, dice):
    """Four threads that make blocks, a third of which another one frees."""
    live = []
    for at in range(40000):
        if len(live) >= 2000:
            slot, owner = live.pop(dice.randrange(len(live)))
            script.free(slot, (owner + (dice.random() < 1 / 3)) % 4)
        live.append((script.make(dice.randrange(16, 512), at % 4), at % 4))
    for slot, owner in live:
        script.free(slot, owner)


def breath(script, dice):
    """20 times 96 MiB of blocks of 64 KiB are made and freed."""
    kept = [script.make(dice.randrange(64, 4096)) for _ in range(100)]
    for _ in range(20):
        slots = [script.make(65536) for _ in range(96 * 16)]
        for slot in slots:
            script.free(slot)
    for slot in kept:
        script.free(slot)


def kinds(script, dice):
    """Each kind of call, to be counted by hand: 12 calls, 4 of 6 blocks
    freed, one by another thread, and a slot is empty at the peak."""
    first = script.make(1)
    second = script.make(100, kind=CALLOC)
    other = script.make(1)
    script.resize(first, 4096)
    third = script.make(0, thread=1)
    script.free(second, thread=1)
    script.free(other)
    fourth = script.make(1000, kind=ALIGNED, align_log2=6)
    script.resize(fourth, 16)
    script.free(third, thread=1)
    script.free(first)
    script.make(17)
    assert dice


def nothing(script, dice):
    """A program that never asks."""
    assert script and dice


NAMES = {made.__name__: made for made in
         (bump, tlsf, ours, threads, breath, kinds, nothing)}


def main(words):
    if len(words) != 2 or words[0] not in NAMES:
        print("usage: synthetic.py " + "|".join(NAMES) + " FILE",
              file=sys.stderr)
        return 2
    script = Script()
    NAMES[words[0]](script, random.Random(1))
    script.write(words[1])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
