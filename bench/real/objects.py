# SPDX-License-Identifier: BSD-3-Clause
"""objects.py COUNT: objects, dictionaries, cycles and strings that come and
go; with PYTHONMALLOC=malloc each of them is a block."""

import json
import sys


class Node:
    def __init__(self, name, parent):
        self.name = name
        self.parent = parent
        self.children = []
        self.values = {"name": name, "size": len(name)}
        if parent:
            parent.children.append(self)


def tree(count):
    nodes = [Node("root", None)]
    for number in range(1, count):
        nodes.append(Node(f"node {number}", nodes[number * 7 // 9]))
    return nodes


def depth(node):
    steps = 0
    while node:
        node, steps = node.parent, steps + 1
    return steps


def main():
    count, total = int(sys.argv[1]), 0
    for turn in range(4):
        nodes = tree(count)
        total += max(map(depth, nodes[::97]))
        words = sorted({node.name[::-1] for node in nodes})
        text = json.dumps([node.values for node in nodes])
        total += len(text) + sum(len(entry["name"])
                                 for entry in json.loads(text))
        big = [number ** (3 + turn) for number in range(count)]
        total += sum(big) % 1000003 + len(" ".join(words))
    print(total)


if __name__ == "__main__":
    main()
