#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Reads Config.uk as Kconfig does, without a tree around it; prints TAP.

Symbols of Unikraft that it names are declared here. Each option is tried
with its default and at its limits, and the files that use options are held
against it in both directions. So are exportsyms.uk and what is defined for
others, and Library.uk and the version.
"""

import os
import re
import sys
import tempfile

import kconfiglib

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
AROUND = ("HAVE_LIBC", "LIBNOLIBC", "LIBUKDEBUG", "LIBUKALLOC", "LIBUKSCHED",
          "LIBUKVMEM", "LIBUKLIBPARAM", "LIBMUSL", "LIBUKTEST",
          "OPTIMIZE_DEADELIM", "HAVE_SMP")
USERS = ("Makefile.uk", "port/unikraft", "src")
# Read by others: ukboot; what a choice leaves when the other is not taken
NOT_USED_HERE = {"LIBMIMALLOC_INCLUDED", "LIBMIMALLOC_SINGLE_HEAP"}

points = []


def point(good, name):
    points.append(good)
    print(f"{'ok' if good else 'not ok'} {len(points)} - {name}")


def load(*enabled):
    """Config.uk with some options set to y, and what Kconfig says of it."""
    with tempfile.NamedTemporaryFile("w", suffix=".kconfig") as top:
        for name in AROUND:
            top.write(f'config {name}\n\tbool "{name}"\n')
        top.write(f'source "{ROOT}/Config.uk"\n')
        top.flush()
        config = kconfiglib.Kconfig(top.name, warn_to_stderr=False)
    for name in enabled:
        config.syms[name].set_value("y")
    return config


def value(config, name):
    return config.syms[name].str_value


def options(config):
    return {name for name in config.syms if name.startswith("LIBMIMALLOC")}


def used():
    names = set()
    for user in USERS:
        path = os.path.join(ROOT, user)
        files = [path] if os.path.isfile(path) else [
            os.path.join(path, name) for name in os.listdir(path)]
        for file in files:
            if os.path.isfile(file):
                with open(file, encoding="utf-8") as text:
                    names |= set(re.findall(r"CONFIG_(LIBMIMALLOC\w*)",
                                            text.read()))
    return names


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as text:
        return text.read()


def defined_for_others():
    """Functions of uk/mimalloc.h, the mi_* ones, and those of a libc."""
    names = set(re.findall(r"\b(uk_mimalloc_\w+)\(void|"
                           r"\b(uk_mimalloc_\w+)\(struct",
                           read("include/uk/mimalloc.h")))
    names = {name for pair in names for name in pair if name}
    folder = "src/api"
    for name in os.listdir(os.path.join(ROOT, folder)):
        if name.startswith("mi_"):
            names |= set(re.findall(r"^[a-z][\w \*]*?\b(mi_\w+)\(",
                                    read(os.path.join(folder, name)), re.M))
    return names | set(re.findall(r"^WEAK [\w \*]*?\b(\w+)\(",
                                  read("port/unikraft/libc.c"), re.M))


def files_agree():
    exported = read("exportsyms.uk").split()
    wanted = defined_for_others()
    point(len(wanted) > 140 and sorted(exported) == sorted(wanted),
          "exportsyms.uk names what is for others "
          + " ".join(sorted(wanted.symmetric_difference(exported))))
    own = re.search(r"^OWN_VERSION\s*:= (\S+)", read("Makefile"), re.M)
    told = re.search(r"^version\s*:= (\S+)", read("Library.uk"), re.M)
    point(own and told and own[1] == told[1],
          "Library.uk has the version of the Makefile")


def main():
    config = load()
    for warning in config.warnings:
        print(f"# {warning}")
    point(not config.warnings, "Config.uk is read without a warning")
    point(value(config, "LIBMIMALLOC_INCLUDED") == "y"
          and not config.syms["LIBMIMALLOC_INCLUDED"].nodes[0].prompt,
          "LIBMIMALLOC_INCLUDED is hidden and set")
    point(value(config, "LIBMIMALLOC") == "n", "LIBMIMALLOC is off")

    config = load("LIBMIMALLOC")
    point(value(config, "LIBUKALLOC") == "y"
          and value(config, "LIBUKDEBUG") == "y"
          and value(config, "LIBNOLIBC") == "y"
          and value(config, "LIBUKLIBPARAM") == "y",
          "LIBMIMALLOC brings what it needs")
    point(value(config, "LIBMIMALLOC_SINGLE_HEAP") == "y"
          and value(config, "LIBMIMALLOC_HARDENING") == "1"
          and value(config, "LIBMIMALLOC_DEBUG_LEVEL") == "0"
          and value(config, "LIBMIMALLOC_API") == "n"
          and value(config, "LIBMIMALLOC_LIBC") == "y"
          and value(config, "LIBMIMALLOC_TEST") == "n", "the defaults")
    point(value(load("LIBMIMALLOC", "OPTIMIZE_DEADELIM"),
                "LIBMIMALLOC_API") == "y",
          "mi_* functions are there where what is not used is dropped")
    config.syms["LIBMIMALLOC_THREAD_HEAPS"].set_value("y")
    point(value(config, "LIBMIMALLOC_THREAD_HEAPS") != "y",
          "thread heaps want a scheduler")
    point(value(config, "LIBMIMALLOC_BUDGET_KIB") == "",
          "the budget wants LIBUKVMEM")

    config = load("LIBMIMALLOC", "LIBUKSCHED", "LIBMUSL", "LIBUKVMEM",
                  "LIBMIMALLOC_THREAD_HEAPS", "LIBMIMALLOC_TEST")
    point(value(config, "LIBMIMALLOC_THREAD_HEAPS") == "y"
          and value(config, "LIBMIMALLOC_SINGLE_HEAP") == "n"
          and value(config, "LIBMIMALLOC_STDATOMIC") == "n"
          and value(config, "LIBMIMALLOC_BUDGET_KIB") == "4096"
          and value(config, "LIBMIMALLOC_LEARN_KIB") == "40960"
          and value(config, "LIBUKTEST") == "y",
          "with scheduler, musl, vmem and tests")
    several = load("LIBMIMALLOC", "LIBUKSCHED", "HAVE_SMP")
    point(value(several, "LIBMIMALLOC_SMP") == "y"
          and value(several, "LIBMIMALLOC_SINGLE_HEAP") == "n",
          "with several CPUs each thread has a heap, and there is no choice")
    point(value(config, "LIBMIMALLOC_SMP") == "n"
          and value(load("LIBMIMALLOC", "LIBUKSCHED", "HAVE_SMP",
                         "LIBUKVMEM"), "LIBMIMALLOC_SMP") == "n",
          "not with one CPU, nor with demand paging")
    for name in ("LIBMIMALLOC_HARDENING", "LIBMIMALLOC_DEBUG_LEVEL"):
        kept = value(config, name)
        config.syms[name].set_value("3")
        point(value(config, name) == kept, f"{name}=3 is refused")
        config.syms[name].set_value("2")
        point(value(config, name) == "2", f"{name}=2 is taken")

    defined = options(config)
    point(used() <= defined, "each option used is defined "
          + " ".join(sorted(used() - defined)))
    unused = defined - used() - NOT_USED_HERE
    point(not unused, "each option is used " + " ".join(sorted(unused)))
    files_agree()
    print(f"1..{len(points)}")
    return 0 if all(points) else 1


if __name__ == "__main__":
    sys.exit(main())
