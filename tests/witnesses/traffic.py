"""Many questions at set times to several resolvers at once, and what they and the lab saw of it.

One thread sends and reads, so that a planned time is met within a millisecond on an idle machine;
on a busy one a question goes out late, and `Asked.at` says when it really did.
"""

import contextlib
import socket
import struct
import time
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass

from .asking import query

IDS = 1 << 16
ROOM = 1 << 22  # octets of answers that wait while this thread has no turn


@dataclass(slots=True)
class Asked:
    """One question: when it was sent, of which name, and the response; None before it comes."""

    at: float
    name: str
    wire: bytes | None = None


def play(plan, resolvers):
    """Send every question when it is due, and gather the responses.

    Args:
        plan: (seconds from now, resolver, name), in any order.
        resolvers: their addresses.

    Returns:
        For each resolver what it was asked, in order; times are those of `time.monotonic`.
    """
    begun = time.monotonic()
    with contextlib.ExitStack() as stack:
        lines = {name: stack.enter_context(Line(address)) for name, address in resolvers.items()}
        for due, resolver, name in sorted(plan):
            wait = begun + due - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            lines[resolver].ask(name)
            lines[resolver].read()
        _read_the_last(lines.values())
        return {resolver: line.asked for resolver, line in lines.items()}


def late(plan, asked):
    """How many seconds the latest question came after its time, as `play` asked them."""
    at = sorted(each.at for line in asked.values() for each in line)
    due = sorted(planned for planned, _, _ in plan)
    return max(when - at[0] - (planned - due[0]) for when, planned in zip(at, due, strict=True))


def _read_the_last(lines, seconds=2):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and any(a.wire is None for line in lines for a in line.asked):
        time.sleep(0.1)
        for line in lines:
            line.read()


class Line:
    """A socket to one resolver, and what was asked over it."""

    def __init__(self, resolver):
        self.asked = []
        self._queries = {}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
        self._socket.setblocking(False)
        self._socket.connect(("127.0.0.1", resolver.port))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def ask(self, name):
        """Send one question. Its id is its number, so that its response is recognised."""
        if name not in self._queries:
            self._queries[name] = query(name, recurse=True, edns=False).to_wire()[2:]
        message = struct.pack("!H", len(self.asked) % IDS) + self._queries[name]
        self.asked.append(Asked(time.monotonic(), name))
        self._socket.send(message)

    def read(self):
        """Take the responses that have come so far."""
        with contextlib.suppress(BlockingIOError):
            while True:
                wire = self._socket.recv(512)
                last = len(self.asked) - 1
                age = (last - int.from_bytes(wire[:2])) % IDS
                self.asked[last - age].wire = wire


class Fetches:
    """When each name was asked for at the lab: `serve` takes it as its log.

    A resolver repeats a query to which no answer came in time, Unbound after 50 ms: what follows
    another query for the same name within two seconds is no new fetch.
    """

    def __init__(self):
        self._at = defaultdict(list)

    def __call__(self, line):
        """Note the name in a line of the log, which reads `time address transport name ...`."""
        now, times = time.monotonic(), self._at[line.split()[3]]
        if not times or now > times[-1] + 2:
            times.append(now)

    def of(self, name):
        """When this name was fetched."""
        return self._at[f"{name}."]

    def between(self, since, until, zone=""):
        """How many fetches there were in that time of names below `zone`."""
        return sum(
            bisect_left(times, until) - bisect_left(times, since)
            for name, times in self._at.items()
            if zone in name
        )
