# SPDX-License-Identifier: BSD-3-Clause
"""The rules for what can be set of our allocator: which heaps, which budget,
which level of checks. Each gives (words for the sentence, the reason)."""

from compare import NOISE, SMALL, SURE, changes, played

MIB = 1 << 20
OURS = "ours"
ONE_HEAP = "ours, one heap"
MANY_HEAPS = "ours, a heap for each"

# Of the library: what it keeps for reuse at least, and what it learns to
BUDGET_BYTES = 6 * MIB
LEARN_BYTES = 40 * MIB
OFTEN = 8               # so many swings are a habit of the program
BUDGET_SETTING = "MIMALLOC_PURGE_BUDGET"

CHECKS_COST = 0.05      # so much time a higher level of checks may take


def is_ours(name):
    return name.split(",")[0] == OURS


def is_setting(name):
    """Whether a variant is ours with other settings, and none to choose."""
    return is_ours(name) and (", budget " in name or ", hardening " in name)


def compared(side, name, base):
    """The changes of two that were replayed, or none."""
    both = {name, base} <= set(played(side))
    return changes(side, name, base) if both else {}


def amount(gain, less="less", more="more"):
    if abs(gain) < SMALL:
        return "no " + more
    return f"{100 * abs(gain):.0f} % {less if gain > 0 else more}"


def heaps(side, measured, name):
    threads = measured["threads"]
    asked = "One thread asks" if threads == 1 else f"{threads} threads ask"
    if not side["counted"]:
        return "a heap for each thread", (
            f"{asked}; the shared library has a heap for each thread in any "
            "case, and with one thread that is one.")
    word = "one heap" if name == ONE_HEAP else "a heap for each thread"
    both = compared(side, ONE_HEAP, MANY_HEAPS)
    if not both.get("cost") or not both.get("memory"):
        return word, f"{asked}; the other kind of heaps was not replayed."
    return word, (f"{asked}; one heap takes "
                  f"{amount(both['cost'].gain, 'fewer')} instructions and "
                  f"{amount(both['memory'].gain)} memory than a heap for each.")


def habit(measured):
    """The deepest swing that is a habit, in bytes; 0 where there is none."""
    return max((2 * swing["bytes"] for swing in measured["swings"]
                if swing["times"] >= OFTEN), default=0)


def budget_wanted(measured):
    """The budget in bytes that is worth a try; None: as it is."""
    deepest = habit(measured)
    return deepest if deepest > BUDGET_BYTES + LEARN_BYTES else None


def budget_name(size):
    return f"{OURS}, budget {size // MIB} MiB"


def budget(side, measured):
    deepest = habit(measured)
    if side["counted"]:
        return "the default budget", (
            "With memory that is mapped once nothing is given back, so there "
            "is no budget to choose; with LIBUKVMEM see the swings below.")
    if deepest <= BUDGET_BYTES:
        return "the default budget", (
            "The live bytes seldom fall by more than the 6 MiB that are kept "
            "and rise again.")
    if budget_wanted(measured) is None:
        return "the default budget", (
            f"The live bytes often fall by up to {deepest // MIB} MiB and rise "
            "again, which the library learns to keep.")
    return budget_tried(side, deepest)


def budget_tried(side, size):
    """A setting is in the sentence only where a replay has shown its use."""
    setting = f"{BUDGET_SETTING}={size // MIB}M"
    why = (f"The live bytes often fall by up to {size // MIB} MiB and rise "
           "again, more than the library learns to keep")
    found = compared(side, budget_name(size), budget_name(BUDGET_BYTES)) or \
        compared(side, budget_name(size), OURS)
    if not found.get("cost"):
        return "the default budget", f"{why}; {setting} was not replayed."
    told = found["cost"]
    if told.gain <= 0 or told.sure == NOISE:
        return "the default budget", (
            f"{why}; {setting} was replayed, and takes no less time that is "
            "outside the noise.")
    return setting, (f"{why}; with {setting} a replay takes "
                     f"{amount(told.gain)} time ({told.sure}).")


def hardening(side, prefer):
    higher = compared(side, OURS + ", hardening 2", OURS).get("cost")
    lower = compared(side, OURS + ", hardening 0", OURS).get("cost")
    if not higher and not lower:
        return "hardening level 1", (
            "Level 1 finds double frees for a few instructions and is the "
            "default; no other level was replayed.")
    if higher and -higher.gain <= CHECKS_COST:
        return "hardening level 2", (
            f"Level 2 takes {amount(higher.gain)} time than level 1, and finds "
            "writes to free memory.")
    if prefer == "time" and lower and lower.gain > CHECKS_COST \
            and lower.sure == SURE:
        return "hardening level 0", (
            f"Level 0 takes {amount(lower.gain)} time than level 1, and finds "
            "no double free.")
    known = [f"level {level} takes {amount(told.gain)} time"
             for level, told in ((0, lower), (2, higher)) if told]
    return "hardening level 1", ("Against level 1, " + " and ".join(known)
                                 + ".")
