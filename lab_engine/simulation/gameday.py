"""A game day: six drills of twenty minutes, and how a design comes through.

In each drill 100,000 clients in six cities ask through 1,000 resolvers, 1,000 requests a second in
all, and from minute 3 to minute 12 something is broken. Requests are added up by the population
engine. What comes above a server's capacity in half a minute is counted as refused: a server that
is too small does not die of it here.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random
from statistics import fmean
from typing import Final, NamedTuple

from lab_engine.authority.plan import Plan, replies
from lab_engine.simulation.asking import planned, seen
from lab_engine.simulation.cities import FIRM_EGRESS
from lab_engine.simulation.designs import NAME, NEEDS, Design, Pool
from lab_engine.simulation.epochs import Epoch, epochs
from lab_engine.simulation.outcome import Outcome
from lab_engine.simulation.parts import (
    Backend,
    Checkers,
    Clients,
    Place,
    Resolvers,
    ScheduledChange,
)
from lab_engine.simulation.prices import MILLION, MONTH, Prices
from lab_engine.simulation.run import run
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.values import must

LASTS, BIN, WINDOW = 1200.0, 30.0, 300.0
BREAKS, MENDED = 180.0, 720.0
CLIENTS, RESOLVERS = 100_000, 1_000
RATE: Final = sum(NEEDS.values())  # requests a second of all
CROWD: Final = 1.5
SURVIVED: Final = 0.01
"""The part of a drill's requests that may be refused for want of capacity."""

PLACES: Final = (
    Place("198.18.1.0/24", 44, name="Paris"),
    Place("198.19.0.0/24", 18, name="New York"),
    Place("198.18.32.0/24", 12, name="Tokyo"),
    Place("198.18.33.0/24", 12, name="Mumbai"),
    Place("198.19.16.0/24", 10, name="São Paulo"),
    Place("198.18.16.0/24", 4, name="Cape Town"),
)
ASIA: Final = ("Tokyo", "Mumbai")

# What the exercise charges, besides Route 53's list: made up, and part of its specification.
SERVER: Final = 40.0  # a server, a month
FAST: Final = 1.0  # a check every 10 s instead of 30, a month


class Drill(NamedTuple):
    """One of the six.

    Attributes:
        key: what a design calls it.
        name: what the picture calls it.
        says: what happens, in a clause.
    """

    key: str
    name: str
    says: str


DRILLS: Final = (
    Drill("calm", "calm", "nothing happens"),
    Drill("server", "a server dies", "one server dies"),
    Drill("resolver", "far resolvers", "Asia's resolvers ask from New York"),
    Drill("crowd", "a flash crowd", "everybody asks half as much again"),
    Drill("region", "a pool goes dark", "all servers of one pool die"),
    Drill("default", "default pool sick", "all servers of the default pool die"),
)
COARSE: Final = ("calm", "region")


class Bill(NamedTuple):
    """A month, in US dollars: what each part costs."""

    servers: float
    queries: float
    checks: float
    zone: float

    @property
    def total(self) -> float:
        """All of it."""
        return math.fsum(self)

    @property
    def dns(self) -> float:
        """The part of the total that is not servers, 0 to 1."""
        return 1 - self.servers / self.total


class Led(NamedTuple):
    """A part of a city's new answers: by which branch, and to which server."""

    place: int
    branch: str
    pool: str
    server: int
    share: float


@dataclass(frozen=True)
class Drilled:
    """What came of one drill.

    Attributes:
        drill: which.
        scenario: what was run.
        outcome: of it.
        found: its epochs: what the authority answers from when on.
    """

    drill: Drill
    scenario: Scenario
    outcome: Outcome
    found: tuple[Epoch, ...]

    def refused(self, capacity: float) -> tuple[float, ...]:
        """Requests above the capacity of the server they reached, in each bin."""
        most = capacity * BIN
        counts = zip(*self.outcome.requests, strict=True)
        return tuple(math.fsum(max(0.0, each - most) for each in row) for row in counts)

    @property
    def outage(self) -> float:
        """Seconds in which 99 of 100 clients were led right again; 0 where nobody died."""
        return max((each.quantiles(0.99)[0] for each in self.outcome.outages), default=0.0)

    @property
    def alive(self) -> bool:
        """Whether no server dies in it."""
        return len(self.outcome.downs) <= 1


@dataclass(frozen=True)
class GameDay:
    """What came of a design.

    Attributes:
        design: which.
        drills: in their order.
    """

    design: Design
    drills: tuple[Drilled, ...]

    @property
    def calm(self) -> Drilled:
        """The drill in which nothing happens."""
        return self.drills[0]

    @cached_property
    def latency(self) -> float:
        """Milliseconds of 95 of 100 round trips, in the worst of the drills without a death."""
        return max(each.outcome.rtt_ms(0.95)[0] for each in self.drills if each.alive)

    @cached_property
    def outage(self) -> float:
        """Seconds in which 99 of 100 clients were led right again, in the worst drill."""
        return max(each.outage for each in self.drills)

    @cached_property
    def imbalance(self) -> float:
        """The busiest server of its pool against its fair share, mean over the calm windows."""
        return fmean(
            max(self._excess(dict(zip(self.calm.outcome.addresses, row, strict=True))))
            for row in self.calm.outcome.windows(WINDOW)
        )

    def _excess(self, counts: dict[str, int]) -> Iterator[float]:
        for pool in self.design.used:
            got = [counts.get(each, 0) for each in self.design.addresses(pool)]
            yield from (
                count / (sum(got) * pool.share(index))
                for index, count in enumerate(got)
                if pool.weights[index] and sum(got)
            )

    @cached_property
    def bill(self) -> Bill:
        """A month like the calm drill."""
        design, listed = self.design, Prices()
        queries = self.calm.outcome.authority_queries * MONTH / LASTS
        fast = FAST if design.interval == 10 else 0.0
        checks = len(design.zone.check_ids) * (listed.health_check + fast)
        servers = sum(len(pool.weights) for pool in design.used) * SERVER
        return Bill(servers, queries / MILLION * listed.query("geolocation"), checks, listed.zone)

    def refused(self, drilled: Drilled) -> float:
        """The part of a drill's requests that was refused, 0 to 1."""
        return math.fsum(drilled.refused(self.design.capacity)) / drilled.outcome.total

    @cached_property
    def measures(self) -> dict[str, tuple[float, float]]:
        """Each measure with its limit."""
        limits = self.design.limits
        return {
            "latency": (self.latency, limits.latency),
            "outage": (self.outage, limits.outage),
            "imbalance": (self.imbalance, limits.imbalance),
            "bill": (self.bill.total, limits.bill),
        }

    @property
    def broken(self) -> tuple[str, ...]:
        """The limits that were not kept."""
        return tuple(name for name, (value, most) in self.measures.items() if value > most)

    @property
    def lost(self) -> tuple[Drill, ...]:
        """The drills it did not survive: too much was refused."""
        return tuple(each.drill for each in self.drills if self.refused(each) > SURVIVED)

    def led(self, epoch: Epoch) -> tuple[Led, ...]:
        """Where the authority's answers lead each city in an epoch."""
        return tuple(
            each
            for index, place in enumerate(PLACES)
            for each in self._led(index, answer(epoch, place))
        )

    def _led(self, index: int, plan: Plan) -> Iterator[Led]:
        home = {
            address: (pool.name, number)
            for pool in self.design.used
            for number, address in enumerate(self.design.addresses(pool))
        }
        whole = sum(place.share for place in PLACES)
        for pool, branch in zip(self.design.used, plan.branches, strict=True):
            if branch.probability:
                for chance, reply in replies(branch):
                    share = branch.probability * chance * PLACES[index].share / whole
                    yield Led(index, pool.name, *home[reply.addresses[0]], share)


def answer(epoch: Epoch, place: Place) -> Plan:
    """Why a city is answered as it is, in an epoch."""
    now = epoch.scenario
    there = next(each for each in now.places if each.name == place.name)
    return planned(now, seen(now, there))


def game_day(design: Design) -> GameDay:
    """Put a design through its drills."""
    known = [each.key for each in DRILLS]
    for key in design.drills:
        must(key in known, "Drills", key, "is no drill", f"Choose of {', '.join(known)}.")
    wanted = design.drills or known
    chosen = [each for each in DRILLS if each.key in {"calm", *wanted}]
    return GameDay(design, tuple(_drilled(design, each) for each in chosen))


def coarse(design: Design) -> Design:
    """The same, judged by two drills, for a quick picture."""
    return replace(design, drills=COARSE)


def drill_scenario(design: Design, key: str) -> Scenario:
    """What a drill runs."""
    calm = Scenario(
        design.zone,
        NAME,
        clients=Clients(CLIENTS, RATE / CLIENTS),
        resolvers=Resolvers(RESOLVERS, profile=(("ecs" if design.ecs else "ideal", 1.0),)),
        places=PLACES,
        backends=tuple(
            Backend(address, pool.region)
            for pool in design.used
            for address in design.addresses(pool)
        ),
        checkers=Checkers(design.interval, design.threshold) if design.interval else None,
        duration=LASTS,
        bin=BIN,
        window=WINDOW,
        seed=design.seed,
    )
    match key:
        case "crowd":
            return calm.set("clients.rate", CROWD * RATE / CLIENTS)
        case "resolver":
            far = (replace(e, egress=FIRM_EGRESS) if e.name in ASIA else e for e in PLACES)
            return calm.set("places", tuple(far))
        case "server":
            return _dying(calm, design.addresses(design.used[0])[:1])
        case "region":
            return _dying(calm, _of(design, design.dark))
        case "default":
            return _dying(calm, _of(design, design.default))
    return calm


def _of(design: Design, name: str) -> tuple[str, ...]:
    """The addresses of a pool, if it is in use; nobody dies with one that is not."""
    pool: Pool = design.pool(name)
    return design.addresses(pool) if pool in design.used else ()


def _dying(calm: Scenario, addresses: tuple[str, ...]) -> Scenario:
    if not addresses:
        return calm
    times = ((BREAKS, addresses), (MENDED, ()))
    return calm.set("schedule", [ScheduledChange(at, "down", dead) for at, dead in times])


def _drilled(design: Design, drill: Drill) -> Drilled:
    scenario = drill_scenario(design, drill.key)
    found = epochs(scenario, Random(scenario.seed))
    return Drilled(drill, scenario, run(scenario), found)
