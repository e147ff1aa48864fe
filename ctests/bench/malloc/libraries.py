"""The malloc libraries that are compared: slabmalloc, its peers and the floor."""
import os
import re
import subprocess
from dataclasses import dataclass, field

# Name, file, Debian package.
DEFAULT_PEERS = [
    ("glibc", "libc.so.6", "libc6"),
    ("jemalloc", "libjemalloc.so.2", "libjemalloc2"),
    ("tcmalloc", "libtcmalloc_minimal.so.4", "libtcmalloc-minimal4"),
    ("mimalloc", "libmimalloc.so.2", "libmimalloc2.0"),
]
OWN, FLOOR = "slabmalloc", "floor"
PROFILES = ("fast", "checked", "hardened")


@dataclass
class Library:
    name: str
    # Also glibc's is preloaded: a program that is linked with another malloc, as redis-server is, gets it that way.
    path: str
    # What programs get beside it.
    environment: dict = field(default_factory=dict)

    def preloaded(self):
        return {**os.environ, **self.environment, "LD_PRELOAD": self.path}


def find_shared(file):
    """The path of a shared library that the loader knows, or None."""
    listing = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=False).stdout
    machine = {"x86_64": "x86-64", "aarch64": "AArch64"}.get(os.uname().machine, "")
    for line in listing.splitlines():
        match = re.match(r"\s*(\S+) \((.*)\) => (\S+)", line)
        if match and match.group(1) == file and machine in match.group(2):
            return match.group(3)
    path = f"/usr/lib/{os.uname().machine}-linux-gnu/{file}"
    return path if os.path.exists(path) else None


def find_peer(name, own):
    """A peer by its name, its path, or as a profile (slabmalloc:hardened); the second result says what is missing."""
    prefix, _, profile = name.partition(":")
    if prefix == OWN:
        if profile not in PROFILES:
            return None, f"{name}: there is no such profile"
        return Library(profile, own, {"SLABMALLOC_PROFILE": profile}), None
    for known, file, package in DEFAULT_PEERS:
        if name == known:
            path = find_shared(file)
            return (Library(name, path), None) if path else (None, f"{name}: no {file} (Debian's package is {package})")
    if not os.path.exists(name):
        return None, f"{name}: there is no such library"
    for known, file, _ in DEFAULT_PEERS:
        if os.path.basename(name) == file:
            return Library(known, os.path.abspath(name)), None
    stem = re.sub(r"\.so.*$", "", os.path.basename(name))
    if "scudo" in stem:
        return Library("scudo", os.path.abspath(name)), None
    return Library(re.sub(r"^lib", "", stem) or stem, os.path.abspath(name)), None


def find_libraries(build, peers, with_floor):
    """The libraries in the order in which they run, and a line for each that is missing."""
    libraries, missing = [], []
    own = os.path.abspath(os.path.join(build, "libslabmalloc-preload.so"))
    for name in peers:
        library, reason = find_peer(name, own)
        if library:
            while any(library.name == other.name for other in libraries) or library.name in (OWN, FLOOR):
                library.name += "'"
            libraries.append(library)
        else:
            missing.append(reason)
    if os.path.exists(own):
        libraries.append(Library(OWN, own))
    else:
        missing.append(f"{OWN}: there is no {os.path.relpath(own)}")
    if with_floor:
        libraries.append(Library(FLOOR, os.path.abspath(os.path.join(build, "bench/malloc/libfloor-malloc.so"))))
    return libraries, missing


def check_preload(library, program):
    """None if a program that is preloaded with the library really calls its malloc, else what it calls."""
    done = subprocess.run(
        [program], env=library.preloaded(), capture_output=True, text=True, check=False
    )
    used = done.stdout.strip()
    if done.returncode == 0 and used and os.path.realpath(used) == os.path.realpath(library.path):
        return None
    return used or f"nothing: it ended with {done.returncode} {done.stderr.strip()}"


def package_version(package):
    query = ["dpkg-query", "-W", "-f", "${Version}", package]
    done = subprocess.run(query, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None
