# SPDX-License-Identifier: BSD-3-Clause
"""What `make trace` has built, in the folder that BUILD names, or build/."""

import os

HERE = os.path.dirname(os.path.realpath(__file__))
TRACE = os.path.dirname(HERE)
ROOT = os.path.dirname(TRACE)
BUILD = os.path.abspath(os.environ.get("BUILD") or os.path.join(ROOT, "build"))


class Missing(OSError):
    """Something is not there, and the text says how to get it."""


def built(name):
    """The path of a program or library of build/trace."""
    path = os.path.join(BUILD, "trace", name)
    if not os.path.exists(path):
        raise Missing(f"{path} is not there; build it: make -C {ROOT} trace")
    return path
