# SPDX-License-Identifier: BSD-3-Clause
"""Why a workload takes longer than under the fastest peer, as far as it was
measured: with callgrind (instructions, branches, and misses of a cache of 32
KiB, of one of 1 MiB and of the tables of addresses), perf record, strace -c
and the faults that the system counts, of both in turns."""

GIVEN_BACK = ("its memory is given back each time it is freed, until it was "
              "missed often enough (docs/design.md, \"The budget learns\"); "
              "peers keep it")
KEPT_PAGES = ("blocks of over 4 KiB stand 16 to a page, and no more than 3 MiB "
              "of empty pages is kept, so pages are made and given back")
SMALL_STEPS = ("classes up to 1 KiB are 16 bytes apart, so a block that grows "
               "moves more often; and realloc looks at the block itself, "
               "which may be in no cache")
UNDER_LOCK = ("a large block that is not the one freed last is taken and put "
              "back under the lock of all threads, and counted in the budget: "
              "four times as many instructions as the peer's, which has a "
              "cache for each thread")
TWO_SWAPS = ("the large block freed last is kept for any thread, so it is put "
             "there and taken by an atomic swap each, which take nearly a "
             "third of the time; the peer has a cache for each thread")
ABOVE_CACHE = ("a block of over 1 MiB is not kept to be taken again by a swap: "
               "it goes to a shelf and comes from there under the lock, "
               "counted in the budget, with twice the instructions of the "
               "peer")
FREED_LAST = ("what is freed is handed out again only when the list of its "
              "page has run out, and has left the nearest cache by then; the "
              "peer hands out first what was freed last")
ALIGNED = ("it takes half as many instructions again, as pages of large blocks "
           "have few, and their lists run out often; and what is freed is "
           "handed out again only then, and has left the nearest cache")
IN_TURN = ("there are fewer instructions than in the peer and as few misses of "
           "the cache, but they wait for each other: malloc reads at once what "
           "free has written, and a page of few blocks swaps its lists often")
TWO_TABLES = ("free finds a block's page by the map, and what the page is in "
              "its descriptor: lines of memory that the peer does not read, "
              "and for so many pages not all of them stay in the nearest cache")
MANY_HEAPS = ("each of many heaps keeps few empty pages, so that all take less "
              "memory: a block is borrowed, or its page made and given back, "
              "which takes 1.7 times the instructions, and as the threads end "
              "the system is called for thousands of small ranges")
ZERO_ASKED = ("free gives such a block back in three parts, and calloc asks "
              "the system what of it was touched: ten system calls, of which "
              "the peer makes one")
OWNERS_SLEEP = ("pages that other threads have emptied wait for their owner, "
                "and when that sleeps all that is over a limit is given back, "
                "and faulted in again")
AT_THE_END = ("at its end a thread walks the lists of all its pages, to tell "
              "those that are empty from those that are left to others")
LISTS_RUN_OUT = ("it takes a tenth more instructions, as the lists of small "
                 "pages run out in each round")
MILLISECONDS = ("both take some two milliseconds, much of it for the start of "
                "the process")
NOT_AGAIN = ("measured again in turns with the peer it took no longer, and no "
             "more instructions")
WHY = (
    (GIVEN_BACK, ("shuffled, 10000 of 32K", "shuffled, 10000 of 256K",
                  "shuffled, 10000 of 1M",
                  "shuffled, 10000 of 4M", "shuffled, a million of 64",
                  "shuffled, two million of 256", "shuffled, 131072 of 4K",
                  "shuffled, 10000 of 4K, written",
                  "shuffled, 500 of 1M, written",
                  "replaced, 20 of 4M to 32M",
                  "sparse survivors of 16 to 1K",
                  "sparse survivors of 4K to 32K", "rptest, 8 threads")),
    (KEPT_PAGES, ("last in first out, 100 of 32K",
                  "first in first out, 100 of 32K", "shuffled, 100 of 32K",
                  "replaced, 10000 of 16 to 32K")),
    (SMALL_STEPS, ("10000 strings grow by 20 bytes",)),
    (UNDER_LOCK, ("last in first out, 100 of 256K",
                  "last in first out, 100 of 4M", "shuffled, 100 of 256K",
                  "shuffled, 100 of 1M", "shuffled, 100 of 4M")),
    (TWO_SWAPS, ("pair of 256K",)),
    (ABOVE_CACHE, ("pair of 4M",)),
    (ALIGNED, ("aligned to 16 to 4K",)),
    (FREED_LAST, ("xmalloc, 1 thread", "rptest, 1 thread",
                  "lifetimes mixed, 1 thread",
                  "lifetimes mixed, 2 threads", "lifetimes mixed, 8 threads")),
    (IN_TURN, ("pair of 1K", "pair of 4K", "last in first out, 100 of 1K",
               "first in first out, 100 of 1K")),
    (TWO_TABLES, ("shuffled, 10000 of 256", "shuffled, 10000 of 1K")),
    (MANY_HEAPS, ("1000 threads with 20 blocks",)),
    (ZERO_ASKED, ("calloc, one of 64M",)),
    (OWNERS_SLEEP, ("xmalloc, 8 threads",)),
    (AT_THE_END, ("short threads, 2 at a time",)),
    (LISTS_RUN_OUT, ("calloc, 100 of 256",)),
    (MILLISECONDS, ("realloc by half to 16M",)),
    (NOT_AGAIN, ("lua5.4", "perl", "larson, 2 threads", "mstress, 1 thread",
                 "mstress, 8 threads", "4 million nodes chased")),
)
REASONS = {name: sentence for sentence, names in WHY for name in names}
