#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Prints replays of so many operations as `mi-trace replay --json` writes them,
with figures that are made up:

    replays.py linux|unikernel OPERATIONS"""

import json
import sys

POINTS = 50
# Of each allocator: seconds, KiB at the peak
LINUX = {"glibc": (0.050, 9000), "ours": (0.030, 8000),
         "jemalloc": (0.040, 14000), "hardening2": (0.031, 8000)}
# Instructions of a call, bytes at the peak
UNIKERNEL = {("buddy", None): (280, 2100000), ("tlsf", None): (110, 700000),
             ("mimalloc", "single"): (33, 900000),
             ("mimalloc", "thread"): (40, 1000000)}
WAVE = (1.00, 1.02, 0.99, 1.01, 0.98)


def timeline(operations, field, peak):
    return [{"operation": operations * at // POINTS,
             "live_bytes": 500000 + 1000 * (at * 7 % 11),
             field: peak * (POINTS + at) // (2 * POINTS)}
            for at in range(POINTS + 1)]


def areas():
    """Of 64 areas of one to four units: half are full, one hole is long."""
    at, made = 1 << 40, []
    for count in range(64):
        size = 16 << count % 12
        length = max(4096 * (1 + count % 4), size)
        made.append({"address": at, "bytes": length, "committed": length,
                     "block_bytes": size,
                     "used": length // size // (1 + count % 2)})
        at += length + (1 << 30 if count == 40 else 0)
    return made


def kinds(cost, name):
    return {kind: {"calls": 1000, name: 1000 * cost, "median_ns": cost * 9e8,
                   "p99_ns": cost * 2e9}
            for kind in ("malloc", "free")}


def linux(operations):
    for name, (seconds, kib) in LINUX.items():
        yield {"name": name, "failed": None, "disturbed": 0,
               "runs": [{"round": turn, "seconds": seconds * wave,
                         "processor_seconds": seconds * wave,
                         "peak_rss_kib": kib, "final_rss_kib": kib // 2}
                        for turn, wave in enumerate(WAVE, 1)],
               "kinds": kinds(seconds / 1e6, "seconds"),
               "timeline": timeline(operations, "rss_kib", kib),
               "map": areas() if name == "ours" else None}


def unikernel(operations):
    for (name, heaps), (cost, size) in UNIKERNEL.items():
        yield {"allocator": name, "heaps": heaps, "in": "unikernel",
               "failed": None, "operations": operations,
               "instructions": cost * operations, "peak_heap_bytes": size,
               "final_heap_bytes": size // 3, "worst_instructions": 9 * cost,
               "smallest_memory_kib": size >> 10,
               "kinds": kinds(cost, "instructions"),
               "timeline": timeline(operations, "heap_bytes", size)}
    yield {"allocator": "bump", "in": "unikernel",
           "failed": "ran out of memory at operation 79,000"}


def main(words):
    operations = int(words[1])
    where = {"linux": linux, "unikernel": unikernel}[words[0]]
    json.dump({"format": "mi-trace-replay 1", "where": words[0],
               "script": {"operations": operations}, "complete": True,
               "machine": {"kernel": "made up"},
               "allocators": list(where(operations))}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
