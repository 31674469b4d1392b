"""The trade-off of a TTL from runs: outages and questions of `Outcome`, where `Tradeoff` has laws.

Each run is one failover: the primary refuses from a moment on, sixteen checkers find it out, and
caches of equal size ask as they did before. Nothing of the closed forms is used. They agree but for
caches that ask rarely and keep next to nothing: the outage of a client ends with its last request,
and the law counts until the answer would be another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor, fsum
from random import Random
from typing import Final

from lab_engine.authority.policies import Failover
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.simulation.outages import Outage
from lab_engine.simulation.outcome import Outcome
from lab_engine.simulation.parts import Backend, Checkers, Clients, Resolvers, ScheduledChange
from lab_engine.simulation.prices import MILLION, MONTH
from lab_engine.simulation.quantiles import weighted_quantiles
from lab_engine.simulation.run import run
from lab_engine.simulation.scenario import Scenario
from lab_engine.simulation.tradeoff import Tradeoff
from lab_engine.simulation.values import whole

CACHES: Final = 200  # simulated; there is one law for each
DIES: Final = 5.0  # seconds
MOST_RUNS: Final = 10_000
OLD, NEW = "192.0.2.1", "192.0.2.2"
ROLES: Final = ((OLD, Failover("PRIMARY"), "checked"), (NEW, Failover("SECONDARY"), ""))


@dataclass(frozen=True)
class Failovers:
    """Several failovers of one record.

    Attributes:
        ttl: its, seconds.
        outages: one of each run, with as many clients as there are caches.
        questions: to the authority, in a month of one cache.
    """

    ttl: int
    outages: tuple[Outage, ...]
    questions: float

    def outage(self, level: float = 0.99) -> float:
        """Seconds within which this part of all clients of all runs is led right again."""
        return weighted_quantiles((each for one in self.outages for each in one.lasted), [level])[0]

    def bill(self, trade: Tradeoff) -> float:
        """US dollars for a month of questions, at the price and for the caches of a trade-off."""
        return self.questions * trade.caches / MILLION * trade.price


def failovers(trade: Tradeoff, ttl: int, *, runs: int = 60, seed: int = 1) -> Failovers:
    """Run the failovers of a record with this TTL; all else is the trade-off's.

    Args:
        trade: the rate of questions, and the health checks.
        ttl: seconds, instead of its own.
        runs: 1 to 10,000; sixty take about a third of a second.
        seed: of the dice.

    Raises:
        LabError: a TTL or a number of runs that is none.
    """
    whole("runs", runs, 1, MOST_RUNS)
    same = Tradeoff(ttl, trade.rate, interval=trade.interval, threshold=trade.threshold)
    return _failovers(same, runs, seed)


def simulated_knee(trade: Tradeoff, *, runs: int = 60, seed: int = 1) -> int | None:
    """The largest TTL whose p99 outage of runs meets the SLA; None where not even 0 does.

    By bisection, with the same dice for each TTL.
    """

    def meets(ttl: int) -> bool:
        return failovers(trade, ttl, runs=runs, seed=seed).outage() <= trade.sla

    if not meets(0):
        return None
    low, high = 0, floor(trade.sla) + 1  # most of a TTL is part of its outage
    while meets(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if meets(middle) else (low, middle)
    return low


@lru_cache(256)
def _failovers(trade: Tradeoff, runs: int, seed: int) -> Failovers:
    dice, given = Random(seed), _scenario(trade)
    outcomes = [run(given.set("seed", dice.getrandbits(48)), "population") for _ in range(runs)]
    outages = tuple(each.outages[0] for each in outcomes)
    return Failovers(trade.ttl, outages, _asked(outcomes, given))


def _asked(outcomes: Sequence[Outcome], given: Scenario) -> float:
    """Questions of one cache in a month."""
    asked = fsum(each.authority_queries for each in outcomes)
    return asked / len(outcomes) / CACHES * MONTH / given.duration


def _scenario(trade: Tradeoff) -> Scenario:
    """A primary with a check dies at 5 s, and all outages are over before the watch is."""
    sets = [
        RecordSet.of(
            "www",
            "A",
            [address],
            trade.ttl,
            policy=policy,
            set_identifier=address,
            health_check_id=check,
        )
        for address, policy, check in ROLES
    ]
    lasts = ceil(DIES + trade.threshold * trade.interval + trade.ttl) + 1
    return Scenario(
        Zone.of("shop.example", sets),
        "www",
        clients=Clients(CACHES, trade.rate),
        resolvers=Resolvers(CACHES, 0),
        backends=(Backend(OLD),),
        checkers=Checkers(trade.interval, trade.threshold),
        schedule=(ScheduledChange(DIES, "down", [OLD]),),
        duration=lasts,
        bin=lasts,
        window=lasts,
    )
