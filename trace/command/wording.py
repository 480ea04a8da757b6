# SPDX-License-Identifier: BSD-3-Clause
"""Numbers for people, the same in all that mi-trace prints."""


def count(number, one, more=None):
    """A number of things; of more than one with an s, if not otherwise."""
    return f"{number:,} {one if number == 1 else more or one + 's'}"


def size(number):
    """Bytes, in the largest unit of which there is one."""
    if number < 1024:
        return count(round(number), "byte")
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        number /= 1024
        if number < 1024 or unit == "TiB":
            break
    return f"{number:,.{1 if unit == 'KiB' else 2}f} {unit}"
