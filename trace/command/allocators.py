# SPDX-License-Identifier: BSD-3-Clause
"""The allocators that a trace is replayed on: the C library's, ours, the peers
that bench/ knows, and any shared library by its path."""

import os
import re
import sys
from typing import NamedTuple, Optional

import built
import scripts

# Only this one: bench/ has modules of the same names as this folder
sys.path.append(os.path.join(built.ROOT, "bench"))
import peers        # noqa: E402
sys.path.pop()


class Allocator(NamedTuple):
    name: str
    path: Optional[str]     # of its library
    preload: bool           # whether it has to be preloaded
    missing: str            # why it cannot be used, or ""


# How a shared library begins: as an ELF file, of the kind that is one
ELF = b"\x7fELF"
KIND_AT, SHARED = 16, 3


def is_library(path):
    """Whether a file that can be read is a shared library."""
    with open(path, "rb") as file:
        head = file.read(KIND_AT + 2)
    kind = head[KIND_AT:]
    return head.startswith(ELF) and SHARED in (
        int.from_bytes(kind, "little"), int.from_bytes(kind, "big"))


def refused(path):
    """Why a library cannot be preloaded."""
    if " " in path or ":" in path:
        return f"{path}: LD_PRELOAD cannot name a path with a space or a colon"
    if not os.access(path, os.R_OK):
        return f"{path} cannot be read"
    return ""


def ours():
    path = os.path.join(built.BUILD, "libmimalloc.so")
    if not os.path.exists(path):
        return Allocator(peers.OURS, None, True,
                         f"{path} is not there: run make first")
    return Allocator(peers.OURS, path, True, refused(path))


def peer(name):
    package, file = next((package, file) for known, package, file
                         in peers.PEERS if known == name)
    path = peers.packaged(package, file)
    if not path:
        return Allocator(name, None, True,
                         f"not installed: apt-get install {package}")
    return Allocator(name, path, True, refused(path))


def named(word):
    """By a name, a path, or NAME=PATH."""
    if word == peers.LIBC:
        return Allocator(word, peers.libc_path(), False, "")
    if word == peers.OURS:
        return ours()
    if word in names():
        return peer(word)
    name, _, path = word.rpartition("=")
    if "/" not in path and not path.endswith(".so"):
        raise scripts.TraceError(
            f"--on {word}: no such allocator; there are {', '.join(names())}, "
            "and any shared library by its path or as NAME=PATH")
    name = name or re.sub(r"^lib|\.so[.0-9]*$", "", os.path.basename(path))
    if name in names():
        name = path
    if not os.path.isfile(path):
        raise scripts.TraceError(f"--on {word}: {path} is no file")
    path = os.path.abspath(path)
    why = refused(path)
    if not why and not is_library(path):
        raise scripts.TraceError(f"--on {word}: {path} is no shared library")
    return Allocator(name, path, True, why)


def names():
    return [peers.OURS, peers.LIBC] + [known[0] for known in peers.PEERS]


def chosen(words):
    """A list for --on; all that are there without it, and what is not."""
    if words is None:
        every = [named(name) for name in names()]
        return [one for one in every if not one.missing], \
            [one for one in every if one.missing]
    found = [named(word) for word in scripts.names_in(words)]
    scripts.check_once([one.name for one in found])
    return found, []
