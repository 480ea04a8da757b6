# SPDX-License-Identifier: BSD-3-Clause
"""The lines of other tools' logs. Each class has the function line(), which
adds what one says to Blocks, and raises a ValueError where it is not of the
format."""

import re

import scripts

SIZE_BITS = 47      # no process has more


def number(text, what="a number"):
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{what} is missing" if not text else
                         f"{text[:40]!r} is not {what}")
    return int(text[:40])


def size(text):
    value = number(text, "a size")
    if value >> SIZE_BITS:
        raise ValueError("a size beyond what a process can have")
    return value


def alignment(text):
    """The logarithm of the next power of two, as memalign() takes it."""
    value = number(text, "an alignment")
    if value >> SIZE_BITS:
        raise ValueError("an alignment beyond what a process can have")
    return max(value - 1, 0).bit_length()


class Logalloc:
    """<pid> <tid> <function>([<args>])[=<result>], where a pointer is an
    address, or # and a number in a log that logalloc_munge.py has made."""

    LINE = re.compile(r"([0-9]+)\s+([0-9]+)\s+(\w+)\(([^()]*)\)"
                      r"(?:=(\(nil\)|\S+))?")
    POINTER = re.compile(r"#[0-9]+|0x[0-9a-fA-F]+|[0-9a-fA-F]{8,16}")
    NULL = re.compile(r"#0*|(?:0x)?0+|\(nil\)")

    def __init__(self, blocks, process):
        self.blocks, self.process, self.processes = blocks, process, set()
        self.makers = {
            "malloc": (scripts.MALLOC, 1), "valloc": (scripts.ALIGNED, 1),
            "calloc": (scripts.CALLOC, 2), "memalign": (scripts.ALIGNED, 2),
            "posix_memalign": (scripts.ALIGNED, 2),
            "aligned_alloc": (scripts.ALIGNED, 2)}

    def pointer(self, text):
        if self.NULL.fullmatch(text):
            return None
        if not self.POINTER.fullmatch(text):
            raise ValueError(f"{text[:40]!r} is not a pointer")
        # An address and a number can be the same text but for the mark
        return text if text[0] == "#" else int(text, 16)

    def line(self, text):
        match = self.LINE.fullmatch(text)
        if not match:
            raise ValueError("not <pid> <tid> <function>(<args>)=<result>")
        process, thread, name, words, result = match.groups()
        self.processes.add(process)
        if self.process is None:
            self.process = process
        if process != self.process:
            self.blocks.count("lines of other processes")
            return
        words = [word.strip() for word in words.split(",")] if words.strip() \
            else []
        self.call(thread, name, words, result)

    def call(self, thread, name, words, result):
        if name.startswith("jemalloc_"):
            self.blocks.count("calls for statistics")
        elif name == "free":
            self.expect(name, words, 1)
            address = self.pointer(words[0])
            if address is None:
                self.blocks.count("frees of NULL")
            else:
                self.blocks.drop(thread, address)
        elif name == "realloc":
            self.expect(name, words, 2)
            self.blocks.resize(thread, self.pointer(words[0]),
                               self.result(result), size(words[1]))
        elif name in self.makers:
            self.make(thread, name, words, result)
        else:
            raise ValueError(f"no function of logalloc: {name[:40]}")

    def expect(self, name, words, count):
        if len(words) != count:
            raise ValueError(f"{name} has {count} arguments, not {len(words)}")

    def result(self, text):
        if text is None:
            raise ValueError("the result is missing")
        return self.pointer(text)

    def make(self, thread, name, words, result):
        kind, count = self.makers[name]
        self.expect(name, words, count)
        bytes_, align = size(words[-1]), 0
        if kind == scripts.CALLOC:
            bytes_ = size(str(size(words[0]) * bytes_))
        elif name == "valloc":
            align = 12
        elif kind == scripts.ALIGNED:
            align = alignment(words[0])
        self.blocks.make(thread, kind, self.result(result), bytes_, align)


class MemoryReplay:
    """<tid>: <action> <pointer> [<arguments>] [<start ns> <end ns>]"""

    POINTER = re.compile(r"(?:0x)?[0-9a-fA-F]+")
    # Words behind the pointer
    ACTIONS = {"malloc": 1, "calloc": 2, "memalign": 2, "realloc": 2,
               "free": 0, "thread_done": 0}

    def __init__(self, blocks, process):
        self.blocks, self.process, self.processes = blocks, process, set()
        self.threads = {}       # those that have ended before with that id

    def pointer(self, text):
        if not self.POINTER.fullmatch(text):
            raise ValueError(f"{text[:40]!r} is not a pointer")
        return int(text, 16)

    def line(self, text):
        thread, colon, rest = text.partition(":")
        words = rest.split()
        if not colon or len(words) < 2:
            raise ValueError("not <tid>: <action> <pointer> ...")
        number(thread.strip(), "a thread")
        action, wanted = words[0], self.ACTIONS.get(words[0])
        if wanted is None:
            raise ValueError(f"no action of memory_replay: {action[:40]}")
        self.check_times(action, words[2 + wanted:])
        if len(words) < 2 + wanted:
            raise ValueError(f"{action} has {wanted} words behind the pointer")
        self.act((thread.strip(), self.threads.get(thread.strip(), 0)), action,
                 self.pointer(words[1]), words[2:2 + wanted])

    def check_times(self, action, times):
        """Both are there or none; of the end of a thread there is one."""
        most = 1 if action == "thread_done" else 2
        if len(times) not in (0, most):
            raise ValueError(f"{len(times)} words too many")
        for word in times:
            number(word, "a time")

    def act(self, thread, action, pointer, words):
        blocks = self.blocks
        if action == "thread_done":
            # Another thread may have that id from now on
            self.threads[thread[0]] = thread[1] + 1
        elif action == "free":
            if pointer:
                blocks.drop(thread, pointer)
            else:
                blocks.count("frees of NULL")
        elif action == "realloc":
            blocks.resize(thread, self.pointer(words[0]), pointer,
                          size(words[1]))
        elif action == "memalign":
            blocks.make(thread, scripts.ALIGNED, pointer, size(words[1]),
                        alignment(words[0]))
        elif action == "calloc":
            blocks.make(thread, scripts.CALLOC, pointer,
                        size(str(size(words[0]) * size(words[1]))))
        else:
            blocks.make(thread, scripts.MALLOC, pointer, size(words[0]))
