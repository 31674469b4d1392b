"""What an outage of an endpoint would look like after the change: many runs, and their law."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lab_engine.authority.plan import replies
from lab_engine.authority.records import Reply
from lab_engine.authority.server import plan
from lab_engine.authority.state import State
from lab_engine.authority.zone import Zone
from lab_engine.rehearsal import laws
from lab_engine.rehearsal.endpoints import Endpoint
from lab_engine.rehearsal.populations import Population, neutral
from lab_engine.rehearsal.series import Series, series
from lab_engine.simulation import theory
from lab_engine.simulation.outages import Outage, Parts, pooled, split
from lab_engine.simulation.outcome import Outcome
from lab_engine.simulation.parts import WEEK, ScheduledChange
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.strata import askers

LEVELS = (0.5, 0.95, 0.99, 1.0)
RUNS = 50  # each has one detection
LEAD, TAIL = 60.0, 900.0  # seconds watched ahead of the death, and beyond the last TTL
ALL = 1.0  # seconds: so near to the end of the watch is at its end


@dataclass(frozen=True)
class Death:
    """How long one population is led to an endpoint that is dead.

    Attributes:
        endpoint: what dies.
        population: its name.
        led: the part of its requests that are led there at all, 0 to 1.
        quantiles: seconds at each of `LEVELS`, of those who are; endless where it does not end.
        parts: whose seconds they are: of the mean, and at p99 and the worst.
        open: the part of those who are, for whom it was not over at the end of the watch.
        law: the quantiles by the closed form; None where there is none.
        watched: seconds from the death to the end of the watch.
        outages: of all runs, for figures; of those who are led there.
    """

    endpoint: Endpoint
    population: str
    led: float
    quantiles: tuple[float, ...]
    parts: tuple[tuple[str, Parts], ...]
    open: float
    law: tuple[float, ...] | None
    watched: float
    outages: tuple[Outage, ...]


@dataclass(frozen=True, eq=False)
class Killing:
    """One endpoint that dies before one population.

    Attributes:
        zone: that is served.
        endpoint: what dies.
        ttl: the longest of an answer to its name, seconds.
        population: who asks.
        unhealthy: ids of health checks that fail all the while.
        seed: of the dice.
    """

    zone: Zone
    endpoint: Endpoint
    ttl: int
    population: Population
    unhealthy: tuple[str, ...] = ()
    seed: int = 1

    def series(self, budget: float) -> Series:
        """The runs that a budget of requests allows."""
        return series(self.population, self._scenario, budget, RUNS)

    @property
    def _duration(self) -> float:
        checkers = self.population.checkers
        rounds = (checkers.threshold + 1) * (checkers.interval + checkers.connect)
        return min(WEEK, LEAD + rounds + checkers.publication + 1.1 * self.ttl + TAIL)

    def _scenario(self, population: Population) -> Scenario:
        return population.scenario(
            self.zone,
            self.endpoint.name,
            self.endpoint.type,
            checkers=self.population.checkers,
            schedule=(ScheduledChange(LEAD, "down", self.endpoint.addresses),),
            unhealthy=self.unhealthy,
            duration=self._duration,
            seed=self.seed,
        )

    def death(self, ran: Series, outcomes: Sequence[Outcome]) -> Death:
        """What came of it."""
        every = [each for outcome in outcomes for each in outcome.outages]
        whole = math.fsum(weight for each in every for _, weight in each.lasted)
        hit = tuple(map(_led, every))
        weight = math.fsum(weight for each in hit for _, weight in each.lasted)
        pool, watched = pooled(hit), ran.scenario.duration - LEAD
        still = math.fsum(each.open for each in hit)
        named = (("mean", None), ("p99", 0.99), ("worst", 1.0))
        return Death(
            self.endpoint,
            self.population.name,
            weight / whole if whole else 0.0,
            tuple(_ended(split(pool, level).total, watched, still) for level in LEVELS),
            tuple((name, split(pool, level)) for name, level in named),
            still / weight if weight else 0.0,
            self._law(ran.scenario),
            watched,
            hit,
        )

    def _law(self, scenario: Scenario) -> tuple[float, ...] | None:
        """Where all are told this one address, keep to its TTL, and are led away when it fails."""
        if not neutral(scenario) or not self.endpoint.check:
            return None
        now = scenario.steps[0][1]
        told = _told(now, now.state)
        noticed = now.state.unhealthy | {*self.endpoint.check.split(", ")}
        later = _told(now, now.state.with_unhealthy(*noticed))
        dead = {*self.endpoint.addresses}
        only = next(iter(told)) if len(told) == 1 else None
        if only is None or {*only.addresses} != dead or only.ttl is None:
            return None
        if any(dead.intersection(reply.addresses) for reply in later):
            return None
        ttl, checkers = only.ttl, self.population.checkers

        def failover(rate: float) -> theory.Delay:
            return theory.Failover(
                checkers.interval,
                checkers.threshold,
                ttl,
                publication=checkers.publication,
                checkers=checkers.count,
                held=theory.hit_ratio(rate, ttl),
            ).outage

        rates = laws.rates(scenario)
        return tuple(laws.outage(failover, rates, level) for level in LEVELS)


def _told(now: Scenario, state: State) -> set[Reply]:
    """All that anybody is told in a state."""
    return {
        share.reply
        for _, _, peer in askers(now)
        for share in replies(plan(now.zone, now.question, peer, state))
    }


def _ended(total: float, watched: float, still: float) -> float:
    """An outage, endless where some are not over and it has lasted for all of the watch."""
    return math.inf if still and total > watched - ALL else total


def _led(outage: Outage) -> Outage:
    """The same without those who were never led to the dead."""
    overdue = outage.overdue or (0.0,) * len(outage.lasted)
    kept = [
        (one, late)
        for one, late in zip(outage.lasted, overdue, strict=True)
        if one[0] > 0 and one[1] > 0
    ]
    late = tuple(each for _, each in kept)
    led = tuple(one for one, _ in kept)
    return outage._replace(lasted=led, overdue=late if any(late) else ())
