# SPDX-License-Identifier: BSD-3-Clause
"""Files that are written whole or not at all."""

import contextlib
import os

import scripts


@contextlib.contextmanager
def output_file(path, mode):
    """A file that is at this path when the context has ended without an
    exception; otherwise what was there stays. What is no file, such as a device
    or a pipe, is written to."""
    path = os.path.realpath(path)
    part = path + ".part"
    if os.path.exists(path) and not os.path.isfile(path):
        part = path
    encoding = None if "b" in mode else "utf-8"
    try:
        with open(part, mode, encoding=encoding) as file:
            yield file
        if part != path:
            os.replace(part, path)
    except BaseException as error:
        if part != path:
            with contextlib.suppress(OSError):
                os.unlink(part)
        if isinstance(error, OSError):
            raise scripts.TraceError(f"{path}: {error.strerror}") from None
        raise
