# SPDX-License-Identifier: BSD-3-Clause
"""The allocators that bench/run compares: the C library's, ours, those that
Debian packages, and any other by the path of its shared library."""

import os
import subprocess

LIBC = "glibc"
OURS = "ours"

# Name, package, file.
PEERS = (
    ("mimalloc", "libmimalloc2.0", "libmimalloc.so.2.0"),
    ("jemalloc", "libjemalloc2", "libjemalloc.so.2"),
    ("tcmalloc", "libtcmalloc-minimal4", "libtcmalloc_minimal.so.4"),
)


class BenchError(Exception):
    """A wrong use, or something that is missing."""


def libc_path():
    """The C library that Python itself has in memory."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        for line in maps:
            path = line.split()[-1]
            if os.path.basename(path).startswith("libc.so"):
                return path
    raise BenchError("the C library's file is not in /proc/self/maps")


def packaged(package, file):
    """The path of a package's library; None where it is not installed."""
    try:
        listed = subprocess.run(["dpkg", "-L", package], text=True,
                                capture_output=True).stdout.split("\n")
    except FileNotFoundError:
        listed = []
    return next((path for path in listed if path.endswith("/" + file)
                 and os.access(path, os.R_OK)), None)


def find(build, others):
    """Names with paths, ours and the peers; and the peers that are missing,
    with their packages. The path of the C library is its own."""
    found, missing = {LIBC: libc_path()}, {}
    found[OURS] = os.path.abspath(os.path.join(build, "libmimalloc.so"))
    if not os.access(found[OURS], os.R_OK):
        raise BenchError(f"{found[OURS]} is not there: run make first")
    for name, package, file in PEERS:
        path = packaged(package, file)
        if path:
            found[name] = path
        else:
            missing[name] = package
    for name, path in others:
        found[name] = os.path.abspath(path)
    return found, missing


def check(found, probe):
    """That malloc comes from each of them when it is preloaded."""
    for name, path in found.items():
        if " " in path or ":" in path:
            raise BenchError(f"{path}: LD_PRELOAD cannot name a path with a "
                             "space or a colon")
        done = subprocess.run([probe], text=True, capture_output=True,
                              env=dict(os.environ, LD_PRELOAD=path))
        if done.stderr or done.returncode:
            why = done.stderr.strip() or f"status {done.returncode}"
            raise BenchError(f"{name}: {path} cannot be used: {why}")
        if not os.path.samefile(done.stdout.strip(), path):
            raise BenchError(f"{name}: malloc does not come from {path}, but "
                             f"from {done.stdout.strip()}")


def identity(path):
    """Changes when another library is built there."""
    about = os.stat(path)
    return f"{path} ({about.st_size} bytes, {about.st_mtime_ns})"
