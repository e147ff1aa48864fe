"""The row "redis": a redis-server with the library preloaded, and redis-benchmark on loopback without it."""
import os
import signal
import socket
import subprocess
import time

import programs
from launcher import FLOOR_REFUSED, Failed, NotApplicable, Sample, describe, last_line

HOST = "127.0.0.1"
TESTS = "set,get,lpush,lpop,sadd,hset,zadd"


def free_port():
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return listener.getsockname()[1]


def ask(port, command):
    """Sends an inline command and returns the first line of the answer."""
    with socket.create_connection((HOST, port), timeout=5) as connection:
        connection.sendall(command.encode() + b"\r\n")
        with connection.makefile("rb") as answer:
            return answer.readline().decode().strip()


def peak_of(process):
    """The most that the server had resident, in KiB. The kernel counts it from the exec on."""
    with open(f"/proc/{process}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


class RedisRow:
    """The time is the benchmark's, user and system time and the peak are the server's."""

    name = "redis"
    is_program = True

    def __init__(self, folder, quick):
        self.folder = folder
        self.requests = 10000 if quick else 100000

    def missing(self):
        for program, package in (("redis-server", "redis-server"), ("redis-benchmark", "redis-tools")):
            if not programs.find(program):
                return f"there is no {program} (Debian's package is {package})"
        return None

    def run(self, launcher, library):
        port = free_port()
        options = ["--port", str(port), "--bind", HOST, "--save", "", "--appendonly", "no", "--dir", self.folder]
        server = subprocess.Popen(
            ["redis-server", *options],
            env=library.preloaded(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        ended = None
        try:
            self.wait_until_ready(server, port)
            wall = self.measure(port, launcher.limit)
            peak = peak_of(server.pid)
            if ask(port, "PING") != "+PONG" or int(ask(port, "DBSIZE").lstrip(":")) == 0:
                raise Failed("the server lost its data")
            server.send_signal(signal.SIGTERM)
            _, status, usage = os.wait4(server.pid, 0)
            ended = server.returncode = os.waitstatus_to_exitcode(status)
            if status != 0:
                raise Failed("the server ended with " + describe(status))
            return Sample(wall, usage.ru_utime, usage.ru_stime, peak)
        except (OSError, Failed) as error:
            if ended is None:
                server.kill()
            errors = server.stderr.read()
            if FLOOR_REFUSED in errors:
                raise NotApplicable("more than 4 GiB") from None
            raise Failed(str(error) + last_line(errors)) from None
        finally:
            if ended is None:
                server.kill()
                server.wait()
            server.stderr.close()

    def wait_until_ready(self, server, port):
        for _ in range(200):
            if server.poll() is not None:
                raise Failed(f"the server ended with {server.returncode} at its start")
            try:
                if ask(port, "PING") == "+PONG":
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise Failed("the server did not start")

    def measure(self, port, limit):
        command = ["redis-benchmark", "-h", HOST, "-p", str(port), "-n", str(self.requests), "-r", "50000"]
        command += ["-c", "20", "-P", "16", "-d", "100", "-t", TESTS, "-q"]
        start = time.monotonic()
        try:
            done = subprocess.run(command, capture_output=True, timeout=limit, check=False)
        except subprocess.TimeoutExpired:
            raise Failed(f"more than {limit} s") from None
        if done.returncode != 0:
            raise Failed("redis-benchmark failed" + last_line(done.stderr))
        return time.monotonic() - start
