"""How a request is served: by the server that its client reached, or the one a balancer chose.

A request that is served is counted where it is done, with the time that it took.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from lab_engine.simulation.events.members import Member
from lab_engine.simulation.events.stations import Station
from lab_engine.simulation.events.trace import UNANSWERED
from lab_engine.simulation.service import Service


class Served(NamedTuple):
    """How a request ended.

    Attributes:
        server: who took it; None for nobody.
        refused: whether that is because somebody had no room.
        said: what the client was told then.
        open: whether its connection stays open then.
        lost: seconds that it lost at servers that vanish or are slow, behind a balancer.
    """

    server: str | None
    refused: bool = False
    said: str = UNANSWERED
    open: bool = False
    lost: float = 0.0


class Serving(Protocol):
    """What serves the requests of a run."""

    def serve(self, now: float, member: Member, server: str | None, waited_ms: float) -> Served:
        """One request of a client that reached this address; None for none.

        Args:
            now: seconds.
            member: the client.
            server: the address.
            waited_ms: what the request has waited for DNS, and lost at servers that fail.
        """


class Ledger:
    """What is counted of the requests that were served, from time 0 on.

    Attributes:
        connections: that clients opened.
    """

    def __init__(self, stations: Mapping[str, Station]) -> None:
        self.connections = 0
        self._latencies: dict[float, int] = defaultdict(int)
        self._last: dict[Member, str] = {}
        self._returned = self._moved = 0
        self._stations = stations
        self._lost = 0
        for station in stations.values():
            station.tells = self._done

    def take(self, now: float, member: Member, server: str, waited_ms: float) -> bool:
        """Have a server take a request, which has waited so long; False where it has no room."""
        station = self._stations.get(server)
        if station is None:
            self._done(now, waited_ms)
        elif not station.accepts(now, waited_ms):
            return False
        before = self._last.get(member)
        self._last[member] = server
        if before is not None:
            self._returned += before == server
            self._moved += before != server
        return True

    def clear(self) -> None:
        """From now on, count."""
        self._latencies.clear()
        self.connections = self._returned = self._moved = 0
        self.lost()

    def lost(self) -> int:
        """How many were lost since the last time."""
        total = sum(station.lost for station in self._stations.values())
        lost, self._lost = total - self._lost, total
        return lost

    def told(self, lost: tuple[int, ...]) -> Service:
        """All of it; what is still served comes to its end."""
        for station in self._stations.values():
            station.finish()
        latencies = tuple(sorted(self._latencies.items()))
        return Service(latencies, lost, self.connections, self._returned, self._moved)

    def _done(self, came: float, ms: float) -> None:
        if came >= 0:
            self._latencies[float(f"{ms:.4g}")] += 1


class Direct:
    """No balancer: who a client reached serves it, or refuses."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def serve(self, now: float, member: Member, server: str | None, waited_ms: float) -> Served:
        """One request."""
        self._ledger.connections += member.told
        if server is None:
            said = f"an error from {member.failed}" if member.failed else UNANSWERED
            return Served(None, said=said)
        if not self._ledger.take(now, member, server, waited_ms):
            return Served(None, refused=True, said=f"{server} is full")
        return Served(server)
