"""What came of a run: counts, and the few numbers that are read from them.

Both engines give the same kind of outcome, in plain tuples: no simulation and no figure here.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from lab_engine.errors import ScenarioError
from lab_engine.simulation.outages import Outage
from lab_engine.simulation.quantiles import weighted_quantiles
from lab_engine.simulation.service import UNSERVED, Service
from lab_engine.simulation.tables import Column, Shown, Table

HEAD = (
    Column("server", 20),
    Column("requests", 12),
    Column("share", 8),
    Column("first in answers", 18),
)

NEAR = 1e-9  # of a bin: what is so near to its edge is at it


class Event(NamedTuple):
    """One entry of a trace.

    Attributes:
        time: seconds since the watch began.
        kind: `request` (a client wants a server), `query` (the authority answers a resolver),
            `fill` (a cache stores an answer), `connect` or `fail` (how the request ended), `serve`
            (a server with a limit took it in, until when).
        who: such as `client 7` or `resolver 3`.
        detail: addresses in their order, or how long they are kept.
    """

    time: float
    kind: str
    who: str
    detail: str

    def __str__(self) -> str:
        return f"{self.time:10.3f} s  {self.kind:<8} {self.who:<14} {self.detail}"


class Level(NamedTuple):
    """How often the caches of one level were asked; all 0 where no cache stands there."""

    hits: int = 0
    misses: int = 0

    @property
    def hit_ratio(self) -> float:
        """Hits of all look-ups, 0 to 1; 0 without any."""
        return self.hits / max(1, self.hits + self.misses)


@dataclass(frozen=True)
class Levels:
    """The caches between a client and the authority, nearest first."""

    application: Level
    os: Level
    resolver: Level
    layers: tuple[Level, ...] = ()
    """Those of `Scenario.layers`, in their order: behind the clients' own, before the resolvers."""

    def named(self) -> Iterator[tuple[str, Level]]:
        """Each level with what it is called, from the clients to the authority."""
        yield "application", self.application
        yield "os", self.os
        yield from ((f"layer {number}", level) for number, level in enumerate(self.layers, 1))
        yield "resolver", self.resolver


class Trips(NamedTuple):
    """Requests between one place and one server.

    Attributes:
        place: its name, or its network where it has none.
        server: its address.
        requests: how many reached it.
        km, rtt_ms: how far it is; NaN where one of them is nowhere known.
    """

    place: str
    server: str
    requests: int
    km: float
    rtt_ms: float


class Verdict(NamedTuple):
    """What the authority learned from the checkers of one health check, and when."""

    at: float
    check: str
    healthy: bool


class Mind(NamedTuple):
    """A health checker that changed its mind, and when it did.

    Attributes:
        at: seconds since the watch began.
        check: the id of the health check.
        checker: its number, from 0.
        healthy: what it says from then on.
    """

    at: float
    check: str
    checker: int
    healthy: bool


class Holder(NamedTuple):
    """One cache that was watched.

    Attributes:
        name: such as `resolver 3`.
        place: its network; empty where there is only one place.
        share: the part of all requests that come by way of it, 0 to 1.
    """

    name: str
    place: str
    share: float


Shares = tuple[tuple[str, float], ...]
"""Addresses, each with the part of the requests that it gets; the parts sum to 1."""


class Holding(NamedTuple):
    """What one cache led its requests to, from when to when.

    Attributes:
        holder: its position in `Outcome.holders`.
        start, end: seconds of the watch, the end not included; it may begin before 0 and end after
            the watch, or never (infinite).
        shares: where to.
    """

    holder: int
    start: float
    end: float
    shares: Shares


Downs = tuple[tuple[float, tuple[str, ...]], ...]
"""Seconds, and the addresses that are dead from then on."""


@dataclass(frozen=True, repr=False)
class Outcome(Shown):
    """The counts of one run. By itself it shows its table.

    Attributes:
        addresses: that requests may reach, in the order of the zone.
        down: those that are dead at the beginning.
        bin: seconds of each bin.
        window: seconds over which balance is judged unless another is named.
        requests: that reached each server, in each bin; those included that were lost with it
            (`service.lost`).
        failed: requests that no server took, in each bin.
        refused: those of them that reached a server which had no room, in each bin; the others
            found every address dead, or had no answer with an address.
        answers: how often each server stood first in an answer of the authority.
        queries: that the authority answered, in each bin.
        levels: hits and misses of each level of caches.
        engine: `population` or `events`; of a drill, `live drill` or `virtual drill`.
        seed: of the dice.
        trace: what happened, where it was asked for; the first entries, if there are too many.
        stale: for each change of the scenario, in each bin: requests led by an answer that left the
            authority before the change, where that altered what this client is told.
        cuts: for each change, the bin in which it falls and how many requests of it came before.
        verdicts: what the authority learned from health checkers, in the order of time.
        minds: which of the checkers changed its mind when, in the order of time: those that were of
            another mind from the beginning did so at 0.
        downs: which addresses were dead from when on, in the order of time.
        lookups: (milliseconds, how many) of what applications waited for DNS; 0 where they knew.
        waits: (seconds, how many) of the requests that were served and lost time on their way: at
            addresses from which nothing came before the one that served, or at a slow server.
        trips: requests by place and server.
        outages: one for each change that killed servers; none behind a balancer, which all clients
            reach, whoever is dead.
        partial: whether the run was broken off; then bins after `ended` hold nothing.
        ended: seconds up to which it was watched.
        notes: what the engine approximates here, and how well.
        holders: the caches that were watched, where that was asked for, the largest first.
        holdings: what they held; times that no holding of a cache covers, it held nothing.
        service: what the servers made of the requests: how long they took, who came back.
    """

    addresses: tuple[str, ...]
    down: tuple[str, ...]
    bin: float
    window: float
    requests: tuple[tuple[int, ...], ...]
    failed: tuple[int, ...]
    answers: tuple[int, ...]
    queries: tuple[int, ...]
    levels: Levels
    engine: str
    seed: int
    trace: tuple[Event, ...] = ()
    stale: tuple[tuple[int, ...], ...] = ()
    cuts: tuple[tuple[int, int], ...] = ()
    refused: tuple[int, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    minds: tuple[Mind, ...] = ()
    downs: Downs = ()
    lookups: tuple[tuple[float, int], ...] = ()
    waits: tuple[tuple[float, int], ...] = ()
    trips: tuple[Trips, ...] = ()
    outages: tuple[Outage, ...] = ()
    partial: bool = False
    ended: float = math.nan
    notes: tuple[str, ...] = ()
    holders: tuple[Holder, ...] = ()
    holdings: Sequence[Holding] = ()
    service: Service = UNSERVED

    @property
    def total(self) -> int:
        """All requests, the failed ones included."""
        return sum(map(sum, self.requests)) + sum(self.failed)

    @property
    def dead(self) -> tuple[int, ...]:
        """Requests that failed and were not refused, in each bin: no address answered them."""
        refused = self.refused or (0,) * len(self.failed)
        return tuple(all_ - some for all_, some in zip(self.failed, refused, strict=True))

    @property
    def authority_queries(self) -> int:
        """All questions that reached the authority."""
        return sum(self.queries)

    def shares(self) -> tuple[float, ...]:
        """The part of the requests that each server got; 0 for all where none was served."""
        sums = [sum(row) for row in self.requests]
        return tuple(count / max(1, sum(sums)) for count in sums)

    def stale_fraction(self, change: int = 0) -> tuple[float, ...]:
        """The part of each bin's requests led by an answer from before a change; NaN without any.

        Of the bin in which the change falls, only requests after it count.

        Args:
            change: which of the scenario's changes, in the order of time.
        """
        totals = [*map(sum, zip(*self.requests, self.failed, strict=True))]
        at, before = self.cuts[change] if self.cuts else (0, 0)
        if at < len(totals):
            totals[at] -= before
        stale = zip(self.stale[change], totals, strict=True)
        return tuple(count / total if total else math.nan for count, total in stale)

    def lookup_ms(self, *levels: float) -> tuple[float, ...]:
        """Quantiles of what a request waited for DNS: `outcome.lookup_ms(0.5, 0.95, 0.99)`."""
        return weighted_quantiles(self.lookups, levels)

    def latency_ms(self, *levels: float) -> tuple[float, ...]:
        """Quantiles of what a served request took: look-up, `waits`, balancer, queue and service.

        Without servers of limited capacity, and without a balancer, that is the look-up alone.
        The way there and back is not in it: that is `rtt_ms`.
        """
        return weighted_quantiles(self.service.latencies or self.lookups, levels)

    def distance_km(self, *levels: float) -> tuple[float, ...]:
        """Quantiles of the distance from clients to the servers they reached."""
        known = [(trip.km, trip.requests) for trip in self.trips if not math.isnan(trip.km)]
        return weighted_quantiles(known, levels)

    def rtt_ms(self, *levels: float) -> tuple[float, ...]:
        """Quantiles of the round trip from clients to the servers they reached."""
        known = [(trip.rtt_ms, trip.requests) for trip in self.trips if not math.isnan(trip.rtt_ms)]
        return weighted_quantiles(known, levels)

    def windows(self, window: float | None = None) -> tuple[tuple[int, ...], ...]:
        """Requests of each server in each fixed window; an unfinished last one is left out.

        Raises:
            ScenarioError: the window is not a multiple of the bin.
        """
        width = self._bins_in(self.window if window is None else window)
        starts = range(0, len(self.queries) - width + 1, width)
        return tuple(
            tuple(sum(row[start : start + width]) for row in self.requests) for start in starts
        )

    def max_over_mean(self, window: float | None = None) -> tuple[float, ...]:
        """The busiest server against the mean, in each window; NaN in one without requests.

        Of the servers alive in it. Windows in which one died or came back are left out, and so are
        those in which all were dead.
        """
        return tuple(
            max(counts) * len(counts) / sum(counts) if any(counts) else math.nan
            for counts in self._alive(window)
        )

    def max_over_min(self, window: float | None = None) -> tuple[float, ...]:
        """The busiest against the idlest server, in each window: infinite where one got nothing.

        The windows and the servers are those of `max_over_mean`.
        """
        return tuple(_ratio(max(counts), min(counts)) for counts in self._alive(window))

    def _alive(self, window: float | None) -> list[tuple[int, ...]]:
        """The windows in which nobody dies or comes back, without those who are dead."""
        width = self.window if window is None else window
        found = []
        for index, row in enumerate(self.windows(width)):
            dead = self._dead(index * width, (index + 1) * width)
            if dead is not None and (alive := _without(dead, self.addresses, row)):
                found.append(alive)
        return found

    def _dead(self, start: float, end: float) -> tuple[str, ...] | None:
        """Who is dead all through a time; None where that changes within it."""
        edge = NEAR * self.bin
        if any(start + edge < at < end - edge for at, _ in self.downs):
            return None
        return [self.down, *(dead for at, dead in self.downs if at <= start + edge)][-1]

    def _bins_in(self, window: float) -> int:
        width = round(window / self.bin) if 0 < window < math.inf else 0
        if width < 1 or not math.isclose(width * self.bin, window):
            raise ScenarioError(
                f"window {window!r}",
                f"is not a multiple of the bin, {self.bin:g} s",
                "Choose a multiple, or set the bin so that it divides the window.",
            )
        return width

    @property
    def table(self) -> Table:
        """The servers, and a line for each level of caches."""
        columns = zip(self.addresses, self.requests, self.shares(), self.answers, strict=True)
        rows: list[tuple[str, ...]] = [
            (server, f"{sum(row):,}", f"{share:.1%}", f"{first:,}")
            for server, row, share, first in columns
        ]
        if any(self.service.lost):
            rows.append(("(of these lost)", f"{sum(self.service.lost):,}"))
        if any(self.failed):
            rows.append(("(failed)", f"{sum(self.failed):,}"))
        if any(self.refused):
            rows.append(("(of these refused)", f"{sum(self.refused):,}"))
        levels = [
            f"{name} caches answered {level.hit_ratio:.1%} of {sum(level):,}"
            for name, level in self.levels.named()
            if sum(level)
        ]
        return Table(HEAD, rows, [*levels, f"the authority answered {self.authority_queries:,}"])


def _without(
    dead: tuple[str, ...], addresses: tuple[str, ...], row: tuple[int, ...]
) -> tuple[int, ...]:
    return tuple(n for address, n in zip(addresses, row, strict=True) if address not in dead)


def _ratio(most: int, least: int) -> float:
    if least:
        return most / least
    return math.inf if most else math.nan
