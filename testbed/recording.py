# SPDX-License-Identifier: BSD-3-Clause
"""The calls on a guest's heap, as a script of allocations (trace/script.h).

The guest writes each call into memory that it keeps out of its heap
(kernel/trace.h), and QEMU has the guest's memory in a file. So what a guest has
recorded that crashes later is there, too."""

import mmap
import os
import struct
import tempfile

ROOM_KIB = 128 * 1024
MAGIC = b"mitraced"
HEADER = struct.Struct("<8sQQQ")
CALL = struct.Struct("<IIQQQQ")
SCRIPT_HEADER = struct.Struct("<8sIIQQQQQQ")
OPERATION = struct.Struct("<BBHIQ")
MALLOC, CALLOC, REALLOC, ALIGNED, FREE = 1, 2, 3, 4, 5
THREADS_MAX = 65536


class RecordError(Exception):
    """There is no record, or it cannot be written."""


class Script:
    """The operations that calls make, with slots in place of addresses."""

    def __init__(self):
        self.operations = bytearray()
        self.live = {}              # address: slot, size
        self.empty = []             # slots, the one emptied last at the end
        self.slots = self.count = 0
        self.threads = {}
        self.bytes = self.peak = self.peak_at = 0
        self.left_out = {}          # why: calls

    def skip(self, why):
        self.left_out[why] = self.left_out.get(why, 0) + 1

    def put(self, kind, thread, slot, size, align=1):
        number = self.threads.setdefault(thread, len(self.threads))
        self.operations += OPERATION.pack(kind, align.bit_length() - 1,
                                          number % THREADS_MAX, slot, size)
        if self.bytes > self.peak:
            self.peak, self.peak_at = self.bytes, self.count
        self.count += 1

    def make(self, kind, thread, align, size, address):
        if not address:
            return self.skip("failed")
        if address in self.live:    # freed by a function that is not ukalloc's
            self.skip("freed unseen")
            self.free(thread, address)
        slot = self.empty.pop() if self.empty else self.slots
        self.slots = max(self.slots, slot + 1)
        self.live[address] = slot, size
        self.bytes += size
        self.put(kind, thread, slot, size, align if kind == ALIGNED else 1)

    def free(self, thread, address):
        if address not in self.live:
            return self.skip("of unknown blocks" if address else "of NULL")
        slot, size = self.live.pop(address)
        self.empty.append(slot)
        self.bytes -= size
        self.put(FREE, thread, slot, 0)

    def resize(self, thread, size, before, after):
        if not before:
            return self.make(MALLOC, thread, 1, size, after)
        if not size:
            return self.free(thread, before)
        if not after:
            return self.skip("failed")
        if before not in self.live:
            return self.skip("of unknown blocks")
        slot, old = self.live.pop(before)
        self.live[after] = slot, size
        self.bytes += size - old
        self.put(REALLOC, thread, slot, size)

    def add(self, kind, thread, align, size, before, after):
        if kind == REALLOC:
            self.resize(thread, size, before, after)
        elif kind != FREE:
            self.make(kind, thread, align, size, after)
        elif size and self.live.get(before, (0, size))[1] != size:
            self.skip("pfree of a part")
        else:
            self.free(thread, before)

    def write(self, path):
        header = SCRIPT_HEADER.pack(
            b"miscript", 1, len(self.threads), self.count, self.slots,
            self.peak, self.peak_at, self.bytes, 0)
        try:
            with open(path + ".part", "wb") as file:
                file.write(header)
                file.write(self.operations)
            os.replace(path + ".part", path)
        except OSError as error:
            raise RecordError(f"{path}: {error.strerror}") from None


class Recording:
    """The file that has a guest's memory while it runs: a machine's of so much,
    and the record. It has all of its room on the disk before QEMU begins, which
    would die where that runs out."""

    def __init__(self, path, memory_kib):
        self.path = path
        folder = os.path.dirname(os.path.abspath(path))
        try:
            self.memory = tempfile.NamedTemporaryFile(prefix=".testbed-",
                                                      dir=folder)
            os.posix_fallocate(self.memory.fileno(), 0,
                               (memory_kib + ROOM_KIB) * 1024)
        except OSError as error:
            raise RecordError(f"{path}: {error.strerror}") from None

    def words(self, memory_kib):
        """QEMU's, for a machine with so much memory in all."""
        name = self.memory.name.replace(",", ",,")
        return ["-object", f"memory-backend-file,id=ram,size={memory_kib}K,"
                f"mem-path={name},share=on", "-machine", "memory-backend=ram"]

    def header_at(self, memory):
        """Where the record begins: the firmware decides on the last pages."""
        for at in range(len(memory) - mmap.PAGESIZE, -1, -mmap.PAGESIZE):
            if memory[at:at + len(MAGIC)] == MAGIC \
                    and HEADER.unpack_from(memory, at)[1] & 0x3fffffff == at:
                return at
        raise RecordError("the guest has recorded nothing")

    def finish(self):
        """Writes the script; gives a sentence on what is in it."""
        size = os.fstat(self.memory.fileno()).st_size
        with self.memory, mmap.mmap(self.memory.fileno(), size) as memory:
            at = self.header_at(memory)
            room, calls = HEADER.unpack_from(memory, at)[2:]
            script = Script()
            begin = at + HEADER.size
            end = begin + min(room, calls) * CALL.size
            for call in CALL.iter_unpack(memory[begin:end]):
                kind, thread, align, size, before, after = call
                script.add(kind, thread, align, size, before, after)
        script.write(self.path)
        left_out = [f"{count:,} {why}" for why, count
                    in script.left_out.items()]
        if calls > room:
            left_out.append(f"{calls - room:,} for want of room")
        return (f"{self.path}: {script.count:,} operations of "
                f"{len(script.threads)} threads; left out: "
                + (", ".join(left_out) or "none"))
