#!/usr/bin/env python3
"""Compares malloc libraries by whole programs. Rows one by one; within a row each round runs every library once, in an
order that is rotated from round to round, so that noise on the machine hits all. `run.py --help` tells the options."""
import argparse
import fnmatch
import os
import sys
import time

import picture
import report
import results
from launcher import Failed, Launcher, NotApplicable
from libraries import DEFAULT_PEERS, check_preload, find_libraries
from rows import all_rows


def parse_arguments():
    parser = argparse.ArgumentParser(description="Compares malloc libraries by whole programs.")
    parser.add_argument("--build", default="build", help="folder of the built programs (build)")
    parser.add_argument(
        "--peers", default="", help="names (glibc jemalloc slabmalloc:hardened ...) or .so files to compare with")
    parser.add_argument("--rows", default="", help="rows to run, as patterns: 'larson-* redis' (all)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds that count (5); one before them warms up")
    parser.add_argument("--limit", type=int, help="seconds after which a run has failed (60; 10 if quick)")
    parser.add_argument("--originals", default="", help="folder of mimalloc-bench's own programs, which get rows too")
    parser.add_argument("--quick", action="store_true", help="smaller inputs, one round and no warm-up")
    parser.add_argument("--no-floor", action="store_true", help="leave out the library that does nearly nothing")
    parser.add_argument("--list", action="store_true", help="print the names of the rows and stop")
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error("--rounds must be at least 1")
    return arguments


def select(rows, patterns):
    """The rows that a pattern names. A pattern that names none is an error."""
    chosen = set()
    for pattern in patterns:
        names = fnmatch.filter([row.name for row in rows], pattern)
        if not names:
            sys.exit(f"bench-malloc: no row is named {pattern}; --list prints their names")
        chosen.update(names)
    return [row for row in rows if not patterns or row.name in chosen]


def run_once(row, library, launcher, outcome, reference, counts):
    """Runs a row with a library, unless it failed before, and keeps the sample if it counts."""
    if outcome.verdict != "ok":
        return
    try:
        sample = row.run(launcher, library)
    except NotApplicable as reason:
        outcome.verdict, outcome.reason = "n/a", str(reason)
        return
    except Failed as reason:
        outcome.verdict, outcome.reason = "FAILED", str(reason)
        return
    if sample.digest != reference.setdefault(row.name, sample.digest):
        outcome.verdict, outcome.reason = "FAILED", "it printed something else than the first library did"
    elif counts:
        outcome.samples.append(sample)


def run_row(row, libraries, launcher, rounds, warm_up):
    outcomes = {library.name: results.Outcome() for library in libraries}
    reference = {}
    for number in range(-1 if warm_up else 0, rounds):
        first = (number + 1) % len(libraries)
        for library in libraries[first:] + libraries[:first]:
            run_once(row, library, launcher, outcomes[library.name], reference, number >= 0)
    return outcomes


def main():
    arguments = parse_arguments()
    rows = select(all_rows(arguments.build, arguments.quick, arguments.originals), arguments.rows.split())
    if arguments.list:
        print("\n".join(row.name for row in rows))
        return 0
    peers = arguments.peers.split() or [name for name, _, _ in DEFAULT_PEERS]
    libraries, missing = find_libraries(arguments.build, peers, not arguments.no_floor)
    for line in missing:
        print(f"bench-malloc: skipped {line}")
    folder = os.path.join(arguments.build, "bench/malloc")
    broken = 0
    for library in list(libraries):
        used = check_preload(library, os.path.join(folder, "whose_malloc"))
        if used:
            print(f"bench-malloc: FAILED {library.name}: programs call {used} in place of {library.path}")
            libraries.remove(library)
            broken += 1
    if not libraries:
        sys.exit("bench-malloc: there is no library to measure")
    versions = results.versions(libraries)
    print(report.version_table(versions, libraries), flush=True)

    rounds = 1 if arguments.quick else arguments.rounds
    limit = arguments.limit or (10 if arguments.quick else 60)
    launcher = Launcher(os.path.join(folder, "launch"), limit)
    table = {}
    start = time.monotonic()
    for number, row in enumerate(rows, 1):
        reason = row.missing()
        if reason:
            print(f"bench-malloc: skipped {row.name}: {reason}", flush=True)
            continue
        outcomes = run_row(row, libraries, launcher, rounds, not arguments.quick)
        table[row.name] = outcomes
        print(report.progress(number, len(rows), time.monotonic() - start, row.name, outcomes), flush=True)

    names = [library.name for library in libraries]
    programs = {row.name for row in rows if row.is_program}
    print(report.tables(table, names, "quick: " if arguments.quick else "", programs))
    path = os.path.join(folder, "results.json")
    content = results.write(path, table, libraries, versions, arguments, rounds)
    print(f"bench-malloc: every sample is in {path}")
    drawing = os.path.join(folder, "results.svg")
    reason = picture.draw(content, drawing)
    print(f"bench-malloc: no picture: {reason}" if reason else f"bench-malloc: a picture is in {drawing}")
    failures = report.failures(table)
    for line in failures:
        print(f"bench-malloc: FAILED {line}")
    return 1 if failures or broken else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
