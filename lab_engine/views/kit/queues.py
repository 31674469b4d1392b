"""Queues: the same requests in three worlds, dropping into the queue of the server they are led to.

Above lies what each cache holds; in the middle each world has a bucket for each server, which fills
with the requests that wait there; below, what a request took, on one axis for all. A bucket holds
as many marks as its server lets wait: what comes to a full one is refused. The picture follows one
`Lanes`, request by request, and draws no mark that the run did not have.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

import numpy as np

from lab_engine.simulation.farms import Lane, Lanes, Visit
from lab_engine.simulation.outcome import Holding
from lab_engine.views.theme import number, percent, seconds, sign

from .picture import Drawn, Ghost
from .tiles import LARGEST_REST

TITLE: Final = "The same requests in three worlds: who waits where?"
WIDTH: Final = 920
LOW_MS, HIGH_MS = 10.0, 100_000.0
TICKS: Final = ((10, "10 ms"), (100, "100 ms"), (1000, "1 s"), (10_000, "10 s"), (100_000, "100 s"))
PARTS: Final = ("p50", "p95", "p99")
SAYS: Final = {
    "DNS": "DNS alone: decides at each look-up",
    "L4": "Balancer, L4: at each connection",
    "L7": "Balancer, L7: at each request",
}
CACHES: Final = 40  # that have a place in the lane of DNS
_LAST: Final = 65_535
NOBODY: Final = 255


@dataclass(frozen=True)
class Queueing:
    """One world.

    Attributes:
        name: `DNS`, `L4` or `L7`.
        visits: every request, in the order of time.
        quantiles: p50, p95 and p99 of what a served request took, milliseconds; NaN for none.
        failed: requests that nobody took, or that were lost with their server.
    """

    name: str
    visits: tuple[Visit, ...] = field(repr=False)
    quantiles: tuple[float, ...]
    failed: int

    def waiting(self, time: float, servers: int) -> tuple[int, ...]:
        """How many are in each queue at a time, the one that is served included."""
        counts = [0] * servers
        for visit in self.visits:
            if visit.at > time:
                break
            if visit.server >= 0 and time < visit.done:
                counts[visit.server] += 1
        return tuple(counts)


@dataclass(frozen=True, repr=False)
class Queues(Drawn):
    """The picture of the three worlds of a farm.

    Attributes:
        title, hint: what stands above it.
        servers: addresses; the first is A.
        room: how many may be in one queue, the one that is served included.
        caches: the parts of the requests that come by way of the largest caches.
        held: what those hold and when; the holders are positions among `caches`.
        worlds: DNS, L4 and L7.
        deaths: (server, second) of those that die.
        duration: of the watch, seconds.
    """

    title: str
    hint: str
    servers: tuple[str, ...]
    room: int
    caches: tuple[float, ...]
    held: tuple[Holding, ...] = field(repr=False)
    worlds: tuple[Queueing, ...]
    deaths: tuple[tuple[int, float], ...]
    duration: float
    ghosts: tuple[Ghost, ...] = ()

    kind = "queues"

    @cached_property
    def sentence(self) -> str:
        """What came of the three worlds, in words."""
        return " ".join(self._world_says(world) for world in self.worlds)

    def _world_says(self, world: Queueing) -> str:
        counts = world.waiting(self.duration, len(self.servers))
        most = max(range(len(counts)), key=counts.__getitem__)
        half, _, slow = map(said_ms, world.quantiles)
        failed = f", {number(world.failed)} failed" if world.failed else ""
        return (
            f"{world.name}: p50 {half}, p99 {slow}{failed}; at the end {number(counts[most])} "
            f"{'is' if counts[most] == 1 else 'are'} at {sign(most).letter}."
        )

    def holds(self, cache: int, time: float) -> tuple[tuple[int, float], ...]:
        """The servers that a cache leads to at a time, with their parts; empty without a copy."""
        for each in self.held:
            if each.holder == cache and each.start <= time < each.end:
                return self._mix(each)
        return ()

    def _mix(self, holding: Holding) -> tuple[tuple[int, float], ...]:
        known = {address: place for place, address in enumerate(self.servers)}
        return tuple((known[each], part) for each, part in holding.shares if each in known)

    @property
    def rest(self) -> float:
        """The part of the requests whose cache has no place in the lane."""
        return max(0.0, 1 - math.fsum(self.caches))

    @property
    def rest_says(self) -> str:
        """What stands in the place of those."""
        return f"others: {percent(round(self.rest, 2))}" if self.rest > 1e-9 else ""

    def spans(self) -> tuple[tuple[float, float], ...]:
        """Where each cache lies in the lane, and at last the others: from and to, 0 to 1."""
        rest = min(self.rest, LARGEST_REST) if self.rest > 1e-9 else 0.0
        scale = (1 - rest) / math.fsum(self.caches) if self.caches else 0.0
        ends = [0.0]
        for share in self.caches:
            ends.append(ends[-1] + scale * share)
        if rest:
            ends.append(1.0)
        return tuple(pairwise(ends))

    def still(self) -> dict[str, Any]:
        """Everything but the requests, in words of JSON."""
        return {
            "title": self.title,
            "hint": self.hint,
            "servers": [self._server(index) for index in range(len(self.servers))],
            "room": self.room,
            "spans": [[round(each, 5) for each in span] for span in self.spans()],
            "shares": [round(share, 4) for share in self.caches],
            "rest": self.rest_says,
            "held": [
                [each.holder, _time(each.start), _time(each.end), [*map(list, self._mix(each))]]
                for each in self.held
            ],
            "worlds": [self._world(world) for world in self.worlds],
            "deaths": [list(death) for death in self.deaths],
            "duration": self.duration,
            "axis": [LOW_MS, HIGH_MS, [list(tick) for tick in TICKS]],
            "ghosts": [ghost.still() for ghost in self.ghosts],
        }

    def _server(self, index: int) -> dict[str, str]:
        letter, colour, ink, pattern = sign(index)
        look = {"letter": letter, "colour": colour, "ink": ink, "pattern": pattern}
        return {"name": self.servers[index], **look}

    def _world(self, world: Queueing) -> dict[str, Any]:
        return {
            "name": world.name,
            "says": SAYS[world.name],
            "count": len(world.visits),
            "quantiles": [
                None if math.isnan(each) else float(f"{each:.4g}") for each in world.quantiles
            ],
            "quantilesSay": [said_ms(each) for each in world.quantiles],
        }

    def frames(self) -> bytes:
        """Of each world: when requests came and were done, 16 bits each, then a server's byte.

        Times are parts of the watch, of 65,535; what is done after it has the last of them.
        """
        return b"".join(map(self._packed, self.worlds))

    def _packed(self, world: Queueing) -> bytes:
        times = np.array([(visit.at, visit.done) for visit in world.visits], float).reshape(-1, 2)
        parts = np.rint(times.T / self.duration * _LAST).clip(0, _LAST).astype("<u2")
        whose = [NOBODY if visit.server < 0 else visit.server for visit in world.visits]
        return parts.tobytes() + np.array(whose, np.uint8).tobytes()

    def marked(self, ghosts: Sequence[Ghost]) -> "Queues":
        """The same picture with these milliseconds on the axis of what a request took."""
        return replace(self, ghosts=tuple(ghosts))

    def svg(self) -> str:
        """The end of the watch."""
        from .queuestwin import queues_svg  # noqa: PLC0415  (the drawing knows the picture)

        return queues_svg(self)


def queues(lanes: Lanes, *, title: str = TITLE) -> Queues:
    """The picture of a farm that was run.

    Args:
        lanes: what came of it.
        title: the question it answers.
    """
    farm, dns = lanes.farm, lanes.each[0].outcome
    shown = dns.holders[:CACHES]
    servers = dns.addresses
    deaths = [(servers.index(each), at) for at, dead in dns.downs for each in dead if at >= 0]
    return Queues(
        title=title,
        hint=(
            f"{number(farm.servers)} servers, {number(farm.capacity)} requests/s each, at "
            f"{percent(farm.load)} load; a full bucket: {number(farm.queue + 1)} requests"
        ),
        servers=servers,
        room=farm.queue + 1,
        caches=tuple(holder.share for holder in shown),
        held=tuple(each for each in dns.holdings if each.holder < len(shown)),
        worlds=tuple(map(_queueing, lanes.each)),
        deaths=tuple(deaths),
        duration=farm.duration,
    )


def _queueing(lane: Lane) -> Queueing:
    visits = tuple(sorted(lane.visits()))
    return Queueing(lane.name, visits, lane.latency_ms, lane.failed)


def said_ms(value: float) -> str:
    """Milliseconds as a reader would say them."""
    return "nothing" if math.isnan(value) else seconds(float(f"{value / 1000:.2g}"))


def _time(value: float) -> float | None:
    return round(value, 2) if math.isfinite(value) else None
