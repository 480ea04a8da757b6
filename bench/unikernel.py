# SPDX-License-Identifier: BSD-3-Clause
"""The unikernel's figures for the report of bench/run: the testbed's images,
booted under QEMU, which counts what they execute. They are the same on every
machine, so one run is enough."""

import os
import re
import shutil
import subprocess
import sys
from typing import NamedTuple

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RUNNER = os.path.join(ROOT, "testbed", "run.py")
QEMU = "qemu-system-x86_64"
FILE = "unikernel.tsv"
SECONDS = 300           # for one boot


class App(NamedTuple):
    name: str
    memory: int         # MiB of the machine
    words: tuple        # for run.py, behind its options


BENCH = App("alloc_bench", 512, ("--parameter", "spare=65536", "--", "20000"))
SQLITE = App("sqlite_bench", 64, ("--", "1000"))

# The column's name, the allocator, whose images, and what can run on it: bump
# never frees, so nothing but SQLite ends on it
COLUMNS = (("buddy", "buddy", "single", (BENCH, SQLITE)),
           ("TLSF", "tlsf", "single", (BENCH, SQLITE)),
           ("bump", "bump", "single", (SQLITE,)),
           ("ours", "mimalloc", "single", (BENCH, SQLITE)),
           ("ours, thread heaps", "mimalloc", "thread", (BENCH, SQLITE)))

# What a row is called, and the figures whose values it has
ROWS = (
    *((f"pair of {size} bytes, and with its loop",
       (f"pair_{size}", f"pair_{size}_loop"))
      for size in (16, 64, 256, 1024, 4096, 65536, 1048576)),
    ("batch of 4096 of 16 to 1024 bytes, a pair", ("batch_pair",)),
    ("batch of 4096 of 1 to 8 KiB, a pair", ("batch_large_pair",)),
    ("a batch's worst malloc, and free",
     ("batch_worst_malloc", "batch_worst_free")),
    ("random blocks up to 64 KiB: mean", ("random_mean",)),
    ("random blocks: worst malloc, and free", ("worst_malloc", "worst_free")),
    ("turn of a thread with a pair, 10 and 400 threads",
     ("turn_of_10_threads", "turn_of_400_threads")),
    ("one block grows from 16 bytes to 4 MiB: heap new, and used",
     ("realloc_fresh", "realloc_used")),
    ("start of the heap", ("heap_init",)),
    ("blocks of 32, 1000 and 5000 bytes in 64 MiB",
     ("fill_32", "fill_1000", "fill_5000")),
    ("SQLite, an INSERT of 1000", ("insert_instructions_each",)),
    ("SQLite, heap with the rows, and its peak, bytes",
     ("memory_with_data_bytes", "memory_peak_bytes")),
)


def lacking(build):
    """What has to be there first; '' where all is."""
    if not shutil.which(QEMU):
        return "apt-get install qemu-system-x86"
    for _, _, heaps, apps in COLUMNS:
        for app in apps:
            if not os.path.exists(os.path.join(build, "testbed", heaps,
                                               app.name + ".elf")):
                return "make testbed-images"
    return ""


def boot(build, allocator, heaps, app):
    """The figures that the guest prints, also where it stops amid them."""
    command = [sys.executable, RUNNER, "boot", app.name, "--alloc", allocator,
               "--build", os.path.join(build, "testbed", heaps),
               "--mode", "paging", "--memory", str(app.memory),
               "--timeout", str(SECONDS), *app.words]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                          errors="replace")
    return dict(re.findall(r"^(\w+) (-?[0-9.]+)$", done.stdout, re.MULTILINE))


def measure(build, output, show):
    """Writes the table; tells what is missing, or ''."""
    told = lacking(build)
    if told:
        return told
    columns = []
    for name, allocator, heaps, apps in COLUMNS:
        figures = {}
        for app in apps:
            show(f"{app.name} in the unikernel, {name}")
            figures |= boot(build, allocator, heaps, app)
        columns.append(figures)
    rows = [["in the unikernel"] + [column[0] for column in COLUMNS]]
    for label, names in ROWS:
        cells = [", ".join(figures[name] for name in names)
                 if all(name in figures for name in names) else "-"
                 for figures in columns]
        rows.append([label] + cells)
    with open(os.path.join(output, FILE), "w", encoding="utf-8") as file:
        file.writelines("\t".join(row) + "\n" for row in rows)
    return ""


def forget(output):
    """What another run has measured."""
    path = os.path.join(output, FILE)
    if os.path.exists(path):
        os.remove(path)


def table(output):
    """Rows of cells, the head first; none where nothing was measured."""
    try:
        with open(os.path.join(output, FILE), encoding="utf-8") as file:
            return [line.rstrip("\n").split("\t") for line in file]
    except FileNotFoundError:
        return []
