# SPDX-License-Identifier: BSD-3-Clause
"""mi-trace record: runs a program with the recorder in front of its malloc."""

import os
import shutil
import signal
import stat
import subprocess
import sys

import built
import tracefile
from wording import count

RECORDER = "libmi-trace.so"
# What may end or tell a process, and can be caught
SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM,
           signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM)


def add(verbs):
    """The verb's parser."""
    parser = verbs.add_parser(
        "record", help="run a program and record its allocations",
        usage="mi-trace record -o TRACE [--force] [--quiet] -- PROGRAM "
              "[ARGUMENT...]",
        description="Runs PROGRAM and records what it asks of malloc: in "
                    "TRACE, and in TRACE.PID for each further process. The "
                    "exit status is the program's, 128 + N where signal N "
                    "ended it, 125 where it could not be recorded, 126 or "
                    "127 where it could not be run.")
    parser.add_argument("-o", "--output", required=True, metavar="TRACE")
    parser.add_argument("--force", action="store_true",
                        help="replace an older recording of that name")
    parser.add_argument("--quiet", action="store_true",
                        help="do not tell at the end what was recorded")
    parser.add_argument("program", nargs="+", help="after --, with arguments")
    parser.set_defaults(run=record)


def say(text):
    """A line for people, on standard error."""
    print(f"mi-trace: {text}", file=sys.stderr, flush=True)


def is_in_the_way(path):
    """What is wrong with an output file that is not a trace, or None."""
    if os.path.lexists(path) and not tracefile.is_trace(path):
        return f"{path} is there and is no trace; it stays as it is"
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        return f"there is no folder {folder}"
    return None


def cannot_be_made(path):
    """Why no file can be made there, or None. Some folders, such as /proc, do
    not tell it in their permissions."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        os.unlink(path)
    except OSError as error:
        return f"{path} cannot be made: {error.strerror}"
    return None


def make_way(path, force):
    """Nothing is there of that name then: None, or why not."""
    wrong = is_in_the_way(path)
    if wrong:
        return wrong
    older = tracefile.family(path)
    if older and not force:
        return f"{older[0]} is there; --force replaces it"
    try:
        for name in older:
            os.unlink(name)
    except OSError as error:
        return f"{error.filename} cannot be replaced: {error.strerror}"
    return cannot_be_made(path)


def privileged(program):
    """Why the system's loader will not have the recorder, or None."""
    path = shutil.which(program)
    if not path or os.geteuid() == 0:
        return None
    mode = os.stat(path).st_mode
    if mode & (stat.S_ISUID | stat.S_ISGID) or \
            "security.capability" in os.listxattr(path):
        return (f"{program} runs with other privileges than yours, and then "
                "nothing is preloaded")
    return None


def environment(output, recorder):
    """The program's environment: as ours, with the recorder in front."""
    variables = dict(os.environ)
    others = variables.get("LD_PRELOAD")
    variables["LD_PRELOAD"] = f"{recorder}:{others}" if others else recorder
    variables["MI_TRACE_OUTPUT"] = output
    return variables


def wait(child):
    """Waits for the program, and passes on what is sent to this process. What
    the keyboard sends, by the kernel, the program gets by itself."""
    while child.poll() is None:
        told = signal.sigwaitinfo(SIGNALS + (signal.SIGCHLD,))
        if told.si_signo != signal.SIGCHLD and told.si_code <= 0:
            child.send_signal(told.si_signo)
    return child.returncode


def run(words, variables):
    """The program's exit status, as a shell tells it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK,
                                    SIGNALS + (signal.SIGCHLD,))
    with subprocess.Popen(
            words, env=variables,
            preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK,
                                                      before)) as child:
        status = wait(child)
    return 128 - status if status < 0 else status


def lost(header):
    """What the trace of a process lacks, or None."""
    calls = count(header.lost, "call is", "calls are") + " lost"
    if header.state == tracefile.STOPPED:
        return f"recording stopped: {os.strerror(header.error)}; {calls}"
    if header.lost:
        return calls
    if header.state == tracefile.RUNNING:
        return ("the process was killed, or is still running: its last "
                "calls are missing")
    return None


def tell_most(headers, named):
    """Of several files the one that has most: it is seldom the first, where a
    program starts others that do its work."""
    most = max(headers, key=lambda header: header.events)
    say(f"most in {named(most)} ({os.path.basename(most.program)}), "
        + count(most.events, "event"))


def tell(output, word):
    """What was recorded, and what is missing; of a file that the user has named
    by this word."""
    def named(header):
        return word + header.path[len(output):]

    headers = [tracefile.Header(path) for path in tracefile.family(output)]
    events = sum(header.events for header in headers)
    size = sum(header.bytes for header in headers)
    say(f"{word}: {count(len(headers), 'file')}, {count(events, 'event')}, "
        + count(size, "byte"))
    if len(headers) > 1:
        tell_most(headers, named)
    for header in headers:
        if lost(header):
            say(f"{named(header)}: {lost(header)}")
    if not events and all(
            header.state in (tracefile.ENDED, tracefile.EXECUTED)
            for header in headers):
        say("nothing was recorded: the program is static, has a malloc of its "
            "own, or never calls malloc")


def refuse(text):
    """The status where nothing was run."""
    say(text)
    return 125


def record(known):
    """The program's exit status."""
    if not known.output:
        return refuse("-o: names no file")
    output = os.path.abspath(known.output)
    try:
        recorder = built.built(RECORDER)
    except built.Missing as missing:
        return refuse(missing)
    if any(sign in recorder for sign in ": "):
        return refuse(f"{recorder}: LD_PRELOAD cannot name that")
    wrong = make_way(output, known.force) or privileged(known.program[0])
    if wrong:
        return refuse(wrong)
    try:
        status = run(known.program, environment(output, recorder))
    except OSError as error:
        say(f"{known.program[0]}: {error.strerror}")
        return 127 if isinstance(error, FileNotFoundError) else 126
    if not known.quiet:
        tell(output, known.output)
    return status
