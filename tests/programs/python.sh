#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# python3 with all its objects from malloc: JSON, dictionaries, big strings,
# cycles for its collector, and threads.

source "$(dirname "$0")/lib.bash"
begin 7 /usr/bin/python3

cat >"$tmp/work.py" <<'END'
import collections
import decimal
import gc
import hashlib
import json
import os
import queue
import random
import re
import sys
import threading
import zlib


def documents(count):
    rng = random.Random(2101)
    return [{"id": i, "name": "n%d" % rng.randrange(1 << 30),
             "tags": ["t%d" % rng.randrange(50) for _ in range(i % 9)],
             "text": "x" * rng.randrange(300), "value": rng.random()}
            for i in range(count)]


def show(name, value):
    print(name, hashlib.sha256(repr(value).encode()).hexdigest()[:24])


docs = documents(20000)
text = json.dumps(docs)
assert json.loads(text) == docs
show("json", text)

counts = collections.Counter(t for d in docs for t in d["tags"])
show("counts", sorted(counts.items()))

table = {}
for i in range(200000):
    table[i * 7919 % 1000003] = str(i)
for i in range(0, 200000, 2):
    del table[i * 7919 % 1000003]
show("dict", sorted(table.items()))

parts = []
for i in range(100000):
    parts.append("%d;" % i)
joined = "".join(parts)
show("regex", re.findall(r"(\d+)99;", joined))
show("zlib", zlib.decompress(zlib.compress(joined.encode() * 4, 6)))

decimal.getcontext().prec = 400
show("decimal", sum(decimal.Decimal(1) / i for i in range(1, 500)))
show("big integer", hex(pow(3, 40000)))

growing = bytearray()
for i in range(3000):
    growing += bytes([i & 255]) * (i & 1023)
show("bytearray", bytes(growing))


class Node:
    def __init__(self, previous):
        self.previous = previous
        self.own = self


for _ in range(20):
    node = None
    for _ in range(3000):
        node = Node(node)
node = None
gc.collect()
show("garbage", gc.garbage)

jobs, results = queue.Queue(), queue.Queue()


def worker():
    while True:
        job = jobs.get()
        if job is None:
            return
        results.put((job, sorted(str(k * job) for k in range(2000))))


threads = [threading.Thread(target=worker) for _ in range(6)]
for thread in threads:
    thread.start()
for job in range(200):
    jobs.put(job)
for _ in threads:
    jobs.put(None)
for thread in threads:
    thread.join()
show("threads", sorted(results.get() for _ in range(200)))

with open("/proc/self/maps", encoding="ascii") as maps, \
        open("maps", "w", encoding="ascii") as copy:
    copy.write(maps.read())

# Python's own allocator, if in use, tells of its arenas here.
with open("allocator", "wb") as report:
    os.dup2(report.fileno(), 2)
    sys._debugmallocstats()
END

python_allocator_is_off() {
	[ -s "$1" ] && ! grep arenas "$1"
}

export PYTHONMALLOC=malloc PYTHONHASHSEED=0
both /usr/bin/python3 -s "$tmp/work.py"
check "the work came to its end" grep -q '^threads ' "$tmp/preload.out"
check "the library is in the process's map" \
	grep -qF " $MIMALLOC_SO" "$tmp/preload/maps"
check "python's own allocator is out of the way" \
	python_allocator_is_off "$tmp/preload/allocator"
served python3
finish
