#!/usr/bin/env python3
"""How mallocs grow: with threads, with the number of live objects, and over days of drifting sizes. Each table has a
column for each library, medians of the rounds, which run in turn. `growth.py --help` tells the options."""
import argparse
import os
import re
import sys
from statistics import median

from launcher import Failed, Launcher
from libraries import DEFAULT_PEERS, find_libraries
from report import version_table
from results import versions

THREADS = (1, 2, 4, 8, 16)
THREADED = ("larson", "mstress", "xmalloc", "alloc_test")
# As many threads free as allocate.
PAIRED = ("xmalloc",)
LIVE = ("1000", "10000", "100000", "1000000", "10000000")
DRIFT = re.compile(rb"live (\d+) resident (\d+)")
LIMIT = 120


def parse_arguments():
    parser = argparse.ArgumentParser(description="Shows how mallocs grow with threads, live objects and time.")
    parser.add_argument("--build", default="build", help="folder of the built programs (build)")
    parser.add_argument("--peers", default="", help="names (glibc jemalloc ...) or .so files to compare with")
    parser.add_argument("--rounds", type=int, default=3, help="rounds (3)")
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error("--rounds must be at least 1")
    return arguments


class Growth:
    """The libraries, and how often each command runs on each of them."""

    def __init__(self, arguments):
        peers = arguments.peers.split() or [name for name, _, _ in DEFAULT_PEERS]
        self.libraries, missing = find_libraries(arguments.build, peers, with_floor=False)
        for line in missing:
            print(f"bench-growth: skipped {line}")
        if not self.libraries:
            sys.exit("bench-growth: there is no library to measure")
        self.folder = os.path.join(arguments.build, "bench/malloc")
        self.launcher = Launcher(os.path.join(self.folder, "launch"), LIMIT)
        self.rounds = arguments.rounds
        self.failures = []

    def measure(self, row, arguments, value):
        """The medians of value(sample, output), a tuple, for each library; None where it failed."""
        workload, *rest = arguments
        command = [os.path.join(self.folder, workload), *rest]
        values = [[] for _ in self.libraries]
        for number in range(self.rounds):
            for index in range(len(self.libraries)):
                index = (index + number) % len(self.libraries)
                library = self.libraries[index]
                try:
                    found = value(*self.launcher.run_printing(library.path, command, library.environment))
                    values[index].append(found)
                except Failed as reason:
                    self.failures.append(f"{row} with {library.name}: {reason}")
        return [tuple(map(median, zip(*found))) if len(found) == self.rounds else None for found in values]

    def table(self, title, rows, value, form):
        print(f"\n{title}\n{'row':<20}" + "".join(f"{library.name:>18}" for library in self.libraries))
        for row, arguments in rows:
            numbers = self.measure(row, arguments, value)
            cells = [form.format(*number) if number else "FAILED" for number in numbers]
            print(f"{row:<20}" + "".join(f"{cell:>18}" for cell in cells), flush=True)


def processor_and_peak(sample, _):
    return sample.user + sample.system, sample.peak_kib / 1024


def resident_of_live(_, output):
    printed = DRIFT.search(output)
    if not printed:
        raise Failed("it printed no sizes")
    return (int(printed[2]) / int(printed[1]),)


def main():
    growth = Growth(parse_arguments())
    print(version_table(versions(growth.libraries), growth.libraries))
    threads = [
        (f"{workload}-{count}t", (workload, str(count), "100"))
        for workload in THREADED
        for count in THREADS
        if count > 1 or workload not in PAIRED
    ]
    title = "seconds of user and system time / peak resident MiB, by "
    growth.table(title + "threads", threads, processor_and_peak, "{:.3f} / {:.1f}")
    live = [(f"live-{count}", ("live", "1", "100", count)) for count in LIVE]
    growth.table(title + "live objects", live, processor_and_peak, "{:.3f} / {:.1f}")
    drift = [("six days", ("drift", "1", "100"))]
    growth.table("resident bytes over live bytes after days of drifting sizes", drift, resident_of_live, "{:.2f}")
    for line in growth.failures:
        print(f"bench-growth: FAILED {line}")
    return 1 if growth.failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
