# SPDX-License-Identifier: BSD-3-Clause
"""One guest: its image, QEMU's command, its console, and how it ended."""

import os
import re
import selectors
import shutil
import struct
import subprocess
import sys
import time

import recording

# What the guest ends with; see kernel/layout.h.
EXIT_BASE = 0x10
EXIT_STATUS_MAX = 0x3f
EXIT_CRASH = 0x60

PAGE = 4096

SYMBOL_TABLE = 2
MIMALLOC = b"uk_mimalloc_init"      # of the allocator under test

FAILED, MISUSE, CRASHED, HUNG, NO_MACHINE = 1, 2, 3, 4, 5

FIRMWARE_STUCK = b"Boot failed"


class Machine:
    """What QEMU emulates for images of one architecture."""

    def __init__(self, qemu, package, memory_start, firmware_end, options):
        self.qemu = qemu
        self.package = package
        self.memory_start = memory_start
        # Everything before the guest's first line is the firmware's, or ours
        self.firmware_end = re.compile(firmware_end)
        self.options = options


# By the number that ELF has for an architecture. Each image ends QEMU with
# 2 * value + 1, and reads a clock of a nanosecond for each instruction.
MACHINES = {
    62: Machine("qemu-system-x86_64", "qemu-system-x86", 0,
                rb"Booting from ROM[^\n]*\n",
                ["-cpu", "max",
                 "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]),
    183: Machine("qemu-system-aarch64", "qemu-system-arm", 0x40000000,
                 rb"^\r\n",
                 ["-M", "virt", "-cpu", "max,cntfrq=1000000000",
                  "-semihosting-config", "enable=on,target=native"]),
}

# How a guest says that it has no more memory, at its start or later.
NO_MEMORY = re.compile("out of memory|not enough memory|no frame is left|out of frames|"
                       "no memory for|no heap: |image alone needs|"
                       "too little memory for|did not start the image")


class GuestError(Exception):
    """The run failed; status is that of this program."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status
        self.console = ""       # what the guest printed, unless it was shown

    def ending(self):
        """In two or three words."""
        if NO_MEMORY.search(self.console + str(self)):
            return "out of memory"
        return "crashed" if self.status == CRASHED else "failed"


def image_of(options):
    path = os.path.join(options.build, options.app + ".elf")
    if not os.path.exists(path):
        raise GuestError(MISUSE, f"{path} is not there: build it first "
                         f"(make APPS={options.app})")
    return path


def machine_of(options):
    path = image_of(options)
    with open(path, "rb") as file:
        number = int.from_bytes(file.read(20)[18:], "little")
    if number not in MACHINES:
        raise GuestError(MISUSE, f"{path} is for none of the machines that "
                         "run.py knows")
    return MACHINES[number]


def image_end(path):
    """The highest address that the image (ELF, 64 bits) is loaded to."""
    with open(path, "rb") as file:
        image = file.read(4096)
    table, = struct.unpack_from("<Q", image, 32)
    size, count = struct.unpack_from("<HH", image, 54)
    end = 0
    for at in range(table, table + size * count, size):
        kind, = struct.unpack_from("<I", image, at)
        start, _, bytes_in_memory = struct.unpack_from("<QQQ", image, at + 24)
        if kind == 1:
            end = max(end, start + bytes_in_memory)
    return end


def defines(path, name):
    """Whether the image (ELF, 64 bits) has that symbol, and has it defined."""
    with open(path, "rb") as file:
        image = file.read()
    table, = struct.unpack_from("<Q", image, 40)
    size, count = struct.unpack_from("<HH", image, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", image, table + size * number)
                for number in range(count)]
    for _, kind, _, _, start, length, names, _, _, _ in sections:
        if kind != SYMBOL_TABLE:
            continue
        at = sections[names][4]
        for symbol, _, _, section, _, _ in struct.iter_unpack(
                "<IBBHQQ", image[start:start + length]):
            if section and image.startswith(name + b"\0", at + symbol):
                return True
    return False


def require_allocator(options):
    """options.alloc has to be in the image, which has to be there."""
    machine_of(options)
    path = image_of(options)
    if options.alloc == "mimalloc" and not defines(path, MIMALLOC):
        raise GuestError(MISUSE, f"{path}: this image was linked without "
                         "mimalloc (make MIMALLOC_OBJS=..., or make "
                         "testbed-images in the folder above)")


def loaded(options):
    """QEMU's words for a file that it puts behind the image, and the KiB that
    are kept for it: options.load has both."""
    path, kib = getattr(options, "load", None) or (None, 0)
    if not path:
        return [], 0
    at = -(-image_end(image_of(options)) // PAGE) * PAGE
    name = path.replace(",", ",,")
    return ["-device", f"loader,file={name},addr={at:#x},force-raw=on"], kib


def command_of(options, memory_kib, arguments):
    machine = machine_of(options)
    if not shutil.which(machine.qemu):
        raise GuestError(MISUSE, f"{machine.qemu} is missing: install the "
                         f"package {machine.package}")
    words = [f"mode={options.mode}", f"alloc={options.alloc}"]
    device, kib = loaded(options)
    words += [f"loaded={kib}"] if kib else []
    if getattr(options, "recording", None):
        kib += recording.ROOM_KIB
        device += options.recording.words(memory_kib + kib)
        words += [f"trace={recording.ROOM_KIB}"]
    words += options.parameter + ["--"] + arguments
    sleep = "on" if options.verb == "shell" else "off"
    count = ["-icount", f"shift=0,sleep={sleep}"]
    return [machine.qemu, "-kernel", image_of(options),
            "-m", f"{memory_kib + kib}K", *device,
            "-accel", "tcg", *([] if options.parallel else count),
            *(["-smp", str(options.cpus)] if options.cpus > 1 else []),
            "-nodefaults", "-no-reboot", "-nographic", "-serial", "stdio",
            *machine.options, "-append", " ".join(words)]


def machine_failed(machine, code, console):
    """QEMU itself ended: before a guest ran, what is printed is QEMU's own."""
    why = f"{machine.qemu} failed with status {code}"
    said = " ".join(console.decode(errors="replace").split())
    if said and not machine.firmware_end.search(console):
        why += f": {said}"
    return GuestError(NO_MACHINE, why)


def judge(machine, code, console):
    """Turns QEMU's status into nothing or a GuestError."""
    if code == 0:
        raise GuestError(CRASHED, "the machine was reset without a word: too "
                         "little memory to start, or a fault in a fault")
    if code % 2 == 0 or code < 0:
        raise machine_failed(machine, code, console)
    value = code // 2
    if value == EXIT_CRASH:
        reason = re.search(rb"(CRASH|CRIT): (.*)", console)
        what = reason.group(2).decode(errors="replace").strip() \
            if reason else "no reason given"
        raise GuestError(CRASHED, f"the guest crashed: {what}")
    if value < EXIT_BASE or value > EXIT_BASE + EXIT_STATUS_MAX:
        raise machine_failed(machine, code, console)
    if value != EXIT_BASE:
        raise GuestError(FAILED, "the guest's program failed with status "
                         f"{value - EXIT_BASE}")


def boot(options, memory_kib, arguments, show):
    """Runs to the end; the guest's console, or a GuestError that has it. The
    machine has that memory beside what is loaded and what is recorded."""
    command = command_of(options, memory_kib, arguments)
    machine = machine_of(options)
    needed_kib = (image_end(image_of(options)) - machine.memory_start) \
        // 1024 + 1
    if memory_kib < needed_kib:
        raise GuestError(FAILED, f"too little memory: the image alone needs "
                         f"{needed_kib} KiB")
    console = b""
    shown = 0
    limit = time.monotonic() + options.timeout
    guest = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT)
    selector = selectors.DefaultSelector()
    selector.register(guest.stdout, selectors.EVENT_READ)
    try:
        while True:
            left = limit - time.monotonic()
            if left <= 0:
                raise GuestError(HUNG, "the guest did not end within "
                                 f"{options.timeout} seconds")
            if not selector.select(min(left, 1)):
                continue
            part = os.read(guest.stdout.fileno(), 65536)
            if not part:
                break
            console += part
            if FIRMWARE_STUCK in console:
                raise GuestError(NO_MACHINE, "the firmware did not start "
                                 "the image: too little memory?")
            if show:
                shown = print_new(machine, console, shown)
        judge(machine, guest.wait(), console)
    except GuestError as error:
        if not show:
            error.console = clean(machine, console)
        raise
    finally:
        if guest.poll() is None:
            guest.kill()
            guest.wait()
    return clean(machine, console)


def clean(machine, console):
    """The guest's own output; nothing while the firmware still runs."""
    end = machine.firmware_end.search(console)
    text = console[end.end():].replace(b"\r", b"") if end else b""
    return text.decode(errors="replace")


def print_new(machine, console, shown):
    """Prints what came after "shown" characters of the guest's own output."""
    text = clean(machine, console)
    sys.stdout.write(text[shown:])
    sys.stdout.flush()
    return len(text)
