# SPDX-License-Identifier: BSD-3-Clause
"""The header of a recorded trace, and the files that one recording makes."""

import glob
import os
import re
import struct

MAGIC = b"mi-trace"
# As struct mi_trace_header of format.h
HEADER = struct.Struct("<8sIIIIIHHQIIIIQQ")
RUNNING, ENDED, EXECUTED, STOPPED = range(4)


class Header:
    """What the file of one process says of itself."""

    def __init__(self, path):
        with open(path, "rb") as file:
            fields = HEADER.unpack(file.read(HEADER.size))
            self.program = os.fsdecode(file.read(fields[6]))
        if fields[0] != MAGIC:
            raise ValueError(path)
        self.path = path
        self.pid = fields[3]
        self.state, self.error, self.events, self.lost = fields[11:15]
        self.bytes = os.path.getsize(path)


def is_trace(path):
    """Whether a regular file begins as a trace does."""
    try:
        if not os.path.isfile(path):
            return False
        with open(path, "rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def family(path):
    """The traces of a recording: the program's own first, then PATH.PID."""
    further = re.compile(re.escape(path) + r"\.\d+(\.\d+)?$")
    found = [name for name in glob.glob(glob.escape(path) + ".*")
             if further.match(name) and is_trace(name)]
    found.sort(key=lambda name: [int(part) for part in
                                 name[len(path) + 1:].split(".")])
    return ([path] if is_trace(path) else []) + found
