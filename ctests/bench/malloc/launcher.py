"""Runs a command with a library preloaded and says what it took."""
import hashlib
import os
import signal
import subprocess
import tempfile
from dataclasses import dataclass


@dataclass
class Sample:
    """What one run took: seconds, KiB. The digest is that of what the program printed."""

    wall: float
    user: float
    system: float
    peak_kib: int
    digest: str = ""


class Failed(Exception):
    """The run crashed, took too long or failed the workload's check."""


class NotApplicable(Exception):
    """The floor library would need more memory than it takes."""


FLOOR_REFUSED = b"floor: more than 4 GiB"


def describe(status):
    """A wait status in words."""
    if os.WIFSIGNALED(status):
        return "killed by " + signal.Signals(os.WTERMSIG(status)).name
    return f"exit status {os.WEXITSTATUS(status)}"


def last_line(text):
    lines = text.decode(errors="replace").strip().splitlines()
    return ": " + lines[-1] if lines else ""


class Launcher:
    """Starts build/bench/malloc/launch, which measures; each run has a limit of seconds."""

    def __init__(self, program, limit):
        self.program = program
        self.limit = limit

    def run(self, library, command, environment=None):
        """Runs a command with a library (None: none) and returns its sample."""
        return self.run_printing(library, command, environment)[0]

    def run_printing(self, library, command, environment=None):
        """The same, and what the command printed."""
        with tempfile.NamedTemporaryFile(mode="r") as result:
            launch = [self.program, result.name, str(self.limit), str(library or "-"), *command]
            environment = {**os.environ, **(environment or {})}
            done = subprocess.run(launch, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
            fields = result.read().split()
        if FLOOR_REFUSED in done.stderr:
            raise NotApplicable("more than 4 GiB")
        if done.returncode != 0 or len(fields) != 5:
            raise Failed("it could not be started" + last_line(done.stderr))
        wall, user, system = (float(field) for field in fields[:3])
        status = int(fields[4])
        if status != 0:
            late = wall >= self.limit
            raise Failed((f"more than {self.limit} s" if late else describe(status)) + last_line(done.stderr))
        # A preload that did not happen is no more than a warning of the loader.
        if b"cannot be preloaded" in done.stderr:
            raise Failed("the library was not loaded")
        sample = Sample(wall, user, system, int(fields[3]), hashlib.sha256(done.stdout).hexdigest())
        return sample, done.stdout
