"""The cases of lab 06: a pause, a time-out, traffic and a fee, and the cheapest settings for each.

All of it is closed form, so no mark depends on luck: `theory.Failover` of a server that hangs, and
caches that always hold a copy.
"""

from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from math import log10
from random import Random
from typing import Final, NamedTuple

from lab_engine.simulation.theory import Failover

PROMISE: Final = 75.0  # seconds: the p99 outage
SELDOM: Final = 0.01  # the chance of a failover on a pause
INTERVALS: Final = (10, 30)
THRESHOLDS: Final = range(1, 11)
PRICE: Final = 0.40  # US dollars for a million queries
GAP: Final = 0.1  # seconds from the end of a copy to the next request at its cache
PAUSES: Final = (4, 46)
TIMEOUTS: Final = (1, 5)
MILLIONS: Final = (4, 40)
CLEARLY: Final = 1.12  # times the bill that the dearer interval costs at least
SHORTEST: Final = 6  # seconds: below that a TTL is hardly worth its bill


class Settings(NamedTuple):
    """What the answer chooses: seconds, failures in a row, seconds."""

    interval: int
    threshold: int
    ttl: int


class Case(NamedTuple):
    """What the function is called with.

    Attributes:
        pause: the longest silence that must not cause a failover, seconds.
        timeout: until a check gives up an answer, seconds.
        queries_at_60: millions a month at a TTL of 60 s.
        fee: US dollars a month for checks every 10 s.
    """

    pause: float
    timeout: float
    queries_at_60: float
    fee: float

    def law(self, chosen: Settings) -> Failover:
        """Of the death of a server that hangs."""
        return Failover(chosen.interval, chosen.threshold, chosen.ttl, self.timeout)

    def outage(self, chosen: Settings) -> float:
        """Its p99, seconds."""
        return self.law(chosen).outage.quantile(0.99)

    def tripped(self, chosen: Settings) -> float:
        """The chance that the pause is taken for a death."""
        return self.law(chosen).tripped_by(self.pause)

    def bill(self, chosen: Settings) -> float:
        """US dollars a month: queries, and the fee."""
        queries = self.queries_at_60 * (60 + GAP) / (chosen.ttl + GAP)
        return queries * PRICE + (self.fee if chosen.interval == min(INTERVALS) else 0.0)


@lru_cache(1024)
def best(case: Case) -> Settings:
    """The cheapest settings that keep both promises; in each case of this lab there are some."""
    return min(_kept(case), key=case.bill)


def _kept(case: Case) -> Iterator[Settings]:
    """For each pair of interval and threshold that stands the pause, the largest TTL."""
    for interval in INTERVALS:
        for threshold in THRESHOLDS:
            ttl = _longest(interval, threshold, case.timeout)
            chosen = Settings(interval, threshold, max(0, ttl))
            if ttl >= 0 and case.tripped(chosen) <= SELDOM:
                yield chosen


@lru_cache(1024)
def _longest(interval: int, threshold: int, timeout: float) -> int:
    """The largest TTL that keeps the outage within the promise; -1 where none does."""

    def outage(ttl: int) -> float:
        return Failover(interval, threshold, ttl, timeout).outage.quantile(0.99)

    return bisect_right(range(2 * int(PROMISE)), PROMISE, key=outage) - 1


def drawn(dice: Random, interval: int, threshold: int) -> Case:
    """A case in which that pair is best: with few of each kind no constant fits many."""
    while best(case := _any(dice))[:2] != (interval, threshold):
        pass
    return case


def _any(dice: Random) -> Case:
    """A case in which both intervals can keep the promises, and one of them is clearly cheaper.

    The fee is drawn around that at which both cost the same: well below it or well above.
    """
    while True:
        free = Case(
            pause=dice.randint(*PAUSES),
            timeout=dice.randint(*TIMEOUTS),
            queries_at_60=round(10 ** dice.uniform(*map(log10, MILLIONS))),
            fee=0.0,
        )
        times = dice.uniform(0.1, 0.4) if dice.random() < 0.5 else dice.uniform(1.5, 2.2)
        kept = [*_kept(free)]
        fast, slow = (
            max((each.ttl for each in kept if each.interval == one), default=0) for one in INTERVALS
        )
        if min(fast, slow) < SHORTEST:
            continue
        saved = free.bill(Settings(30, 1, slow)) - free.bill(Settings(10, 1, fast))
        case = free._replace(fee=float(f"{max(0.01, saved * times):.2g}"))
        bills = case.bill(Settings(30, 1, slow)), case.bill(Settings(10, 1, fast))
        if max(bills) > CLEARLY * min(bills):
            return case
