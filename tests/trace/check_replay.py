#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""mi-trace replay: its table and its JSON on real allocators; that it repeats
what was disturbed, stops, and tells which allocators fail or are not there.
What it makes of numbers is tested with a player that gives what it is told."""

import json
import os
import pty
import shutil
import signal
import stat
import subprocess
import sys
import time

import tap as tap_
from make_script import random_script

COMMAND = os.path.join(tap_.ROOT, "trace", "mi-trace")
OURS = os.path.join(tap_.BUILD, "libmimalloc.so")
tap = tap_.Tap()
script = tap.path("app.script")

# Gives one number after the other from a file as seconds, and notes what it
# was preloaded with.
PLAYER = """#!/usr/bin/python3
import json, os, sys
folder = os.path.dirname(os.path.abspath(__file__))
preload = os.environ.get("LD_PRELOAD", "")
who = os.path.basename(preload) or "glibc"
extra = "--timeline" in sys.argv or "--map" in sys.argv
with open(os.path.join(folder, "log"), "a") as log:
    log.write(who + (" extra" if extra else "") + "\\n")
if os.path.exists(os.path.join(folder, "fail." + who)):
    sys.exit("mi-trace-play: operation 3, malloc (9 bytes): no memory")
path = os.path.join(folder, "seconds." + who)
numbers = open(path).read().split() if os.path.exists(path) else []
seconds = float(numbers[0]) if numbers and not extra else 1.0
if not extra:
    with open(path, "w") as file:
        file.write(" ".join(numbers[1:]))
libc = [line.split()[-1] for line in open("/proc/self/maps")
        if "/libc.so" in line][0]
print(json.dumps({
    "allocator": preload or libc, "seconds": abs(seconds),
    "processor_seconds": abs(seconds) * (0.5 if seconds < 0 else 1),
    "instructions": int(abs(seconds) * 1000), "peak_rss_kib": 2048,
    "final_rss_kib": 1024, "waits": 0, "threads": 1, "played_threads": 1,
    "threads_at_once": 1, "drained_rss_kib": 1, "kinds": {}, "timeline": [],
    "at_peak": {"operation": 1, "live_bytes": 1 << 20, "rss_kib": 2048},
    "map": []}))
"""


def replay(*words, **more):
    return tap_.run(COMMAND, "replay", *words, **more)


def written():
    with open(tap.path("out.json"), encoding="utf-8") as file:
        return json.load(file)


def rows_of(done):
    """The table's lines by their first word."""
    return {line.split()[0]: line for line in done.stdout.splitlines()
            if line.strip()}


def check_real():
    made = random_script(3000, 3, 11, 200, largest=12)
    made.write(script)
    done = replay(script, "--on", "glibc,ours", "--rounds", "2", "--timeline",
                  "30", "--threads", "1", "--json", tap.path("out.json"))
    tap.check("on two allocators", done.returncode == 0, done.returncode,
              done.stderr)
    rows = rows_of(done)
    tap.check("blanks between names are none of them",
              replay(script, "--on", " glibc , ours ", "--rounds", "1")
              .returncode == 0)
    tap.check("the table has both, and the first is the measure",
              rows.get("glibc", "").split()[3:4] == ["1.00"]
              and "ours" in rows, done.stdout)
    tap.check("and what the script is", f"{len(made.operations):,} operations "
              "of 3 threads" in done.stdout, done.stdout)
    result = written()
    tap.same("the JSON's head", (
        result["format"], result["complete"], result["rounds"],
        result["where"], result["compiled"], result["script"]["peak_bytes"]),
        ("mi-trace-replay 1", True, 2, "linux", None, made.peak))
    check_rows(result, made)
    done = replay(script, "--on", "ours", "--rounds", "1", "--json", "-")
    row = json.loads(done.stdout)["allocators"][0]
    tap.check("several threads: a map of one that plays all",
              row["played_threads"] == 3 and row["map"], row)
    check_default()


def check_rows(result, made):
    tap.check("ours has a map of the heap", result["allocators"][1]["map"],
              result["allocators"][1])
    for row in result["allocators"]:
        name = row["name"]
        tap.same(f"{name}: live bytes at each point of the timeline",
                 [point["live_bytes"] for point in row["timeline"]],
                 [made.lives[point["operation"] - 1]
                  for point in row["timeline"]])
        tap.check(f"{name}: what is measured", len(row["runs"]) == 2
                  and row["seconds"]["min"] <= row["seconds"]["median"]
                  <= row["seconds"]["max"]
                  and row["peak_rss_kib"] >= row["final_rss_kib"] > 0
                  and row["kinds"]["malloc"]["calls"] > 0, row)


def check_default():
    done = replay(script, "--rounds", "1", "--json", "-")
    names = [row["name"] for row in json.loads(done.stdout)["allocators"]]
    tap.same("without --on all that are installed; --json - is no table",
             names[:2], ["ours", "glibc"])
    # Where there is no dpkg, no package is installed
    python = os.path.dirname(os.path.realpath("/usr/bin/python3"))
    os.mkdir(tap.path("bin"))
    os.symlink(os.path.join(python, "python3"), tap.path("bin/python3"))
    done = replay(script, "--rounds", "1",
                  environment={"PATH": tap.path("bin")})
    tap.check("those that are not are left out, and how to install them",
              done.returncode == 0 and "jemalloc is left out: not installed: "
              "apt-get install libjemalloc2" in done.stderr, done.stderr)
    done = replay(script, "--on", "glibc,jemalloc", "--rounds", "1",
                  environment={"PATH": tap.path("bin")})
    tap.check("by name they fail", done.returncode == 1 and "jemalloc: failed:"
              " not installed: apt-get install libjemalloc2" in done.stdout
              and "glibc" in rows_of(done), done.stdout, done.stderr)


def fails(name, library, text, *options, **environment):
    done = replay(script, "--rounds", "1", "--on", f"glibc,bad={library}",
                  *options, environment=environment)
    tap.check(f"a row says why: {name}", done.returncode == 1
              and f"bad: failed: {text}" in done.stdout and "glibc" in rows_of(done), done.stdout, done.stderr)


def check_failures():
    broken = tap_.compiled(tap, "broken", "-shared", "-fPIC")
    random_script(3000, 1, 12, 200, largest=9).write(script)
    fails("blocks handed out twice", broken, "operation ", BROKEN="twice")
    fails("a crash", broken, "ended by signal 6 (SIGABRT)", BROKEN="crash")
    fails("no end", broken, "stopped after 2 s", "--limit", "2",
          BROKEN="hang")
    empty = tap.path("empty.so")
    subprocess.run([*os.environ.get("CC", "gcc").split(), "-shared", "-o",
                    empty, "-x", "c", "/dev/null"], check=True)
    fails("a library without malloc", empty, "malloc comes from ")
    spaced = tap.path("a b.so")
    os.link(empty, spaced)
    fails("a space in its path", spaced,
          f"{spaced}: LD_PRELOAD cannot name")


class Fake:
    """A folder of a build whose player gives what it is told."""

    def __init__(self, name):
        self.folder = tap.path(name)
        os.makedirs(os.path.join(self.folder, "trace"))
        player = self.path("mi-trace-play")
        with open(player, "w", encoding="utf-8") as file:
            file.write(PLAYER)
        os.chmod(player, os.stat(player).st_mode | stat.S_IXUSR)
        empty, self.libraries = tap.path("empty.so"), []
        for name_ in ("a", "b", "c"):
            path = os.path.join(self.folder, name_ + ".so")
            shutil.copy(empty, path)
            self.libraries.append(path)

    def path(self, name):
        return os.path.join(self.folder, "trace", name)

    def give(self, who, *seconds):
        with open(self.path("seconds." + who), "w", encoding="utf-8") as file:
            file.write(" ".join(map(str, seconds)))

    def log(self):
        try:
            with open(self.path("log"), encoding="utf-8") as file:
                lines = file.read().split("\n")[:-1]
            os.unlink(self.path("log"))
        except FileNotFoundError:
            return []
        return [line.replace(".so", "") for line in lines]

    def replay(self, *words, on="glibc", **more):
        return replay(script, "--on", on, "--json", tap.path("out.json"),
                      *words, environment={"BUILD": self.folder}, **more)

    def seconds(self):
        return [run["seconds"] for run in written()["allocators"][0]["runs"]]


def check_order(fake):
    fake.replay("--rounds", "3", on=",".join(
        ["glibc"] + [f"{path[-4]}={path}" for path in fake.libraries]))
    log = fake.log()
    tap.same("each round begins with another allocator", log,
             ["glibc", "a", "b", "c", "a", "b", "c", "glibc",
              "b", "c", "glibc", "a"]
             + [name + " extra" for name in ("glibc", "a", "b", "c")])


def check_arithmetic(fake):
    fake.give("glibc", 3.5, 1, 2, 3, 2.5)
    fake.give("a.so", 5, 5, 5, 5, 5)
    done = fake.replay("--rounds", "5", on="glibc," + fake.libraries[0])
    fake.log()
    rows = written()["allocators"]
    tap.same("median and spread", (rows[0]["seconds"], rows[0]["instructions"]),
             ({"median": 2.5, "min": 1.0, "max": 3.5}, 2500))
    tap.same("the table's cells", rows_of(done)["a"].split(),
             "a 5.000 s 2.00 5.000 s - 5.000 s 5.000 s 5,000 2.00 MiB 1.00 MiB "
             "50 %".split())


def check_short(fake):
    fake.give("glibc", 0.05, 0.03, 0.04, 0.09, 0.1)
    fake.replay("--rounds", "1")
    tap.same("of short plays the fastest counts", [
        (run["seconds"], run["plays"])
        for run in written()["allocators"][0]["runs"]], [(0.03, 4)])
    fake.log()
    fake.give("glibc", *[0.002, 0.001] + [0.003] * 20)
    fake.replay("--rounds", "2")
    tap.same("of the shortest a few", (fake.seconds(), len(fake.log())),
             ([0.001, 0.003], 19))


def check_disturbed(fake):
    fake.give("glibc", -2, 1.5, 1, 1)
    done = fake.replay("--rounds", "3")
    tap.same("a disturbed run is repeated", (fake.seconds(), len(fake.log())),
             ([1.5, 1, 1], 5))
    tap.check("and not mentioned", "disturbed" not in done.stdout,
              done.stdout)
    fake.give("glibc", -1, -1.1, -1.2, 1)
    done = fake.replay("--rounds", "2")
    fake.log()
    tap.same("if it stays so it counts", fake.seconds(), [1.2, 1])
    tap.check("and is told", "1 of 2 runs were disturbed" in done.stdout,
              done.stdout)
    fake.give("glibc", 1, 1, 3, 1, 1, 1.1)
    fake.replay("--rounds", "5")
    tap.same("what lies far above the others is run again",
             (fake.seconds(), len(fake.log())), ([1, 1, 1.1, 1, 1], 7))


def check_fails_later(fake):
    with open(fake.path("fail.a.so"), "w", encoding="utf-8"):
        pass
    done = fake.replay("--rounds", "2", on="glibc,a=" + fake.libraries[0])
    tap.same("what has failed is not run again",
             (done.returncode, fake.log()),
             (1, ["glibc", "a", "glibc", "glibc extra"]))
    os.unlink(fake.path("fail.a.so"))
    result = written()
    tap.same("the JSON says why", result["allocators"][1]["failed"],
             "operation 3, malloc (9 bytes): no memory")


def check_stop(fake):
    """As a user's Ctrl-C: the signal reaches the player, too."""
    fake.log()
    process = subprocess.Popen(
        [COMMAND, "replay", script, "--on", "glibc", "--rounds", "1000",
         "--json", tap.path("out.json")], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
        env=dict(os.environ, BUILD=fake.folder))
    deadline, lines = time.monotonic() + tap_.LIMIT_S, []
    while len(lines) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
        lines += fake.log()
    os.killpg(process.pid, signal.SIGINT)
    said, complaints = process.communicate(timeout=tap_.LIMIT_S)
    tap.check("Ctrl-C ends it", process.returncode == 130
              and "stopped; this is what there is" in complaints
              and "Traceback" not in complaints, process.returncode,
              complaints)
    result = written()
    tap.check("with what there is so far", "glibc" in said
              and not result["complete"] and "live/peak" not in said
              and 0 < len(result["allocators"][0]["runs"]) < 1000, said)


def check_pipe(fake):
    """What is no file stays what it is."""
    pipe = tap.path("pipe")
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDWR)
    done = replay(script, "--on", "glibc", "--rounds", "1", "--json", pipe,
                  environment={"BUILD": fake.folder})
    said = os.read(reader, 65536).decode() if not done.returncode else ""
    os.close(reader)
    tap.check("--json to a pipe", stat.S_ISFIFO(os.stat(pipe).st_mode)
              and said.endswith("}\n") and json.loads(said)["complete"],
              done.returncode, done.stderr)


def check_terminal(fake):
    leader, follower = pty.openpty()
    done = subprocess.run(
        [COMMAND, "replay", script, "--on", "glibc", "--rounds", "4"],
        env=dict(os.environ, BUILD=fake.folder), stdout=subprocess.PIPE,
        stderr=follower, text=True)
    os.close(follower)
    shown = os.read(leader, 65536).decode()
    os.close(leader)
    tap.check("progress on a terminal", "round 2 of 4: glibc; about" in shown
              and "left" in shown and shown.endswith("\r\033[K"), shown)
    tap.check("and nothing of it in the table", done.returncode == 0
              and "\r" not in done.stdout, done.stdout)


def main():
    check_real()
    check_failures()
    fake = Fake("fake")
    for check in (check_order, check_arithmetic, check_short, check_disturbed,
                  check_fails_later, check_stop, check_pipe, check_terminal):
        check(fake)
    tap.finish()


if __name__ == "__main__":
    sys.exit(main())
