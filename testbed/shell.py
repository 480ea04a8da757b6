# SPDX-License-Identifier: BSD-3-Clause
"""Talks with a guest that reads lines: the terminal sees nothing else.

The line is edited here, with a history, and sent when it is complete. So the
terminal keeps its modes, and the firmware's messages do not reach it.
"""

import os
import subprocess
import sys

PROMPTS = (b"sqlite> ", b"   ...> ",      # of the applications NAME_shell
           b"lua> ", b"...> ", b"qjs> ", b" ...> ")
LINE_BYTES = 4000           # the guest takes 4095


class Talk:
    def __init__(self, guest, firmware_end):
        self.guest = guest
        self.firmware_end = firmware_end
        self.all = b""          # for the judge
        self.said = b""         # not shown yet
        self.echo = 0           # bytes to come that the guest only repeats
        self.booting = True

    def take(self, part):
        self.all += part
        if self.booting:
            end = self.firmware_end.search(self.all)
            if not end:
                return
            self.booting = False
            part = self.all[end.end():]
        part = part.replace(b"\r", b"")
        skipped = min(self.echo, len(part))
        self.echo -= skipped
        self.said += part[skipped:]

    def show(self, end):
        sys.stdout.write(self.said[:end].decode(errors="replace"))
        sys.stdout.flush()
        self.said = self.said[end:]

    def until_prompt(self):
        """Shows what the guest says; its prompt, or None at its end."""
        while True:
            self.show(self.said.rfind(b"\n") + 1)
            if self.said in PROMPTS:
                prompt, self.said = self.said.decode(), b""
                return prompt
            part = os.read(self.guest.stdout.fileno(), 65536)
            if not part:
                self.show(len(self.said))
                return None
            self.take(part)

    def send(self, line):
        data = bytes(b for b in line.encode(errors="replace")
                     if b >= 32 or b == 9)
        if len(data) > LINE_BYTES:
            print(f"error: a line of more than {LINE_BYTES} bytes")
            data = b""
        self.echo = len(data) + 1
        self.guest.stdin.write(data + b"\n")
        self.guest.stdin.flush()


def converse(talk, by_hand):
    while (prompt := talk.until_prompt()) is not None:
        try:
            talk.send(input(prompt if by_hand else ""))
        except EOFError:
            if by_hand:
                print()
            talk.guest.stdin.write(b"\x04")
            talk.guest.stdin.flush()


def shell(command, firmware_end):
    """Status of QEMU and the console; None after control-C."""
    by_hand = sys.stdin.isatty()
    if by_hand:
        import readline     # noqa: F401: input() has a history then
        print("(control-D ends the shell, control-C at any time)")
    # of a session of its own: control-C is for us; but it ends when we do
    with subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--"] + command,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT,
                          start_new_session=True) as guest:
        talk = Talk(guest, firmware_end)
        try:
            converse(talk, by_hand)
        except KeyboardInterrupt:
            guest.kill()
            print()
            return None, talk.all
        except BaseException:
            guest.kill()
            raise
    return guest.returncode, talk.all
