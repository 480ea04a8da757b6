#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The rules of trace/report/advice.py on figures that are made up, so that nothing
depends on how fast a machine is; as TAP."""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "trace", "report"))
sys.dont_write_bytecode = True

import advice  # noqa: E402
import compare  # noqa: E402

MIB = 1 << 20
POINTS = []


def point(name, holds, *told):
    POINTS.append(bool(holds))
    print(f"{'ok' if holds else 'not ok'} {len(POINTS)} - {name}")
    if not holds:
        print("".join(f"# {line}\n" for line in told), end="")


def measured(asked=10 * MIB, peak=MIB, threads=1, swings=()):
    return {"asked_bytes": asked, "peak_bytes": peak, "threads": threads,
            "swings": [{"bytes": size, "times": times}
                       for size, times in swings]}


def variant(costs, memory, worst=None):
    """Rounds of these costs, all with the same memory."""
    return {"failed": None, "rounds": [
        {"cost": cost, "memory": memory, "worst": worst} for cost in costs]}


def failed(why):
    return {"failed": why, "rounds": []}


def linux(**variants):
    return {"present": "glibc", "counted": False, "variants": variants}


def unikernel(**variants):
    return {"present": "buddy", "counted": True, "variants": {
        name.replace("ours_one", "ours, one heap")
        .replace("ours_each", "ours, a heap for each"): one
        for name, one in variants.items()}}


STEADY = (1.00, 1.01, 0.99, 1.00, 1.02)


def times(factor, costs=STEADY):
    return [cost * factor for cost in costs]


def told(name, study, choice, *words, prefer="both", sure=None, without=()):
    """The choice of the first side, and what the sentence says."""
    found = advice.advise(study, prefer)
    side = next(found[where] for where in ("linux", "unikernel")
                if where in found)
    sentence = found["sentence"]
    point(name, side["choice"] == choice
          and all(word in sentence for word in words)
          and not any(word in sentence for word in without)
          and sure in (None, side["sure"]), sentence, str(side))
    point(name + ", in one sentence", sentence.count(". ") == 0
          and sentence.endswith("."), sentence)
    return side


def on_linux():
    base = variant(STEADY, 20 * MIB)
    study = {"measured": measured(), "linux": linux(
        glibc=base, ours=variant(times(0.6), 15 * MIB))}
    told("ours is faster and smaller", study, "ours", "take our allocator",
         "40 % less time", "25 % less memory", "a heap for each thread",
         "the default budget", "hardening level 1", "sure: 5 rounds",
         sure="sure")
    study["linux"]["variants"]["ours"] = variant(times(0.995), 20 * MIB)
    told("the same within the noise", study, "glibc",
         "within the noise: stay with glibc", without=("take",))
    noisy = (1.0, 1.4, 0.8, 1.2, 0.9)
    study["linux"]["variants"] = {
        "glibc": variant(noisy, 20 * MIB),
        "ours": variant((0.9, 1.5, 0.9, 1.0, 0.8), 20 * MIB)}
    told("rounds that do not agree", study, "glibc",
         "within the noise: stay with glibc")
    study["linux"]["variants"]["ours"] = variant(times(0.85, noisy), 20 * MIB)
    told("rounds that agree, and overlap", study, "ours", "likely",
         sure="likely")
    study["linux"] = linux(glibc=base, ours=variant(times(1.5), 21 * MIB))
    told("ours is worse", study, "glibc", "stay with glibc: our allocator has "
         "50 % more time", without=("noise",))
    wide = (1.0, 1.2, 1.4, 1.5, 1.6)
    study["linux"] = linux(glibc=variant(wide, 20 * MIB),
                           ours=variant(times(0.5, wide), 20 * MIB))
    told("rounds far apart make nothing sure", study, "ours", "likely: 5",
         sure="likely")
    wild = [1.0] * 18 + [5.0, 0.1]
    study["linux"] = linux(glibc=variant(wild, 20 * MIB),
                           ours=variant(times(0.8, wild), 20 * MIB))
    told("a tenth of wild rounds at either end does not count", study, "ours",
         "sure: 20 rounds, times 0 % apart", sure="sure")
    study["linux"] = linux(glibc=variant([3e-5] * 9, MIB),
                           ours=variant([1e-5] * 9, MIB))
    told("what is too short to tell", study, "glibc", "within the noise")
    study["linux"] = linux(glibc=variant(STEADY[:2], 20 * MIB),
                           ours=variant(times(0.95)[:2], 20 * MIB))
    told("two rounds prove no small gain", study, "glibc", "noise")
    study["linux"] = linux(glibc=base, ours=variant(times(0.7), 20 * MIB),
                           jemalloc=variant(times(0.5), 20 * MIB))
    told("another one is better", study, "jemalloc", "take jemalloc",
         "50 % less time", without=("budget", "hardening"))
    study["linux"] = linux(glibc=base, ours=variant(times(0.5), 20 * MIB),
                           jemalloc=variant(times(0.5), 20 * MIB))
    study["linux"]["variants"]["ours"] = variant(times(0.52), 20 * MIB)
    side = told("of equals ours", study, "ours", "48 % less time")
    point("and the equal is named", any("Jemalloc is as good" in reason
                                        for reason in side["reasons"]))
    study["linux"] = linux(glibc=base, ours=failed("stopped at operation 7"))
    side = told("one that fails is not taken", study, "glibc",
                "nothing else came to the end")
    point("and that is told", "Our allocator stopped at operation 7." in
          side["reasons"], str(side))
    study["linux"] = linux(glibc=failed("crashed"), ours=base)
    told("where the present one fails", study, "ours", "glibc crashed")


    study["linux"] = linux(ours=base)
    told("without the present one", study, None,
         "there is no advice, as glibc was not replayed")
    study["linux"] = linux(glibc=failed("crashed"), ours=failed("crashed"))
    told("where all fail", study, None, "no allocator came to the end")


def weights():
    study = {"measured": measured(), "linux": linux(
        glibc=variant(STEADY, 20 * MIB),
        ours=variant(times(0.8), 30 * MIB))}
    told("half as much memory again for a fifth of the time", study, "glibc")
    told("which is right where time counts", study, "ours", prefer="time")
    study["linux"]["variants"]["ours"] = variant(times(1.3), 17 * MIB)
    told("a third more time for a seventh of the memory", study, "glibc")
    told("which is right where memory counts", study, "ours", prefer="memory")
    study["linux"]["variants"] = {
        "glibc": variant(STEADY, 300 << 10),
        "ours": variant(times(0.9), 500 << 10)}
    told("some hundred KiB are no memory", study, "ours")


def our_settings():
    deep = measured(threads=4, swings=((MIB, 30), (64 * MIB, 20),
                                       (512 * MIB, 2)))
    study = {"measured": deep, "linux": linux(
        glibc=variant(STEADY, 20 * MIB), ours=variant(times(0.5), 20 * MIB))}
    side = told("a budget that nobody tried is not advised", study, "ours",
                "the default budget")
    point("but named", any("MIMALLOC_PURGE_BUDGET=128M was not replayed" in
                           reason for reason in side["reasons"]), str(side))
    tried = study["linux"]["variants"]
    tried["ours, budget 128 MiB"] = variant(times(0.4), 20 * MIB)
    told("one that gains is", study, "ours", "MIMALLOC_PURGE_BUDGET=128M",
         "50 % less time")
    tried["ours, budget 128 MiB"] = variant(times(0.5), 20 * MIB)
    told("one that gains nothing is not", study, "ours", "the default budget")
    tried["ours, hardening 2"] = variant(times(0.51), 20 * MIB)
    told("checks that cost little are taken", study, "ours",
         "hardening level 2")
    tried["ours, hardening 2"] = variant(times(0.8), 20 * MIB)
    tried["ours, hardening 0"] = variant(times(0.4), 20 * MIB)
    told("those that cost much are not", study, "ours", "hardening level 1")
    told("and fewer only where time counts", study, "ours",
         "hardening level 0", prefer="time")


def in_the_unikernel():
    few = measured(asked=MIB + MIB // 10)
    sides = {"buddy": variant([300e6], 4 * MIB),
             "ours_one": variant([40e6], 2 * MIB),
             "ours_each": variant([50e6], 2.2 * MIB),
             "tlsf": variant([100e6], 1.9 * MIB, worst=200),
             "bump": variant([20e6], 1.2 * MIB)}
    study = {"measured": few, "unikernel": unikernel(**sides)}
    told("bump where nothing is freed", study, "bump", "In the unikernel",
         "the bump allocator", "fewer instructions", "counted", sure="sure")
    study["measured"] = measured()
    side = told("never where much is freed", study, "ours, one heap",
                "one heap", "87 % fewer instructions")
    point("and why", any("bump allocator is out of the question" in reason
                         for reason in side["reasons"]), str(side))
    sides["buddy"] = failed("ran out of memory at operation 99")
    study["unikernel"] = unikernel(**sides)
    told("where the buddy runs out of memory", study, "ours, one heap",
         "the buddy ran out of memory at operation 99", sure="sure")
    sides.update(buddy=variant([300e6], 4 * MIB, worst=900),
                 ours_one=variant([90e6], 3 * MIB, worst=5000),
                 ours_each=variant([95e6], 3 * MIB, worst=5000))
    study["unikernel"] = unikernel(**sides)
    told("tlsf where it has less memory for the same", study, "tlsf",
         "take TLSF")
    sides["tlsf"] = variant([100e6], 3 * MIB, worst=200)
    study["unikernel"] = unikernel(**sides)
    told("ours where it has as much", study, "ours, one heap")
    told("but not where the worst call counts", study, "tlsf", prefer="worst")
    sides["ours_one"] = variant([20e6], 3 * MIB, worst=5000)
    sides["tlsf"] = variant([100e6], 3 * MIB, worst=1000)
    study["unikernel"] = unikernel(**sides)
    told("also where ours takes far fewer in all", study, "tlsf",
         prefer="worst")
    sides["ours_one"] = variant([100e6], 5 * MIB)
    study["unikernel"] = unikernel(**sides)
    told("a heap for each thread", study, "ours, a heap for each",
         "a heap for each thread")


def arithmetic():
    one = compare.change([1, 2, 3], [2, 4, 6], False)
    point("ratios are of the same round", one.gain == 0.5, str(one))
    one = compare.change([100], [200], True, 100)
    point("less than the floor is noise", one.sure == compare.SURE and
          compare.change([100], [200], True, 101).sure == compare.NOISE)
    point("nothing to compare gives nothing",
          compare.change([None], [1], False) is None
          and compare.change([], [], False) is None)
    point("without replays there is no advice", advice.advise(
        {"measured": measured()})["sentence"].startswith("Nothing"))
    study = {"measured": measured(), "linux": linux(
        glibc=variant(STEADY, 20 * MIB), ours=variant(STEADY, 20 * MIB)),
        "unikernel": unikernel(buddy=variant([9000], MIB),
                               ours_one=variant([3000], MIB))}
    told("both sides", study, "glibc", "On Linux within the noise",
         "; in the unikernel take our allocator")


for part in (on_linux, weights, our_settings, in_the_unikernel, arithmetic):
    part()
print(f"1..{len(POINTS)}")
sys.exit(not all(POINTS))
