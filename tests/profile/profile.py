#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Reads a heap profile, and fails unless it is sound.

    profile.py FILE                  what it holds in all, and each mapping
    profile.py FILE expect LINES     compares it with a file of expectations
    profile.py --model EXPECT FILE...  the mean of many, within five sigmas

An expectation is a line "FUNCTION TYPE VALUE": the values of all samples with
that function in their stack add up to that. For --model it is a line
"FUNCTION SIZE COUNT": so many live blocks of that size came from there.
"""

import math
import sys

TYPES = [("alloc_objects", "count"), ("alloc_space", "bytes"),
         ("peak_objects", "count"), ("peak_space", "bytes"),
         ("inuse_objects", "count"), ("inuse_space", "bytes")]


class Unsound(Exception):
    """The profile is not what its format demands."""


def need(condition, what):
    if not condition:
        raise Unsound(what)


def varint(data, at):
    value = shift = 0
    while True:
        need(at < len(data) and shift < 64, "a number is cut off or too long")
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at


def fields(data):
    """Each field of a message: its number and its value."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        need(key & 7 in (0, 2), f"wire type {key & 7}")
        value, at = varint(data, at)
        if key & 7 == 2:
            need(at + value <= len(data), "a field is cut off")
            value, at = data[at:at + value], at + value
        yield key >> 3, value


def message(data, known):
    """A dictionary of a message without repeated fields."""
    found = {}
    for number, value in fields(data):
        need(number in known, f"unknown field {number}")
        need(number not in found, f"field {number} twice")
        found[number] = value
    return found


def packed(data):
    numbers, at = [], 0
    while at < len(data):
        number, at = varint(data, at)
        numbers.append(number)
    return numbers


class Profile:
    """A profile's parts by their numbers, checked against each other."""

    def __init__(self, data):
        parts = {number: [] for number in range(1, 15)}
        for number, value in fields(data):
            need(number in parts, f"unknown field {number} of the profile")
            parts[number].append(value)
        self.strings = [text.decode() for text in parts[6]]
        need(self.strings[:1] == [""], "the first string is not empty")
        self.types = [self.type(part) for part in parts[1]]
        need(self.types == TYPES, f"the types are {self.types}")
        self.period = parts[12][0]
        need(self.type(parts[11][0]) == ("space", "bytes"), "period type")
        need(self.string(parts[14][0]) == "inuse_space", "default type")
        need(parts[9][0] > 1600000000 * 10 ** 9, "the time is long ago")
        self.mappings = self.by_id(parts[3], range(1, 7))
        self.functions = self.by_id(parts[5], range(1, 4))
        self.locations = {}
        for part in parts[4]:
            self.add_location(part)
        self.samples = [self.sample(part) for part in parts[2]]

    def string(self, number):
        need(number < len(self.strings), f"there is no string {number}")
        return self.strings[number]

    def type(self, data):
        part = message(data, (1, 2))
        return self.string(part[1]), self.string(part[2])

    @staticmethod
    def by_id(parts, known):
        found = {}
        for data in parts:
            part = message(data, known)
            need(part[1] and part[1] not in found, "an id twice, or 0")
            found[part[1]] = part
        return found

    def add_location(self, data):
        part = message(data, range(1, 5))
        need(part[1] and part[1] not in self.locations, "a location twice")
        mapping = self.mappings.get(part.get(2))
        need(mapping or not part.get(2), "a location of no mapping")
        need(not mapping or mapping[2] <= part[3] < mapping[3],
             "a location outside of its mapping")
        name = None
        if 4 in part:
            line = message(part[4], (1,))
            need(line[1] in self.functions, "a line of no function")
            name = self.string(self.functions[line[1]][2])
        self.locations[part[1]] = name

    def sample(self, data):
        part = message(data, (1, 2))
        places, values = packed(part[1]), packed(part[2])
        need(places and all(p in self.locations for p in places),
             "a sample of no location")
        need(len(values) == len(TYPES), "a value for each type")
        need(all(0 <= value < 2 ** 62 for value in values), "a value below 0")
        need(values[0] >= values[4] and values[1] >= values[5],
             "more is live than was allocated")
        return {self.locations[p] for p in places}, values

    def of(self, function, kind):
        """What the samples with a function in their stack add up to."""
        column = [name for name, _ in TYPES].index(kind)
        return sum(values[column] for names, values in self.samples
                   if function in (None, "*") or function in names)


def read(path):
    with open(path, "rb") as file:
        return Profile(file.read())


def show(profile):
    for kind, unit in TYPES:
        print(f"{kind} {profile.of(None, kind)} {unit}")
    print(f"period {profile.period}")
    for part in profile.mappings.values():
        build_id = profile.string(part[6]) if 6 in part else "-"
        print(f"mapping {profile.string(part[5])} {build_id}")


def compare(profile, lines):
    """How many expectations do not hold."""
    bad = 0
    for line in lines:
        function, kind, wanted = line.split()
        found = profile.of(function, kind)
        if found != int(wanted):
            print(f"{function} {kind}: {found}, expected {wanted}")
            bad += 1
    return bad


def judge(profiles, lines):
    """The mean of estimates against the truth, with the sigma of the mean."""
    bad = 0
    for line in lines:
        function, size, count = line.split()[0], *map(int, line.split()[1:])
        for kind, each in (("inuse_objects", 1), ("inuse_space", size)):
            chance = -math.expm1(-size / profiles[0].period)
            sigma = each * math.sqrt(count * (1 - chance) / chance /
                                     len(profiles))
            mean = sum(p.of(function, kind) for p in profiles) / len(profiles)
            off = (mean - count * each) / sigma
            print(f"{function} {kind}: {mean:.0f} of {count * each}, "
                  f"{off:+.1f} sigma of {100 * sigma / count / each:.1f} %")
            bad += abs(mean - count * each) > 5 * sigma + each
    return bad


def main(arguments):
    try:
        if arguments[0] == "--model":
            with open(arguments[1], encoding="utf-8") as lines:
                return judge([read(path) for path in arguments[2:]],
                             lines.read().splitlines())
        profile = read(arguments[0])
        if arguments[1:2] == ["expect"]:
            with open(arguments[2], encoding="utf-8") as lines:
                return compare(profile, lines.read().splitlines())
        show(profile)
        return 0
    except (OSError, Unsound, KeyError, IndexError, UnicodeError) as error:
        print(f"{' '.join(arguments)}: {error!r}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 125))
