#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Runs a command on a terminal of its own, with keys pressed at each prompt.

  terminal.py KEYS... -- COMMAND...

One of KEYS (escapes as \\x04 are understood) is sent each time that the screen
ends with one of PROMPTS; those after a plus a second later, prompt or not. The
last one, if it is a control-C, is pressed again where nothing comes of it: in
Python's input() one is lost between the prompt and the wait for a key.
Prints what reached the terminal. The status is the command's, 90 when the
terminal's modes have changed, 91 when the command did not end.
"""

import os
import pty
import select
import subprocess
import sys
import termios
import time

LIMIT_SECONDS = 300
AGAIN_SECONDS = 10
PROMPTS = (b"sqlite> ", b"lua> ", b"qjs> ")


def main():
    at = sys.argv.index("--")
    keys = [word.encode().decode("unicode_escape").encode()
            for word in sys.argv[1:at]]
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    command = subprocess.Popen(
        ["setsid", "--ctty", "--wait"] + sys.argv[at + 1:],
        stdin=theirs, stdout=theirs, stderr=theirs)
    limit = time.monotonic() + LIMIT_SECONDS
    seen = last = b""
    pressed = time.monotonic()

    def press(key):
        nonlocal last, pressed
        os.write(ours, key)
        last, pressed = key, time.monotonic()

    while command.poll() is None and time.monotonic() < limit:
        if select.select([ours], [], [], 0.2)[0]:
            seen += os.read(ours, 65536)
            if keys and seen.endswith(PROMPTS):
                press(keys.pop(0))
                while keys and keys[0].startswith(b"+"):
                    time.sleep(1)
                    press(keys.pop(0)[1:])
        elif (not keys and last == b"\x03"
              and time.monotonic() - pressed > AGAIN_SECONDS):
            press(last)
    while select.select([ours], [], [], 0.2)[0]:
        seen += os.read(ours, 65536)
    sys.stdout.buffer.write(seen.replace(b"\r", b""))
    if command.poll() is None:
        command.kill()
        return 91
    if termios.tcgetattr(theirs) != before:
        return 90
    return command.returncode


sys.exit(main())
