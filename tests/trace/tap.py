# SPDX-License-Identifier: BSD-3-Clause
"""What the Python tests of this folder share: they print TAP."""

import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("BUILD") or os.path.join(ROOT, "build"))
LIMIT_S = 300       # a program that runs for longer waits for ever


class Tap:
    """Numbers the points, prints them, and ends with the status."""

    def __init__(self):
        self.points = self.failures = 0
        self.folder = tempfile.TemporaryDirectory(prefix="mi-trace-test-")

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def check(self, name, good, *notes):
        """The notes are shown where it is not good."""
        self.points += 1
        print(f"{'ok' if good else 'not ok'} {self.points} - {name}",
              flush=True)
        if not good:
            self.failures += 1
            for note in notes:
                for line in str(note).splitlines()[:20]:
                    print(f"# {line[:200]}")
        return good

    def same(self, name, found, wanted):
        return self.check(name, found == wanted, f"found  {found!r}",
                          f"wanted {wanted!r}")

    def skip(self, name, why):
        self.points += 1
        print(f"ok {self.points} - {name} # SKIP {why}")

    def finish(self):
        print(f"1..{self.points}")
        self.folder.cleanup()
        sys.exit(1 if self.failures else 0)


def run(*command, preload=None, environment=(), **more):
    """A CompletedProcess with text; its status is None where it hung."""
    variables = {name: value for name, value in os.environ.items()
                 if name != "LD_PRELOAD"}
    variables.update(environment, LC_ALL="C")
    if preload:
        variables["LD_PRELOAD"] = preload
    more.setdefault("stdout", subprocess.PIPE)
    try:
        return subprocess.run(
            [str(word) for word in command], env=variables, text=True,
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
            timeout=LIMIT_S, **more)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, None, "", "hangs")


def compiled(tap, name, *options):
    """A program or a library of this folder's name.c."""
    out = tap.path(name)
    source = os.path.join(ROOT, "tests", "trace", name + ".c")
    done = run(*os.environ.get("CC", "gcc").split(), "-std=gnu11", "-O1",
               "-Wall", "-Wextra", "-Werror", "-fno-builtin", *options, "-o",
               out, source)
    if done.returncode:
        print(f"Bail out! {source} does not compile: {done.stderr}")
        sys.exit(2)
    return out
