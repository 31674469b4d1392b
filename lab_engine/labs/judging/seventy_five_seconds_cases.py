"""The cases of lab 06: a pause, a time-out, traffic and a fee, and the cheapest settings for each.

All of it is closed form, so no mark depends on luck: `theory.Failover` of a server that hangs, and
caches that always hold a copy.
"""

from bisect import bisect_left
from functools import lru_cache
from itertools import product
from math import log10
from random import Random
from typing import Final, NamedTuple

from lab_engine.simulation.theory import Failover

PROMISE: Final = 75.0  # seconds: the p99 outage
P99: Final = 0.99
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
LATE, OFTEN = 5.0, 0.05  # seconds and a chance: by so much broken, a promise is worth nothing
TOGETHER: Final = 3  # cases that are judged as one, by the worst of them
TRIES: Final = 30  # for a neighbour, before another case is drawn


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
        return self.law(chosen).outage.quantile(P99)

    def ends_by(self, seconds: float, chosen: Settings) -> bool:
        """Whether the p99 outage is no longer than that: one look at the law, and no search."""
        return self.law(chosen).outage.cdf(seconds) >= P99

    def tripped(self, chosen: Settings) -> float:
        """The chance that the pause is taken for a death."""
        return self.law(chosen).tripped_by(self.pause)

    def bill(self, chosen: Settings) -> float:
        """US dollars a month: queries, and the fee."""
        queries = self.queries_at_60 * (60 + GAP) / (chosen.ttl + GAP)
        return queries * PRICE + (self.fee if chosen.interval == min(INTERVALS) else 0.0)


def best(case: Case) -> Settings:
    """The cheapest settings that keep both promises; in each case of this lab there are some."""
    return min(_kept(case.pause, case.timeout), key=case.bill)


@lru_cache(1024)
def _kept(pause: float, timeout: float) -> tuple[Settings, ...]:
    """For each pair of interval and threshold that stands the pause, the largest TTL."""
    stand = (
        (interval, threshold)
        for interval, threshold in product(INTERVALS, THRESHOLDS)
        if Failover(interval, threshold, 0, timeout).tripped_by(pause) <= SELDOM
    )
    longest = ((*each, _longest(*each, timeout)) for each in stand)
    return tuple(Settings(*each) for each in longest if each[-1] >= 0)


@lru_cache(1024)
def _longest(interval: int, threshold: int, timeout: float) -> int:
    """The largest TTL that keeps the outage within the promise; -1 where none does."""

    def is_broken(ttl: int) -> bool:
        return Failover(interval, threshold, ttl, timeout).outage.cdf(PROMISE) < P99

    return bisect_left(range(2 * int(PROMISE)), True, key=is_broken) - 1


def three(dice: Random, interval: int, threshold: int) -> tuple[Case, ...]:
    """A case in which that pair is best, and two that differ from it in one number each.

    What is best for it is nothing for either of the others. So no constant fits all three, and no
    rule that leaves one of the numbers out; nor one that knows of pauses which all checkers see or
    none.
    """
    while True:
        case = _any(dice)
        if best(case)[:2] != (interval, threshold):
            continue
        others = (_neighbour(dice, case, number) for number in dice.sample(Case._fields, 2))
        found = (case, *filter(None, others))
        close = any(map(_is_seen_by_some, found)) and any(map(_is_seen_by_most, found))
        if len(found) == TOGETHER and close:
            return found


def _neighbour(dice: Random, case: Case, number: str) -> Case | None:
    """A case that differs in that number, and for which other settings are best; or none."""
    for _ in range(TRIES):
        other = case._replace(**{number: getattr(_any(dice), number)})
        if _is_decided(other) and _is_missed(other, best(case)):
            return other
    return None


def _is_missed(case: Case, chosen: Settings) -> bool:
    """Whether the settings break a promise, or cost a tenth too much."""
    late, tripped = not case.ends_by(PROMISE + LATE, chosen), case.tripped(chosen) > OFTEN
    return late or tripped or case.bill(chosen) > CLEARLY * case.bill(best(case))


def _is_seen_by_some(case: Case) -> bool:
    """Whether too few checkers see the pause: the best settings stand it, but not by much."""
    return case.tripped(best(case)) > 0


def _is_seen_by_most(case: Case) -> bool:
    """Whether one failure less would do often, but not always."""
    interval, threshold, ttl = best(case)
    return threshold > 1 and OFTEN < case.tripped(Settings(interval, threshold - 1, ttl)) < 1


def _any(dice: Random) -> Case:
    """A case that is a decision.

    The fee is drawn around that at which both intervals cost the same: well below it or well above.
    """
    while True:
        free = Case(
            pause=dice.randint(*PAUSES),
            timeout=dice.randint(*TIMEOUTS),
            queries_at_60=round(10 ** dice.uniform(*map(log10, MILLIONS))),
            fee=0.0,
        )
        times = dice.uniform(0.1, 0.4) if dice.random() < 0.5 else dice.uniform(1.5, 2.2)
        fast, slow = _by_interval(free)
        saved = free.bill(Settings(30, 1, slow)) - free.bill(Settings(10, 1, fast))
        case = free._replace(fee=float(f"{max(0.01, saved * times):.2g}"))
        if _is_decided(case):
            return case


def _is_decided(case: Case) -> bool:
    """Whether both intervals can keep the promises, and one of them is clearly cheaper."""
    fast, slow = _by_interval(case)
    bills = case.bill(Settings(30, 1, slow)), case.bill(Settings(10, 1, fast))
    return min(fast, slow) >= SHORTEST and max(bills) > CLEARLY * min(bills)


def _by_interval(case: Case) -> tuple[int, ...]:
    """The largest TTL with checks every 10 s and every 30 s, 0 where none keeps the promises."""
    kept = _kept(case.pause, case.timeout)
    return tuple(
        max((each.ttl for each in kept if each.interval == one), default=0) for one in INTERVALS
    )
