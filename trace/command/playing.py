# SPDX-License-Identifier: BSD-3-Clause
"""One run of mi-trace-play under one allocator, and what came of it."""

import json
import os
import signal
import subprocess
from typing import NamedTuple, Optional

import scripts


class Played(NamedTuple):
    failed: str                 # why there is no result, or ""
    result: Optional[dict]      # what mi-trace-play prints


def signal_name(number):
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = "unknown"
    note = ", as where memory is exhausted" if number == signal.SIGKILL else ""
    return f"ended by signal {number} ({name}){note}"


def complaint(code, said):
    """Why it failed, in one line."""
    if code < 0:
        return signal_name(-code)
    why = scripts.last_line(said).removeprefix("mi-trace-play: ")
    return why or f"mi-trace-play ended with status {code}"


def environment_of(allocator):
    variables = {name: value for name, value in os.environ.items()
                 if name != "LD_PRELOAD"}
    if allocator.preload:
        variables["LD_PRELOAD"] = allocator.path
    return variables


def launched(command, environment, limit):
    """Status, output and complaints; the status is None after the limit.
    Whatever ends us ends what was started."""
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        said, complaints = process.communicate(timeout=limit)
        code = process.returncode
    except subprocess.TimeoutExpired:
        process.kill()
        said, complaints = process.communicate()
        code = None
    except BaseException:
        process.kill()
        process.wait()
        raise
    return (code, said.decode(errors="surrogateescape"),
            complaints.decode(errors="replace"))


def elsewhere(allocator, result):
    """Why the result is not that of this allocator; '' where it is."""
    came = result["allocator"]
    try:
        if os.path.samefile(came, allocator.path):
            return ""
    except OSError:
        pass
    return f"malloc comes from {came or 'no file'}, not from {allocator.path}"


def play(script, allocator, limit, *options):
    """A wrong script or option is a TraceError, whatever else is told."""
    code, said, complaints = launched(
        [scripts.tool("mi-trace-play"), *options, script],
        environment_of(allocator), limit)
    if code is None:
        return Played(f"stopped after {limit} s", None)
    if code == 2:
        raise scripts.TraceError(complaint(code, complaints))
    if code:
        return Played(complaint(code, complaints), None)
    try:
        result = json.loads(said)
    except ValueError:
        return Played("what mi-trace-play prints is no JSON", None)
    failed = elsewhere(allocator, result)
    return Played(failed, None if failed else result)
