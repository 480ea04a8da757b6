#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
#
# Scripts of allocations in the testbed: what is played is what they say, two
# replays count the same, memory that is not enough and scripts that are wrong
# are told; calls that are recorded are those that were made; as TAP.
#
#   replay.py [quick]      quick: no search for the least memory, no SQLite

import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import types

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BED = os.path.join(ROOT, "testbed")
sys.path[:0] = [os.path.join(ROOT, "trace", "command"), BED]
import guest                    # noqa: E402
import recording                # noqa: E402
import unikernel                # noqa: E402

ARCH = os.environ.get("ARCH") or "x86_64"
IMAGES = os.path.join(BED, os.environ.get("TESTBED_IMAGES") or
                      "../build/testbed" + ("" if ARCH == "x86_64"
                                            else "-" + ARCH))
MALLOC, CALLOC, REALLOC, ALIGNED, FREE = 1, 2, 3, 4, 5
KINDS = ("", "malloc", "calloc", "realloc", "aligned", "free")
OPERATION = struct.Struct("<BBHIQ")

points = []


def point(name, good, *told):
    points.append(good)
    print(f"{'ok' if good else 'not ok'} {len(points)} - {name}")
    if not good:
        for text in told:
            print("\n".join("# " + line for line in str(text).splitlines()))


def operations(count, threads, seed):
    """Random ones, of sizes up to 20,000, as (kind, align, thread, slot, size);
    the first ones are of each thread in turn."""
    chance = random.Random(seed)
    made, full, empty, slots = [], {}, [], 0
    for at in range(count):
        thread = at if at < threads else chance.randrange(threads)
        size = int(chance.random() ** 4 * 20000)
        kind = chance.choice((FREE, FREE, REALLOC, MALLOC, MALLOC, CALLOC,
                              ALIGNED))
        if kind in (FREE, REALLOC) and full:
            slot = chance.choice(sorted(full))
            size = 0 if kind == FREE else size + 1
        else:
            kind = MALLOC if kind in (FREE, REALLOC) else kind
            slot = empty.pop() if empty else slots
            slots = max(slots, slot + 1)
        align = chance.choice((3, 4, 6, 12)) if kind == ALIGNED else 0
        if kind == FREE:
            empty.append(slot)
            del full[slot]
        else:
            full[slot] = size
        made.append((kind, align, thread, slot, size))
    return made


def live_bytes(made):
    """After each operation"""
    sizes, live, result = {}, 0, []
    for _, _, _, slot, size in made:
        live += size - sizes.get(slot, 0)
        sizes[slot] = size
        result.append(live)
    return result


def script_of(made, **changes):
    """The file's bytes; changes: fields of the header that are to be wrong."""
    live = live_bytes(made) or [0]
    fields = {"magic": b"miscript", "version": 1,
              "threads": max((one[2] for one in made), default=-1) + 1,
              "operations": len(made),
              "slots": max((one[3] for one in made), default=-1) + 1,
              "peak": max(live), "at": live.index(max(live)),
              "final": live[-1], "reserved": 0, **changes}
    return unikernel.HEADER.pack(*fields.values()) + b"".join(
        OPERATION.pack(*one) for one in made)


def write(folder, name, data):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(data)
    return path


def options(heaps="single", **more):
    return types.SimpleNamespace(build=os.path.join(IMAGES, heaps), arch=ARCH,
                                 heaps=heaps, smallest=False, memory=64,
                                 limit=300, **more)


def replay(path, names, known):
    return unikernel.run(path, names, known)["allocators"]


def refused(path, names, known):
    """What is said of that; None where nothing is."""
    try:
        replay(path, names, known)
    except unikernel.ReplayError as error:
        return str(error)
    return None


def is_as_made(row, made):
    """Counts, sizes and each point of the timeline are the script's."""
    live = live_bytes(made)
    calls = {name: sum(one[0] == kind for one in made)
             for kind, name in enumerate(KINDS) if name}
    return (not row["failed"] and row["operations"] == len(made)
            and {name: row["kinds"][name]["calls"] for name in calls} == calls
            and (row["peak_bytes"], row["final_bytes"])
            == (max(live), live[-1]) and len(row["timeline"]) == 200
            and all(live[one["operation"] - 1] == one["live_bytes"]
                    for one in row["timeline"])
            and row["peak_heap_bytes"] >= max(
                one["heap_bytes"] for one in row["timeline"])
            and row["at_peak"]["operation"] == live.index(max(live)) + 1
            and row["peak_heap_bytes"] >= row["at_peak"]["heap_bytes"]
            >= row["at_peak"]["live_bytes"] == max(live)
            and row["instructions"] == sum(
                one["instructions"] for one in row["kinds"].values()) > 0)


def test_replays(folder):
    made = operations(3000, 1, 1)
    path = write(folder, "one,script", script_of(made))
    rows = replay(path, unikernel.NAMES, options())
    for row in rows:
        point(f"{row['name']} does what the script says",
              is_as_made(row, made), json.dumps(row))
        point(f"{row['name']}: a block is in its heap",
              row["final_heap_bytes"] >= row["final_bytes"], row)
    again = replay(path, ["mimalloc", "tlsf"], options())
    point("two replays are the same to the instruction",
          again == [rows[3], rows[1]], rows, again)
    row, = replay(path, ["mimalloc"], options(mode="vmem"))
    point("frames are told in mode vmem", is_as_made(row, made) and
          row["timeline"][-1]["frame_bytes"] > 0, row)
    threads = operations(3000, 5, 2)
    path = write(folder, "five", script_of(threads))
    for heaps in ("single", "thread"):
        row, = replay(path, ["ours"], options(heaps))
        point(f"five threads, heaps {heaps}", is_as_made(row, threads) and
              row["threads"] == (5 if heaps == "thread" else 1), row)
    known = options()
    known.limit = 0.01
    row, = replay(path, ["tlsf"], known)
    point("a guest that does not end in time", row["failed"] and
          "did not end within" in row["failed"], row)
    path = write(folder, "none", script_of([]))
    row, = replay(path, ["tlsf"], options())
    point("a script without operations", not row["failed"]
          and row["instructions"] == 0, row)
    point("the heap is the same whatever is loaded",
          row["heap_at_start_bytes"] == rows[1]["heap_at_start_bytes"], row)


def test_memory(folder):
    made = operations(3000, 1, 1)
    path = write(folder, "memory", script_of(made))
    known = options()
    known.memory = 4
    row, = replay(path, ["bump"], known)
    gone = row["out_of_memory"] or {}
    point("out of memory: where, and in words", row["failed"] and
          row["failed"].startswith("out of memory at operation ")
          and live_bytes(made)[gone["operation"] - 1] == gone["live_bytes"]
          and made[gone["operation"]][4] == gone["size"], row)
    path = write(folder, "huge", script_of([(MALLOC, 0, 0, 0, 1 << 62)]))
    for name in unikernel.NAMES:
        row, = replay(path, [name], options())
        point(f"{name} has no {1 << 62} bytes", row["failed"] and
              row["out_of_memory"]["operation"] == 0, row)


def test_smallest(folder):
    path = write(folder, "least", script_of(operations(1000, 1, 3)))
    known = options()
    known.smallest = True
    row, = replay(path, ["tlsf"], known)
    least = row["smallest_memory_kib"]
    script = unikernel.Script(path)
    known = unikernel.checked(["tlsf"], known)
    point(f"the smallest machine: {least} KiB, and not less",
          unikernel.is_enough(script, known, "tlsf", least) and not
          unikernel.is_enough(script, known, "tlsf",
                              least - unikernel.STEP_KIB))


def test_wrong_scripts(folder):
    good = operations(100, 2, 4)
    whole = script_of(good)
    cases = (
        ("an empty file", b"", "not a script"),
        ("another file", b"#!/bin/sh\n" * 100, "not a script"),
        ("a truncated one", whole[:-1], "not as long as"),
        ("one with more behind it", whole + b"12345678", "not as long as"),
        ("more slots than operations", script_of(good, slots=1 << 40),
         "more slots"),
        ("another version", script_of(good, version=2), "another version"),
        ("a wrong peak", script_of(good, peak=1), "tells another peak"),
        ("a wrong end", script_of(good, final=1), "tells another peak"),
        ("an unknown kind", script_of(good[:9] + [(6, 0, 0, 0, 1)]),
         "operation 9: an operation of no known kind"),
        ("an empty slot is freed", script_of([(FREE, 0, 0, 0, 0)]),
         "operation 0: an empty slot"),
        ("a full slot is filled", script_of([(MALLOC, 0, 0, 0, 9)] * 2),
         "operation 1: a slot that is full"),
        ("a slot beyond the last", script_of(good, slots=1),
         "a slot beyond the last"))
    for name, data, text in cases:
        said = refused(write(folder, "wrong", data), ["tlsf"], options())
        point(name, said is not None and text in said, said)
    many = operations(70, 70, 5)
    said = refused(write(folder, "many", script_of(many)), ["tlsf"],
                   options("thread"))
    point("too many threads for heaps of their own", said is not None and
          "more than 64 threads" in said, said)
    said = refused(os.path.join(folder, "nowhere"), ["tlsf"], options())
    point("no file", said is not None and "No such file" in said, said)
    said = refused(write(folder, "good", whole), ["jemalloc"], options())
    point("no such allocator", said is not None and
          "buddy, tlsf, bump, mimalloc" in said, said)
    done = subprocess.run([os.path.join(ROOT, "trace", "command", "unikernel.py"),
                           os.path.join(folder, "wrong")], text=True,
                          capture_output=True)
    point("the command says it in one line", done.returncode == 2 and
          done.stderr.count("\n") == 1 and "unikernel.py: " in done.stderr,
          done.stderr)


def renamed(made):
    """With slots by the order in which blocks were made, and no threads."""
    blocks, names, result = 0, {}, []
    for kind, align, _, slot, size in made:
        if kind not in (REALLOC, FREE):
            names[slot] = blocks
            blocks += 1
        result.append((kind, align, names[slot], size))
    return result


def recorded(path):
    with open(path, "rb") as file:
        data = file.read()
    return [OPERATION.unpack_from(data, at)
            for at in range(unikernel.HEADER.size, len(data), OPERATION.size)]


def test_round_trip(folder):
    """A replay is recorded: behind the boot's calls stand the script's. Those
    of 0 bytes are left out, which the buddy refuses."""
    made = [(kind, max(align, 3) if kind == ALIGNED else 0, thread, slot,
             size or (kind != FREE))
            for kind, align, thread, slot, size in operations(3000, 1, 6)]
    script = unikernel.Script(write(folder, "trip", script_of(made)))
    for name in unikernel.NAMES:
        known = unikernel.checked([name], options())
        plain = unikernel.play(script, known, name, 64 * 1024, 50)
        wanted = unikernel.guest_options(script, known, name)
        path = os.path.join(folder, "again")
        wanted.recording = recording.Recording(
            path, 64 * 1024 + script.kept_kib())
        console = guest.boot(wanted, 64 * 1024,
                             unikernel.words_of(script, known, 50), False)
        said = wanted.recording.finish()
        again = recorded(path)
        boot = len(again) - len(made)
        tail = again[boot:]
        point(f"{name}: what is replayed is what is recorded", boot > 0 and
              renamed(tail) == renamed(made), said, tail[:9], made[:9])
        point(f"{name}: a record changes no figure",
              {"failed": None, **unikernel.figures_of(console)} == plain,
              plain, console)


def run_py(*words):
    return subprocess.run([os.path.join(BED, "run.py"), *words], text=True,
                          capture_output=True, cwd=BED)


def test_sqlite(folder):
    path = os.path.join(folder, "sqlite")
    boot = ("boot", "sqlite_bench", "--build", os.path.join(IMAGES, "single"))
    scripts = set()
    for name, mode in (("buddy", "vmem"), ("tlsf", "static"),
                       ("mimalloc", "static")):
        words = boot + ("--alloc", name, "--mode", mode)
        plain = run_py(*words, "--", "300")
        done = run_py(*words, "--record", path, "--", "300")
        point(f"SQLite on {name}, {mode}, prints the same with a record",
              done.returncode == 0 and done.stdout == plain.stdout != "",
              done.stdout, done.stderr)
        point(f"and {name} has left nothing out",
              "left out: none" in done.stderr, done.stderr)
        if mode == "static":        # in mode vmem stacks are no blocks
            scripts.add(tuple(recorded(path)))
    point("SQLite asks for the same on each", len(scripts) == 1)
    made = recorded(path)
    row, = replay(path, ["mimalloc"], options())
    point(f"its {len(made):,} calls are played", is_as_made(row, made), row)


def test_record(folder):
    path = os.path.join(folder, "calls")
    one = recording.Recording(path, 64)
    calls = [(MALLOC, 7, 0, 10, 0, 0x1000), (CALLOC, 7, 0, 20, 0, 0x2000),
             (MALLOC, 7, 0, 30, 0, 0), (FREE, 8, 0, 0, 0, 0),
             (FREE, 8, 0, 0, 0x9000, 0), (REALLOC, 7, 0, 40, 0, 0x3000),
             (REALLOC, 7, 0, 50, 0x1000, 0x4000),
             (REALLOC, 7, 0, 0, 0x2000, 0), (REALLOC, 7, 0, 9, 0x3000, 0),
             (ALIGNED, 9, 4096, 8192, 0, 0x5000),
             (FREE, 9, 0, 4096, 0x5000, 0), (FREE, 9, 0, 8192, 0x5000, 0),
             (MALLOC, 9, 0, 5, 0, 0x3000)]
    begin = 3 * 4096
    memory = bytearray(8 * 4096)
    head = recording.HEADER.pack(b"mitraced", begin, len(calls), len(calls) + 2)
    data = head + b"".join(recording.CALL.pack(*call) for call in calls)
    memory[begin:begin + len(data)] = data
    one.memory.write(memory)
    one.memory.flush()
    said = one.finish()
    point("calls become operations", recorded(path) == [
        (MALLOC, 0, 0, 0, 10), (CALLOC, 0, 0, 1, 20), (MALLOC, 0, 0, 2, 40),
        (REALLOC, 0, 0, 0, 50), (FREE, 0, 0, 1, 0), (ALIGNED, 12, 1, 1, 8192),
        (FREE, 0, 1, 1, 0), (FREE, 0, 1, 2, 0), (MALLOC, 0, 1, 2, 5)],
        recorded(path))
    point("and what is left out is told", all(text in said for text in (
        "2 failed", "1 of NULL", "1 of unknown blocks", "1 pfree of a part",
        "1 freed unseen", "2 for want of room")), said)
    point("there is room for three million calls", recording.ROOM_KIB * 1024
          >= 3000000 * recording.CALL.size)
    point("no other file is left", not [name for name in os.listdir(folder)
                                        if name.startswith(".testbed")])
    images = ("--build", os.path.join(IMAGES, "single"))
    there = ("boot", "replay") + images
    for name, words, text in (
            ("a record that cannot be written", there +
             ("--record", "/nowhere/at/all"), "/nowhere/at/all: No such"),
            ("a record is for boot", ("check", "--record", path), "for boot")):
        done = run_py(*words)
        point(name, done.returncode == 2 and text in done.stderr, done.stderr)
    done = subprocess.run(["bash", "-c", 'ulimit -f 9999; exec "$@"', "-",
                           os.path.join(BED, "run.py"), *there, "--record",
                           path], text=True, capture_output=True)
    point("there is no room for the record", done.returncode == 2 and
          f"{path}: File too large" in done.stderr, done.stderr)
    if not os.path.exists(os.path.join(IMAGES, "single", "misbehave.elf")):
        return point("guests that fail # SKIP no image of them here", True)
    for name, how, status in (("fails", "fail", 1), ("crashes", "null", 3)):
        done = run_py("boot", "misbehave", *images, "--record", path, "--",
                      how)
        point(f"a program that {name} is recorded, too",
              done.returncode == status and "operations of " in done.stderr,
              done.stdout, done.stderr)
    done = run_py("boot", "hello", "--build", os.path.join(IMAGES, "smp"),
                  "--alloc", "mimalloc", "--cpus", "2", "--record", path)
    point("a record is for one CPU", done.returncode != 0 and
          "parameter trace: for one CPU" in done.stdout + done.stderr,
          done.stdout, done.stderr)
    return None


def main():
    quick = sys.argv[1:] == ["quick"]
    for heaps in ("single", "thread"):
        if not os.path.exists(os.path.join(IMAGES, heaps, "replay.elf")):
            print(f"Bail out! no image in {IMAGES}/{heaps}: "
                  f"make testbed-images ARCH={ARCH}")
            return 1
    with tempfile.TemporaryDirectory() as folder:
        test_replays(folder)
        test_memory(folder)
        test_wrong_scripts(folder)
        test_round_trip(folder)
        test_record(folder)
        if not quick:
            test_smallest(folder)
        if quick or not os.path.exists(os.path.join(IMAGES, "single",
                                                    "sqlite_bench.elf")):
            point("SQLite is recorded # SKIP "
                  + ("quick" if quick else "SQLite could not be fetched"),
                  True)
        else:
            test_sqlite(folder)
    print(f"1..{len(points)}")
    return 0 if all(points) else 1


if __name__ == "__main__":
    sys.exit(main())
