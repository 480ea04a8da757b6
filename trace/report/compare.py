# SPDX-License-Identifier: BSD-3-Clause
"""How one allocator's replays differ from another's, and how sure that is.

A side is where replays ran, as a dictionary:

    present    the allocator that is there unless one is chosen
    counted    whether costs are counts, the same in each round
    variants   name -> {"rounds": [{"cost", "memory", "worst"}, ...],
               "failed": why there is no result, or None}

Costs are seconds or instructions, memory is bytes, worst (the dearest call) may
be missing. Round i of all variants ran at about the same time."""

import math
from typing import NamedTuple

SURE, LIKELY, NOISE = "sure", "likely", "within the noise"

SMALL = 0.02            # a smaller part is nothing that anybody feels
ROUNDS_SURE = 5         # fewer rounds may agree by chance
ROUNDS_LIKELY = 3
LARGE = 0.10            # with fewer rounds than that, a gain has to be larger
WIDE = 0.25             # rounds that lie farther apart make nothing sure

# A smaller difference means nothing, of what is timed and of what is counted: a
# clock and a cache have their moods, a process has its stacks and libraries,
# too, and a unikernel its image
FLOORS = {False: {"cost": 1e-4, "memory": 1 << 19, "worst": 1e-6},
          True: {"cost": 1000, "memory": 1 << 14, "worst": 10}}


class Change(NamedTuple):
    """Of a base: gain is the part that is saved, negative where more is used,
    spread how far the rounds lie apart, and sure one of the three words."""
    gain: float
    sure: str
    spread: float


def median(values):
    values = sorted(values)
    half = len(values) // 2
    return values[half] if len(values) % 2 else \
        (values[half - 1] + values[half]) / 2


def trimmed(values):
    """In order, without a tenth of them at either end."""
    values = sorted(values)
    drop = len(values) // 10
    return values[drop:len(values) - drop]


def spread(values):
    """How far they lie apart, as a part of their median."""
    values, middle = trimmed(values), median(values)
    return (values[-1] - values[0]) / middle if middle else 0.0


def how_sure(ratios, apart, counted):
    """apart: whether the values of one lie on one side of the other's, and
    those of each near one another, but for a tenth at either end."""
    gain = 1 - median(ratios)
    if abs(gain) < SMALL:
        return NOISE
    if counted:
        return SURE
    agree = sum((1 - ratio) * gain > 0 for ratio in ratios)
    if len(ratios) >= ROUNDS_SURE and agree >= 0.9 * len(ratios) and apart:
        return SURE
    if len(ratios) >= ROUNDS_LIKELY and agree >= 0.8 * len(ratios):
        return LIKELY
    return LIKELY if agree == len(ratios) and abs(gain) >= LARGE else NOISE


def change(values, base, counted, floor=0):
    """Of paired rounds; what differs by less than floor is within the noise.
    None where values are missing."""
    pairs = [(value, other) for value, other in zip(values, base)
             if value is not None and other]
    if not pairs:
        return None
    ratios = [value / other for value, other in pairs]
    mine, others = zip(*pairs)
    width = max(spread(mine), spread(others))
    low, high = sorted((trimmed(mine), trimmed(others)))
    apart = width <= WIDE and low[-1] < high[0]
    sure = how_sure(ratios, apart, counted)
    if abs(median(mine) - median(others)) < floor:
        sure = NOISE
    return Change(1 - median(ratios), sure, width)


def values_of(side, name, field):
    return [played.get(field) for played in side["variants"][name]["rounds"]]


def played(side):
    """The names of what has results."""
    return [name for name, variant in side["variants"].items()
            if variant["rounds"] and not variant.get("failed")]


def changes(side, name, base):
    """Field -> Change, of what both have."""
    found = {}
    for field in ("cost", "memory", "worst"):
        counted = side["counted"]
        one = change(values_of(side, name, field), values_of(side, base, field),
                     counted, FLOORS[counted][field])
        if one:
            found[field] = one
    return found


# How much a factor of two in each is worth
WEIGHTS = {
    "both": {"cost": 1.0, "memory": 1.0},
    "time": {"cost": 1.0, "memory": 0.2},
    "memory": {"cost": 0.2, "memory": 1.0},
    "worst": {"cost": 0.2, "memory": 0.5, "worst": 1.0},
}


def score(found, prefer):
    """What is gained in all, as a logarithm; 0 where nothing is sure enough."""
    return -sum(weight * math.log(max(1 - found[field].gain, 1e-9))
                for field, weight in WEIGHTS[prefer].items()
                if field in found and found[field].sure != NOISE)
