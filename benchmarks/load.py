"""Load on loopback: `dnsperf` for a few questions over and over, a generator for many subnets.

The generator is one process that keeps a window of queries in flight, as dnsperf does, since
dnsperf sends one EDNS option for all. Run by itself:

    python -m benchmarks.load PORT SECONDS SUBNETS
"""

import re
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple

NAME = "www.shop.example"
WINDOW = 100  # queries in flight, dnsperf's default
TIMEOUT = struct.pack("ll", 0, 500_000)  # half a second without a response loses the window


class Load(NamedTuple):
    """What one run saw."""

    per_second: float
    answers: int


def dnsperf(port: int, seconds: float, folder: Path, names: Sequence[str] = (NAME,)) -> Load:
    """Ask for one name, or for several in turn, as fast as the answers come."""
    questions = folder / "questions"
    questions.write_text("".join(f"{name} A\n" for name in names))
    done = subprocess.run(
        ["dnsperf", "-s", "127.0.0.1", "-p", str(port), "-d", str(questions), "-l", f"{seconds:g}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return Load(
        _figure(done.stdout, "Queries per second"), int(_figure(done.stdout, "Queries completed"))
    )


def _figure(printed: str, label: str) -> float:
    found = re.search(rf"{label}: +([\d.]+)", printed)
    if found is None:
        raise RuntimeError(f"dnsperf printed no {label}:\n{printed}")
    return float(found[1])


def subnets(port: int, seconds: float, count: int) -> Load:
    """The generator in a process of its own, with `count` client subnets in turn."""
    command = [sys.executable, "-m", "benchmarks.load", str(port), f"{seconds:g}", str(count)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1]
    )
    per_second, answers = done.stdout.split()
    return Load(float(per_second), int(answers))


def latencies_ms(port: int, count: int = 2_000) -> tuple[float, float]:
    """Median and 99th percentile of the time to one answer, with one query in flight."""
    (wire,) = queries(1)
    took = []
    with _connected(port) as client:
        client.settimeout(2)
        for _ in range(count):
            begun = time.perf_counter()
            client.send(wire)
            client.recv(4096)
            took.append((time.perf_counter() - begun) * 1000)
    cuts = quantiles(took, n=100)
    return cuts[49], cuts[98]


def queries(count: int) -> list[bytes]:
    """A query for `NAME` with each of `count` subnets: /24s from 11.0.0.0 up."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in NAME.split(".")) + b"\0"
    header = struct.pack("!HHHHHH", 4711, 0, 1, 0, 0, 1)
    question = labels + struct.pack("!HH", 1, 1)
    opt = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 11)
    return [
        header + question + opt + struct.pack("!HHHBB", 8, 7, 1, 24, 0) + _three_octets(index)
        for index in range(count)
    ]


def _three_octets(index: int) -> bytes:
    return ((11 << 16) + index).to_bytes(3, "big")


def _connected(port: int) -> socket.socket:
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.connect(("127.0.0.1", port))
    return client


def main(port: int, seconds: float, count: int) -> Load:
    """Keep `WINDOW` queries in flight for so long, with the subnets in turn."""
    received, turn = 0, cycle(queries(count))
    with _connected(port) as client:
        # the kernel's time limit: Python's own would ask whether there is something, each time
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, TIMEOUT)
        _fill(client, turn)
        begun = time.perf_counter()
        while time.perf_counter() - begun < seconds:
            try:
                client.recv(4096)
            except BlockingIOError:
                _fill(client, turn)
                continue
            received += 1
            client.send(next(turn))
        took = time.perf_counter() - begun
    return Load(received / took, received)


def _fill(client: socket.socket, turn: Iterator[bytes]) -> None:
    for wire in islice(turn, WINDOW):
        client.send(wire)


if __name__ == "__main__":
    print(*main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))
