# SPDX-License-Identifier: BSD-3-Clause
"""Writes a script: trace/script.h has the format."""

import contextlib

import output
import scripts

THREADS_MAX = 1 << 16
BUFFER_BYTES = 1 << 20


class Script:
    """A script that grows in a file."""

    def __init__(self, file):
        self.file, self.buffer = file, bytearray()
        self.operations = self.slots = 0
        self.free, self.sizes, self.numbers = [], [], {}
        self.live = self.peak = self.peak_operation = 0
        file.write(bytes(scripts.HEADER.size))

    @property
    def threads(self):
        return len(self.numbers)

    def add(self, thread, kind, slot, size, align=0):
        number = self.numbers.setdefault(thread, len(self.numbers))
        if number >= THREADS_MAX:
            raise ValueError(f"more than {THREADS_MAX} threads")
        self.live += size - self.sizes[slot]
        self.sizes[slot] = size
        if self.live > self.peak:
            self.peak, self.peak_operation = self.live, self.operations
        self.operations += 1
        self.buffer += scripts.OPERATION.pack(kind, align, number, slot, size)
        if len(self.buffer) >= BUFFER_BYTES:
            self.flush()

    def flush(self):
        self.file.write(self.buffer)
        self.buffer.clear()

    def make(self, thread, kind, size, align=0):
        """A new block; its slot."""
        if self.free:
            slot = self.free.pop()
        else:
            slot = len(self.sizes)
            self.sizes.append(0)
        self.add(thread, kind, slot, size, align)
        return slot

    def resize(self, thread, slot, size):
        self.add(thread, scripts.REALLOC, slot, size)

    def drop(self, thread, slot):
        self.add(thread, scripts.FREE, slot, 0)
        self.free.append(slot)

    def finish(self):
        self.flush()
        self.file.seek(0)
        self.file.write(scripts.HEADER.pack(
            scripts.MAGIC, scripts.VERSION, self.threads, self.operations,
            len(self.sizes), self.peak, self.peak_operation, self.live, 0))


@contextlib.contextmanager
def script_at(path):
    """A Script that is whole at this path when the context has ended."""
    with output.output_file(path, "wb") as file:
        script = Script(file)
        yield script
        script.finish()
