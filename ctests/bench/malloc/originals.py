"""The programs of mimalloc-bench as rows, for who has built them: `run.py --originals FOLDER`.

FOLDER is what `cmake -B out/bench bench && make -C out/bench` leaves in out/bench of
https://github.com/daanx/mimalloc-bench. The arguments are those of its bench.sh. A program that is not there is
skipped."""
import os
import re
import shlex
from dataclasses import dataclass

from launcher import Failed, Sample

# Name, program, arguments. {n} is the number of processors, {source} the folder with the sources of the programs.
ORIGINALS = [
    ("cfrac", "cfrac", "17545186520507317056371138836327483792789528"),
    ("espresso", "espresso", "{source}/espresso/largest.espresso"),
    ("barnes", "barnes", "< {source}/barnes/input"),
    ("alloc-test1", "alloc-test", "1"),
    ("alloc-testN", "alloc-test", "{n}"),
    ("larsonN", "larson", "5 8 1000 5000 100 4141 {n}"),
    ("larsonN-sized", "larson-sized", "5 8 1000 5000 100 4141 {n}"),
    ("sh6benchN", "sh6bench", "{2n}"),
    ("sh8benchN", "sh8bench", "{2n}"),
    ("xmalloc-testN", "xmalloc-test", "-w {n} -t 5 -s 64"),
    ("cache-thrash1", "cache-thrash", "1 1000 1 2000000 {n}"),
    ("cache-thrashN", "cache-thrash", "{n} 1000 1 2000000 {n}"),
    ("cache-scratch1", "cache-scratch", "1 1000 1 2000000 {n}"),
    ("cache-scratchN", "cache-scratch", "{n} 1000 1 2000000 {n}"),
    ("malloc-large", "malloc-large", ""),
    ("mstressN", "mstress", "{n} 50 25"),
    ("mleak10", "mleak", "5"),
    ("mleak100", "mleak", "50"),
    ("rptestN", "rptest", "{n} 0 1 2 500 1000 100 8 16000"),
    ("glibc-simple", "glibc-simple", ""),
    ("glibc-thread", "glibc-thread", "{n}"),
]
# These run for a number of seconds and print how long a given amount of work would take. That is their time.
PRINTS_TIME = re.compile(rb"(?:relative time|rtime): ([0-9.]+)")
TIMED = ("larson", "xmalloc-test")


@dataclass
class OriginalRow:
    """A program of mimalloc-bench. What it prints differs from run to run, and is not compared."""

    name: str
    program: str
    command: list
    is_timed: bool
    is_program: bool = False

    def missing(self):
        return None if os.path.exists(self.program) else f"there is no {self.program}"

    def run(self, launcher, library):
        sample, output = launcher.run_printing(library.path, self.command, library.environment)
        if self.is_timed:
            printed = PRINTS_TIME.search(output)
            if not printed:
                raise Failed("it printed no time")
            sample = Sample(float(printed[1]), float(printed[1]), 0.0, sample.peak_kib)
        sample.digest = ""
        return sample


def original_rows(folder):
    count = len(os.sched_getaffinity(0))
    source = shlex.quote(os.path.normpath(os.path.join(folder, "../../bench")))
    rows = []
    for name, program, arguments in ORIGINALS:
        filled = arguments.replace("{2n}", str(2 * count)).format(n=count, source=source)
        path = os.path.join(folder, program)
        # rptest leaves a file of its results where it runs.
        command = ["/bin/sh", "-c", f'cd "${{TMPDIR:-/tmp}}" && exec {shlex.quote(path)} {filled}']
        rows.append(OriginalRow(f"original-{name}", path, command, program.startswith(TIMED)))
    return rows
