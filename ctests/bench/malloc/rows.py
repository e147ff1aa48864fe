"""The rows: a workload with a number of threads and a variant each, and the real programs."""
import os
from dataclasses import dataclass, field

import programs
from originals import original_rows
from redis_row import RedisRow

QUICK_PERCENT = 5


@dataclass
class CommandRow:
    """A command that prints the same whatever malloc it runs on."""

    name: str
    command: list
    package: str = ""
    environment: dict = field(default_factory=dict)

    @property
    def is_program(self):
        """Whether it is somebody's program, and no workload of ours."""
        return bool(self.package)

    def missing(self):
        if programs.find(self.command[0]):
            return None
        return f"there is no {os.path.basename(self.command[0])}" + (
            f" (Debian's package is {self.package})" if self.package else ""
        )

    def run(self, launcher, library):
        return launcher.run(library.path, self.command, {**self.environment, **library.environment})


# Workload, its numbers of threads, its variants.
ALL = (1, 2, 8)
WORKLOADS = [
    ("larson", ALL, ()),
    ("mstress", ALL, ()),
    ("xmalloc", (2, 8), ()),
    ("cache", ALL, ("scratch", "thrash")),
    ("sh6bench", (1,), ()),
    ("sh8bench", ALL, ()),
    ("glibc_simple", (1,), ()),
    ("glibc_thread", ALL, ()),
    ("rptest", ALL, ()),
    ("alloc_test", ALL, ()),
    ("cfrac", (1,), ()),
    ("espresso", (1,), ()),
    ("mleak", ALL, ()),
    ("large", (1, 2), ("random",)),
    ("large", (1,), ("growth",)),
    ("pairs", (1,), ("16", "64", "256", "1024", "8192")),
    ("batch", (1,), ("lifo", "fifo", "random")),
    ("live", (1,), ("1000", "100000", "1000000")),
]


def workload_rows(build, quick):
    percent = QUICK_PERCENT if quick else 100
    rows = []
    for workload, thread_counts, variants in WORKLOADS:
        program = os.path.join(build, "bench/malloc", workload)
        for variant in variants or (None,):
            for threads in thread_counts:
                name = workload.replace("_", "-") + (f"-{variant}" if variant else "")
                if len(thread_counts) > 1:
                    name += f"-{threads}t"
                arguments = [str(threads), str(percent)] + ([variant] if variant else [])
                rows.append(CommandRow(name, [program, *arguments]))
    return rows


def all_rows(build, quick, originals):
    """Every row, in the order in which they run. `originals` is the folder of mimalloc-bench's programs, or empty."""
    folder = os.path.join(build, "bench/malloc", "inputs-quick" if quick else "inputs")
    os.makedirs(folder, exist_ok=True)
    rows = workload_rows(build, quick)
    rows.append(RedisRow(folder, quick))
    for name, package, command, environment in programs.commands(folder, quick):
        rows.append(CommandRow(name, command, package, environment))
    return rows + (original_rows(os.path.abspath(originals)) if originals else [])
