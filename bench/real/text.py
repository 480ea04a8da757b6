# SPDX-License-Identifier: BSD-3-Clause
"""text.py COUNT: text is joined, cut, searched and compressed, with Python's
own allocator for what is small: the blocks that remain are large ones."""

import io
import re
import sys
import zlib


def main():
    count, total = int(sys.argv[1]), 0
    for turn in range(count):
        lines = [f"{number * 2654435761 % 4294967296:08x} item {number % 100} "
                 + "=" * (number % 40) for number in range(turn, 20000 + turn)]
        text = "\n".join(lines)
        total += len(re.findall(r"item (\d+) =+$", text, re.M))
        packed = zlib.compress(text.encode(), 1)
        total += zlib.crc32(zlib.decompress(packed))
        buffer = io.BytesIO()
        for line in lines:
            buffer.write(line.encode())
        total += len(buffer.getvalue()) + len(text.replace("item", "thing"))
        total += len(text.upper().split("="))
    print(total)


if __name__ == "__main__":
    main()
