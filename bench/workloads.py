# SPDX-License-Identifier: BSD-3-Clause
"""What bench/run measures: our programs in bench/, and real ones of Debian."""

import os
import shutil
from typing import NamedTuple

HERE = os.path.dirname(os.path.abspath(__file__))
SYSTEM_PATH = "/usr/bin:/bin"
QUICK_PART = 4

# The number of threads; real programs; and what is left when all is freed,
# which has no time.
KINDS = ("1", "2", "8", "real", "idle")


class Workload(NamedTuple):
    """In a command # stands for the count, and what ends on a known suffix for
    a file of bench/real; NAME=VALUE before it are for the environment."""
    name: str
    kind: str
    command: str
    count: int
    one_thread: bool = False    # processor time has to be that of the clock

    def arguments(self, quick):
        """The environment's changes, and the words of the command."""
        count = max(1, self.count // QUICK_PART) if quick else self.count
        words = [word.replace("#", str(count)).replace("~", " ")
                 for word in self.command.split()]
        changes = {}
        while "=" in words[0]:
            name, value = words.pop(0).split("=")
            changes[name] = value
        return changes, words

    def program(self):
        """The first word of the command."""
        return self.arguments(False)[1][0]


def one(name, command, count):
    return Workload(name, "1", command, count, True)


def scaled(name, program, counts):
    """The same work for 1, 2 and 8 threads."""
    return [Workload(f"{name}, {threads} thread{'s' if threads > 1 else ''}",
                     str(threads), f"{program} {threads} #", count,
                     threads == 1)
            for threads, count in zip((1, 2, 8), counts)]


def real(name, command, count, one_thread=True):
    return Workload(name, "real", command, count, one_thread)


def idle(name, arguments):
    return Workload("540 MB freed: " + name, "idle", "idle " + arguments, 1)


WORKLOADS = [
    one("pair of 16", "pair 16 #", 100_000_000),
    one("pair of 256", "pair 256 #", 100_000_000),
    one("pair of 1K", "pair 1024 #", 100_000_000),
    one("pair of 4K", "pair 4096 #", 80_000_000),
    one("pair of 32K", "pair 32768 #", 80_000_000),
    one("pair of 256K", "pair 262144 #", 30_000_000),
    one("pair of 4M", "pair 4194304 #", 20_000_000),
    one("last in first out, 100 of 64", "batch 64 100 # lifo", 80_000_000),
    one("last in first out, 100 of 1K", "batch 1024 100 # lifo", 60_000_000),
    one("last in first out, 100 of 32K", "batch 32768 100 # lifo", 30_000_000),
    one("last in first out, 100 of 256K",
        "batch 262144 100 # lifo", 10_000_000),
    one("last in first out, 100 of 4M", "batch 4194304 100 # lifo", 3_000_000),
    one("first in first out, 100 of 1K", "batch 1024 100 # fifo", 60_000_000),
    one("first in first out, 100 of 32K", "batch 32768 100 # fifo", 30_000_000),
    one("shuffled, 4096 of 16", "batch 16 4096 # shuffled", 60_000_000),
    one("shuffled, 256 of 256", "batch 256 256 # shuffled", 60_000_000),
    one("shuffled, 10000 of 64", "batch 64 10000 # shuffled", 60_000_000),
    one("shuffled, 10000 of 256", "batch 256 10000 # shuffled", 50_000_000),
    one("shuffled, 10000 of 1K", "batch 1024 10000 # shuffled", 30_000_000),
    one("shuffled, 10000 of 4K", "batch 4096 10000 # shuffled", 10_000_000),
    one("shuffled, 10000 of 4K, written",
        "batch 4096 10000 # shuffled whole", 1_000_000),
    one("shuffled, 10000 of 32K", "batch 32768 10000 # shuffled", 6_000_000),
    one("shuffled, 10000 of 256K", "batch 262144 10000 # shuffled", 3_000_000),
    one("shuffled, 10000 of 1M", "batch 1048576 10000 # shuffled", 3_000_000),
    one("shuffled, 10000 of 4M", "batch 4194304 10000 # shuffled", 2_000_000),
    one("shuffled, 100 of 32K", "batch 32768 100 # shuffled", 30_000_000),
    one("shuffled, 100 of 256K", "batch 262144 100 # shuffled", 10_000_000),
    one("shuffled, 100 of 1M", "batch 1048576 100 # shuffled", 5_000_000),
    one("shuffled, 100 of 4M", "batch 4194304 100 # shuffled", 3_000_000),
    one("shuffled, a million of 64", "batch 64 1000000 # shuffled", 5_000_000),
    one("shuffled, two million of 256",
        "batch 256 2000000 # shuffled", 4_000_000),
    one("shuffled, 131072 of 4K", "batch 4096 131072 # shuffled", 1_000_000),
    one("shuffled, 500 of 1M, written",
        "batch 1048576 500 # shuffled whole", 2_000),
    one("replaced, 1000 of 16 to 1K", "replace 1000 16 1024 #", 30_000_000),
    one("replaced, a million of 16 to 1K",
        "replace 1000000 16 1024 #", 2_000_000),
    one("replaced, 10000 of 16 to 32K", "replace 10000 16 32768 #", 5_000_000),
    one("replaced, 200 of 64K to 4M",
        "replace 200 65536 4194304 # pages", 2_000),
    one("replaced, 20 of 4M to 32M",
        "replace 20 4194304 33554432 # pages", 150),
    *scaled("larson", "larson", (12_000_000,) * 3),
    *scaled("xmalloc", "xmalloc", (15_000_000, 10_000_000, 10_000_000)),
    *scaled("mstress", "mstress", (8_000_000,) * 3),
    *scaled("rptest", "rptest", (6_000_000,) * 3),
    *scaled("cache scratch", "scratch", (600_000,) * 3),
    one("sizes drift from 32 to 64K and back", "drift #", 1),
    one("realloc by half to 16M", "grow half #", 300),
    one("realloc by 1M to 64M", "grow step #", 30),
    one("realloc by an eighth to 4M, heap used", "grow used #", 400),
    one("1000 vectors grow", "vectors #", 12_000_000),
    one("10000 strings grow by 20 bytes", "strings #", 4),
    one("calloc, 100 of 256", "zeroed 256 100 #", 30_000_000),
    one("calloc, 100 of 1M", "zeroed 1048576 100 #", 30_000),
    one("calloc, one of 64M", "zeroed 67108864 1 #", 10_000),
    one("aligned to 16 to 4K", "aligned #", 10_000_000),
    one("sparse survivors of 16 to 1K", "sparse 16 1024 64 #", 6),
    one("sparse survivors of 4K to 32K", "sparse 4096 32768 16 #", 15),
    Workload("short threads, 2 at a time", "2", "churn 2 #", 10_000),
    Workload("short threads, 8 at a time", "8", "churn 8 #", 10_000),
    Workload("1000 threads with 20 blocks", "8", "crowd 1000 #", 6_000_000),
    *scaled("lifetimes mixed", "lifetimes", (10_000_000,) * 3),
    one("4 million nodes chased", "chase #", 5_000_000),
    idle("16 to 1K", "16 1024 1"),
    idle("1K to 32K", "1024 32768 1"),
    idle("64K to 4M", "65536 4194304 1"),
    idle("16 to 4M", "16 4194304 1"),
    idle("16 to 4M, 5 rounds", "16 4194304 5"),
    idle("16 to 32K, 5 rounds", "16 32768 5"),
    idle("16 to 1K, 2 threads", "16 1024 2 two"),
    idle("16 to 1K, 2 threads, by each other", "16 1024 2 others"),
    real("redis, small values", "redis.sh small #", 64_000, False),
    real("redis, lists", "redis.sh lists #", 38_400, False),
    real("sqlite3", "sqlite3 :memory: CREATE~TABLE~size~AS~SELECT~#~AS~n "
         ".read~rows.sql", 60_000),
    real("python3, malloc for all",
         "PYTHONMALLOC=malloc python3 objects.py #", 20_000),
    real("python3, text", "python3 text.py #", 20),
    real("lua5.4", "lua5.4 trees.lua #", 40),
    real("perl", "perl words.pl #", 40),
    real("node", "node buffers.js #", 12, False),
    real("gcc", "gcc -O2 -DCOUNT=# -S -o - units.c", 4),
    real("g++", "g++ -std=c++17 -O1 -DCOUNT=# -S -o - templates.cpp", 2),
]

# What a program needs beside itself, and the package of each.
NEEDS = {"redis.sh": ("bash", "redis-server", "redis-benchmark", "redis-cli")}
PACKAGES = {"bash": "bash", "redis-server": "redis-server",
            "redis-benchmark": "redis-tools", "redis-cli": "redis-tools",
            "sqlite3": "sqlite3", "python3": "python3", "lua5.4": "lua5.4",
            "perl": "perl", "node": "nodejs", "gcc": "gcc", "g++": "g++"}


def find(program):
    """Debian's own: another of that name may be a script that starts it."""
    return shutil.which(program, path=SYSTEM_PATH)


def missing_programs(workloads):
    """Names of workloads, and the programs that each lacks."""
    missing = {}
    for workload in workloads:
        if workload.kind == "real":
            program = workload.program()
            lacks = [need for need in NEEDS.get(program, (program,))
                     if not find(need)]
            if lacks:
                missing[workload.name] = lacks
    return missing


def own_programs(workloads):
    """The names of our own programs among them."""
    return sorted({workload.program() for workload in workloads
                   if workload.kind != "real"})


def located(workload, quick, output):
    """Changes of the environment, the command with paths, and its folder."""
    changes, words = workload.arguments(quick)
    if workload.kind != "real":
        return changes, [os.path.join(output, words[0])] + words[1:], HERE
    folder = os.path.join(HERE, "real")
    words[0] = find(words[0]) or os.path.join(folder, words[0])
    return changes, words, folder
