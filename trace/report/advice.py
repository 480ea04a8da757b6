# SPDX-License-Identifier: BSD-3-Clause
"""The sentence that tells which allocator suits a program: rules over what was
measured and replayed, and nothing else. README.md explains each rule."""

from compare import LIKELY, NOISE, SURE, WEIGHTS, changes, played, score
import settings
from settings import MANY_HEAPS, ONE_HEAP, OURS, amount, is_ours

BUMP_ASKED = 1.25       # all that was ever asked for, in live peaks
EQUAL = 0.05            # of what compare.score() has: as good as another

NAMES = {OURS: "our allocator", ONE_HEAP: "our allocator",
         MANY_HEAPS: "our allocator", "mimalloc": "Microsoft's mimalloc",
         "bump": "the bump allocator", "tlsf": "TLSF", "buddy": "the buddy"}
PLACES = {"linux": "on Linux", "unikernel": "in the unikernel"}


def shown(name):
    return NAMES.get(name, name)


def bump_fits(measured):
    return measured["asked_bytes"] <= BUMP_ASKED * measured["peak_bytes"]


def candidates(side, measured):
    """What may be taken: it came to the end, and is none of settings."""
    return [name for name in played(side) if not settings.is_setting(name)
            and (name != "bump" or bump_fits(measured))]


def gains(side, measured, prefer):
    """Name -> what is gained over the present one, as compare.score() has it;
    over the first that came to the end where the present one did not."""
    names = candidates(side, measured)
    base = side["present"] if side["present"] in names else \
        next(iter(names), None)
    return {name: 0.0 if name == base else
            score(changes(side, name, base), prefer) for name in names}


def rank(name, side):
    """Of equals: what is there, then ours with one heap, then ours."""
    order = (side["present"], ONE_HEAP, OURS, MANY_HEAPS)
    return order.index(name) if name in order else len(order)


def choose(side, measured, prefer):
    """The name to take; None where nothing came to the end."""
    found = gains(side, measured, prefer)
    if not found:
        return None
    best = max(found.values())
    return min((name for name in found if found[name] >= best - EQUAL),
               key=lambda name: rank(name, side))


def gain_text(side, found):
    """What is gained and lost, as far as it is outside the noise."""
    words = ("fewer instructions", "more instructions") if side["counted"] \
        else ("less time in its calls", "more time in its calls")
    told = [(found[field], less, more) for field, (less, more) in (
        ("cost", words), ("memory", ("less memory at the peak",
                                     "more memory at the peak")))
            if field in found and found[field].sure != NOISE]
    mixed = len(how_sure(found)) > 1
    return " and ".join(amount(one.gain, less, more)
                        + (f", {one.sure}," if mixed else "")
                        for one, less, more in told).removesuffix(",")


def how_sure(found):
    """The words of what is told, the weaker one first."""
    words = {told.sure for field, told in found.items()
             if field in ("cost", "memory")}
    return [word for word in (LIKELY, SURE) if word in words]


def sure_text(side, found, name):
    if side["counted"]:
        return "sure, for it is counted"
    count = len(side["variants"][name]["rounds"])
    times = found.get("cost")
    apart = f", times {100 * times.spread:.0f} % apart" if times else ""
    words = how_sure(found)
    return (f"{words[0]}: " if len(words) == 1 else "") \
        + f"{count} round{'s' if count > 1 else ''}{apart}"


def stay(side, measured, prefer):
    """The present one is as good as any: the part, and reasons."""
    present = side["present"]
    others = [name for name in candidates(side, measured) if name != present]
    if not others:
        return f"stay with {shown(present)}: nothing else came to the end"
    best = max(others, key=gains(side, measured, prefer).get)
    best = next((name for name in others if is_ours(name)), best)
    found = changes(side, best, present)
    told = gain_text(side, found)
    if not told or not set(found) & set(WEIGHTS[prefer]):
        return f"within the noise: stay with {shown(present)}"
    return (f"stay with {shown(present)}: {shown(best)} has {told} "
            f"({sure_text(side, found, best)})")


def our_settings(side, measured, name, prefer):
    """Words for the sentence, and reasons."""
    pairs = (settings.heaps(side, measured, name),
             settings.budget(side, measured),
             settings.hardening(side, prefer))
    words = [pair[0] for pair in pairs]
    return ", ".join(words[:-1]) + " and " + words[-1], [
        f"{word[0].upper()}{word[1:]}: {why}" for word, why in pairs]


def others_reasons(side, measured, name, prefer):
    """Who could not run it, who was not asked, and who is as good."""
    reasons = [f"{shown(other)} {variant['failed']}."
               for other, variant in side["variants"].items()
               if variant.get("failed")]
    if "bump" in played(side) and not bump_fits(measured):
        reasons.append("The bump allocator is out of the question: all that "
                       "was asked for is more than "
                       f"{BUMP_ASKED} of the live peak.")
    if name == "bump":
        reasons.append("The bump allocator reuses nothing: it is for a "
                       "program that ends as the recorded one did.")
    found = gains(side, measured, prefer)
    reasons += [f"{shown(other)} is as good, as far as can be told."
                for other in found if other not in (name, side["present"])
                and name != side["present"] and found[other] >= found[name]
                - EQUAL and shown(other) != shown(name)]
    return [reason[0].upper() + reason[1:] for reason in reasons]


def side_advice(side, measured, prefer):
    """The choice, how sure it is, its part of the sentence, and reasons."""
    name = choose(side, measured, prefer)
    present, reasons = side["present"], []
    if name is None:
        return {"choice": None, "sure": NOISE, "reasons": others_reasons(
            side, measured, None, prefer), "text":
                "no allocator came to the end"}
    if present not in side["variants"]:
        return {"choice": None, "sure": NOISE, "reasons": [], "text":
                f"there is no advice, as {shown(present)} was not replayed"}
    text, sure = f"take {shown(name)}", NOISE
    if is_ours(name):
        words, reasons = our_settings(side, measured, name, prefer)
        text += f" with {words}"
    if name == present:
        text = stay(side, measured, prefer)
    elif present not in played(side):
        text += f": {shown(present)} " + (
            side["variants"][present]["failed"] or "was not replayed")
        sure = SURE
    else:
        found = changes(side, name, present)
        text += (f": {gain_text(side, found)} than {shown(present)} "
                 f"({sure_text(side, found, name)})")
        sure = next(iter(how_sure(found)), NOISE)
    return {"choice": name, "sure": sure, "text": text, "reasons":
            reasons + others_reasons(side, measured, name, prefer)}


def advise(study, prefer="both"):
    """The sentence, and for each side that was replayed its choice."""
    found = {where: side_advice(study[where], study["measured"], prefer)
             for where in PLACES if study.get(where)}
    if not found:
        return {"sentence": "Nothing was replayed, so there is no advice."}
    text = "; ".join(f"{PLACES[where]} {part['text']}"
                     for where, part in found.items())
    return dict(found, sentence=text[0].upper() + text[1:] + ".")
