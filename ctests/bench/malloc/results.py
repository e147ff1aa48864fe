"""What was measured: an outcome for each row and library, and the file that keeps them all."""
import hashlib
import json
import os
import platform
import re
from dataclasses import asdict, dataclass, field
from statistics import median

from libraries import DEFAULT_PEERS, package_version

PROGRAM_PACKAGES = ["redis-server", "sqlite3", "python3", "gcc", "z3", "lua5.4", "perl", "libc6"]


@dataclass
class Outcome:
    """What a library did in a row. The verdict is ok, FAILED or n/a."""

    verdict: str = "ok"
    reason: str = ""
    samples: list = field(default_factory=list)

    @property
    def measured(self):
        return self.verdict == "ok" and bool(self.samples)

    @property
    def wall(self):
        return median(sample.wall for sample in self.samples)

    @property
    def wall_of_user(self):
        """The wall time without the share that the system had in it."""
        return median(sample.wall * sample.user / max(sample.user + sample.system, 1e-6) for sample in self.samples)

    @property
    def user(self):
        return median(sample.user for sample in self.samples)

    @property
    def processor(self):
        return median(sample.user + sample.system for sample in self.samples)

    @property
    def peak(self):
        return median(sample.peak_kib for sample in self.samples)


def read_field(path, name):
    try:
        with open(path, encoding="utf-8") as file:
            match = re.search(rf"^{name}\s*:\s*(.*)$", file.read(), re.MULTILINE)
            return match.group(1) if match else None
    except OSError:
        return None


def read_text(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return None


def machine():
    return {
        "processor": read_field("/proc/cpuinfo", "model name") or platform.machine(),
        "processors": len(os.sched_getaffinity(0)),
        "memory": read_field("/proc/meminfo", "MemTotal"),
        "kernel": platform.release(),
        "system": read_field("/etc/os-release", "PRETTY_NAME") or (read_text("/etc/debian_version") or ""),
        "transparent_hugepages": read_text("/sys/kernel/mm/transparent_hugepage/enabled"),
    }


def version(library):
    """A package's version; of a library that was built from source, what its name says."""
    for name, _, package in DEFAULT_PEERS:
        if library.name == name:
            return package_version(package)
    stated = re.search(r"\d+(?:\.\d+)+", re.sub(r"\.so[.\d]*$", "", os.path.basename(library.path)))
    return stated.group() if stated else None


def versions(libraries):
    found = {}
    for library in libraries:
        with open(library.path, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        found[library.name] = {"path": library.path, "sha256": digest, "version": version(library)}
    found["programs"] = {package: package_version(package) for package in PROGRAM_PACKAGES}
    return found


def write(path, table, libraries, found, arguments, rounds):
    content = {
        "machine": machine(),
        "versions": found,
        "rounds": rounds,
        "quick": arguments.quick,
        "libraries": [library.name for library in libraries],
        "rows": {
            row: {
                name: {
                    "verdict": outcome.verdict,
                    "reason": outcome.reason,
                    "median": {"wall": outcome.wall, "processor": outcome.processor, "peak_kib": outcome.peak}
                    if outcome.measured
                    else None,
                    "samples": [asdict(sample) for sample in outcome.samples],
                }
                for name, outcome in outcomes.items()
            }
            for row, outcomes in table.items()
        },
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.write("\n")
    return content
