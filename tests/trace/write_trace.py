#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""write_trace.py TRACE EVENTS THREADS SEED: writes a trace of made-up calls as
trace/format.md tells, without a line of trace/. On standard output: what
dump.c should find in it."""

import random
import struct
import sys
import zlib

MALLOC, CALLOC, REALLOC_NULL, RESIZE, RESIZED, ALIGNED, NEW, FREE, DELETE = \
    range(1, 10)
NAMES = ("", "malloc", "calloc", "realloc_null", "resize", "resized",
         "aligned", "new", "free", "delete")
SIZES = (0, 1, 16, 24, 100, 4096, 1 << 20, (1 << 40) + 5)


def number(value):
    """Seven bits a byte, the lowest first."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def signed(value):
    """A difference of two numbers of 64 bits, folded."""
    value = (value + (1 << 63)) % (1 << 64) - (1 << 63)
    return number(2 * value if value >= 0 else -2 * value - 1)


def encode(events):
    """The bytes of a chunk's events: (order, kind, align, address, size)."""
    out, order, last = bytearray(), events[0][0] - 1, 0
    for event in events:
        this, kind, align, address, size = event
        tag, rest = kind, b""
        if this == order + 1:
            tag |= 0x10
        else:
            rest += signed(this - order - 1)
        order = this
        if align:
            tag |= 0x40
            rest += bytes([align])
        if address == 0:
            tag |= 0x80
        elif (address - last) % 16 == 0 and this % 3:
            tag |= 0x20
            rest += signed((address - last) // 16)
        else:
            rest += signed(address - last)
        last = address or last
        if kind not in (RESIZE, FREE, DELETE):
            rest += number(size)
        out.append(tag)
        out += rest
    return bytes(out)


def chunk(thread, events):
    """Header and bytes of a chunk that is not compressed."""
    data = encode(events)
    head = struct.pack("<4sIQIIIII", b"chnk", thread, events[0][0],
                       len(events), 0, len(data), len(data), zlib.crc32(data))
    return head + struct.pack("<I", zlib.crc32(head)) + data


def header():
    """That of the file."""
    program, machine = b"/made/up", b"x86_64"
    head = struct.pack("<8sIIIIIHHQI", b"mi-trace", 1,
                       72 + len(program) + len(machine), 7, 1, 4096,
                       len(program), len(machine), 1700000000, 0)
    return (head + struct.pack("<IIIQQ", zlib.crc32(head), 1, 0, 0, 0) +
            program + machine)


def make(chance, thread, live):
    """The events of a call, without their orders, and what lives then."""
    if chance.random() < .02:
        return [(chance.choice((FREE, DELETE)), 0, 1 << 50, 0)]
    if chance.random() < .05:
        return [(chance.choice((MALLOC, CALLOC, NEW)), 0, 0, (1 << 64) - 1)]
    kind = chance.choice((MALLOC, MALLOC, CALLOC, REALLOC_NULL, ALIGNED, NEW,
                          FREE, FREE, DELETE, RESIZE))
    if kind in (FREE, DELETE, RESIZE) and live:
        old = live.pop(chance.randrange(len(live)))
        if kind != RESIZE:
            return [(kind, 0, old, 0)]
        new = old if chance.random() < .5 else old + 4096 + (thread << 32)
        live.append(new)
        return [(RESIZE, 0, old, 0), (RESIZED, 0, new, 64)]
    if kind in (FREE, DELETE, RESIZE):
        kind = MALLOC
    align = chance.randrange(64) if kind in (ALIGNED, NEW) else 0
    address = (thread + 1 << 40) + chance.randrange(1 << 20) * 8
    live.append(address)
    return [(kind, align, address, chance.choice(SIZES))]


def main():
    """Writes both."""
    path, events, threads, seed = sys.argv[1], *map(int, sys.argv[2:])
    chance = random.Random(seed)
    live, waiting = [], [[] for _ in range(threads)]
    order = 0
    with open(path, "wb") as out:
        out.write(header())
        while order < events:
            thread = chance.randrange(threads)
            for kind, align, address, size in make(chance, thread, live):
                order += 1
                waiting[thread].append((order, kind, align, address, size))
                if kind in (RESIZE, FREE, DELETE):
                    size = 0
                print(thread, NAMES[kind], align,
                      hex(address) if address else "-", size)
            if chance.random() < .02:
                out.write(chunk(thread, waiting[thread]))
                waiting[thread] = []
        for thread, left in enumerate(waiting):
            if left:
                out.write(chunk(thread, left))


if __name__ == "__main__":
    main()
