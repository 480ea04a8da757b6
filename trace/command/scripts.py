# SPDX-License-Identifier: BSD-3-Clause
"""Traces that were recorded, as scripts: trace/script.h has their format."""

import contextlib
import json
import os
import struct
import subprocess
import tempfile

import built
import wording

MAGIC = b"miscript"
VERSION = 1
HEADER = struct.Struct("<8sIIQQQQQQ")
OPERATION = struct.Struct("<BBHIQ")
MALLOC, CALLOC, REALLOC, ALIGNED, FREE = 1, 2, 3, 4, 5
DAMAGED = 3         # mi-trace-compile has used what stands before the damage


class TraceError(Exception):
    """A wrong use, or something that is missing or cannot be read."""


def tool(name):
    """The path of a program of `make trace`."""
    try:
        return built.built(name)
    except built.Missing as missing:
        raise TraceError(str(missing)) from None


def is_script(path):
    try:
        with open(path, "rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError as error:
        raise TraceError(f"{path}: {error.strerror}") from None


def header_of(path):
    """What a script's header says; mi-trace-play checks whether it is so."""
    try:
        with open(path, "rb") as file:
            data = file.read(HEADER.size)
    except OSError as error:
        raise TraceError(f"{path}: {error.strerror}") from None
    if len(data) < HEADER.size or not data.startswith(MAGIC):
        raise TraceError(f"{path}: not a script")
    names = ("version", "threads", "operations", "slots", "peak_bytes",
             "peak_operation", "final_bytes")
    return dict(zip(names, HEADER.unpack(data)[1:]))


def names_in(text):
    """The names of a list for --on; TraceError where there is none."""
    names = [word.strip() for word in text.split(",") if word.strip()]
    if not names:
        raise TraceError("--on: names no allocator")
    return names


def check_once(names):
    """TraceError where one is named twice."""
    for name in names:
        if names.count(name) > 1:
            raise TraceError(f"--on: {name} is named twice")


def last_line(text):
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def compile_trace(path, script):
    """Makes a script of a trace; what mi-trace-compile says of it."""
    done = subprocess.run([tool("mi-trace-compile"), path, script],
                          capture_output=True)
    said = done.stderr.decode(errors="surrogateescape")
    if done.returncode not in (0, DAMAGED):
        why = last_line(said).removeprefix("mi-trace-compile: ")
        raise TraceError(why or f"{path}: mi-trace-compile ended with status "
                         f"{done.returncode}")
    try:
        return json.loads(done.stdout.decode(errors="surrogateescape"))
    except ValueError as error:
        raise TraceError(f"{path}: what mi-trace-compile prints is no JSON: "
                         f"{error}") from None


def missing(compiled):
    """What a trace lacks of what the program did, a sentence each."""
    found, lost = [], compiled["lost"]
    if compiled["state"] == "stopped":
        found.append(f"recording stopped: {compiled['error']}")
    elif compiled["state"] == "running":
        found.append("the process was killed, or was still running: its last "
                     "calls are missing")
    if lost:
        found.append(wording.count(lost, "call was", "calls were")
                     + " lost while recording")
    if compiled["fault"]:
        found.append(f"{compiled['fault']} at byte {compiled['fault_at']:,}")
    return found


@contextlib.contextmanager
def script_of(path):
    """The path of a script of a trace, which may be one itself, for as long as
    the context lasts; and what mi-trace-compile says, or None. One without an
    operation is a TraceError."""
    with tempfile.TemporaryDirectory(prefix="mi-trace-") as folder:
        script, compiled = path, None
        if not is_script(path):
            script = os.path.join(folder, "script")
            compiled = compile_trace(path, script)
        header = header_of(script)
        if header["version"] == VERSION and not header["operations"]:
            raise TraceError(f"{path}: nothing to play: it has no operation")
        yield script, compiled
