"""The worlds of lab 02: a population behind caches, a build with a fault, and many runs of a plan.

Requests flow evenly between fills, and each fill throws the die anew; the alarm, which neither
engine has, is added here. Runs of one world have the same dice, whatever the plan.
"""

from dataclasses import dataclass
from random import Random
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from lab_engine.caches.crowds import zipf_shares

RATE: Final = 500.0  # requests a second, of all
ALARM: Final = 20.0  # failed requests of the new build
REACTION: Final = 60.0  # seconds from the alarm until its weight is 0
PATIENCE: Final = 900.0  # seconds; who has not found the fault by then has not found it
FIRST_LOOK: Final = (
    360.0  # seconds; most faults are found by then, and the rest is looked at longer
)
RUNS: Final = 100
LEVEL: Final = 0.95
MINUTE: Final = 60
HOUR: Final = 3600

Numbers = npt.NDArray[Any]


class Step(NamedTuple):
    """From so many minutes on the new build has so many per cent of the weight."""

    minutes: float
    weight: int


@dataclass(frozen=True)
class Plan:
    """Steps in the order of time, and the TTL of both records in seconds."""

    steps: tuple[Step, ...]
    ttl: int

    @property
    def complete(self) -> float | None:
        """Minutes until the new build has all for good; None where it never has."""
        last = self.steps[-1]
        return last.minutes if last.weight == 100 else None

    def shows(self, since: int) -> float | None:
        """Seconds until the weight is above 0, and at least that many per cent."""
        late = (each.minutes * MINUTE for each in self.steps if each.weight >= max(1, since))
        return next(late, None)

    def shares(self, at: Numbers) -> Numbers:
        """What part of the answers is the new build's, at these seconds."""
        edges = [each.minutes * MINUTE for each in self.steps]
        weights = np.array([0, *(each.weight for each in self.steps)])
        found: Numbers = weights[np.searchsorted(edges, at, side="right")] / 100
        return found


class Crowd(NamedTuple):
    """A world without its limits.

    Attributes:
        resolvers: how many.
        skew: of their sizes; 1 for Zipf's law.
        error: the part of the new build's requests that fail.
        since: the weight from which on they do, per cent; 0 for any.
        seed: of the runs' dice.
    """

    resolvers: int
    skew: float
    error: float
    since: int
    seed: int

    @property
    def rates(self) -> Numbers:
        """Requests a second of each resolver."""
        return RATE * np.array(zipf_shares(self.resolvers, self.skew))


class Measured(NamedTuple):
    """What a plan comes to: seconds and failed requests of 95 of 100 runs at most, and queries."""

    detection: float
    harmed: float
    queries: float


def measured(crowd: Crowd, plan: Plan) -> Measured:
    """The p95 of many runs, and the queries of an hour."""
    queries = HOUR * float(np.sum(1 / (plan.ttl + 1 / crowd.rates)))
    begins = plan.shows(crowd.since)
    if begins is None:
        return Measured(PATIENCE, 0.0, queries)
    found, harmed = _runs(crowd, plan, begins, FIRST_LOOK)
    if found.max() > FIRST_LOOK - REACTION:
        found, harmed = _runs(crowd, plan, begins, PATIENCE + REACTION)
    return Measured(float(np.quantile(found, LEVEL)), float(np.quantile(harmed, LEVEL)), queries)


def _runs(crowd: Crowd, plan: Plan, begins: float, looked: float) -> tuple[Numbers, Numbers]:
    """For each run: seconds from the fault's beginning to the alarm, and requests that failed."""
    at, run, rate = _copies(crowd, plan, begins, looked)
    first, last = np.maximum(at - begins, 0), at + plan.ttl - begins
    once = crowd.error * (at >= begins)
    flow = crowd.error * rate
    # Failed requests by the end of each second, of each run.
    width = int(looked) + plan.ttl + 2
    size = RUNS * width

    def placed(when: Numbers, what: Numbers) -> Numbers:
        where = run * width + np.floor(when).astype(int)
        summed: Numbers = np.bincount(where, what, size).reshape(RUNS, width)
        return summed

    flowing = np.cumsum(placed(first, flow) - placed(last, flow), axis=1)
    failed = np.cumsum(flowing + placed(first, once), axis=1)[:, : int(looked)]
    alarm = np.minimum((failed < ALARM).sum(axis=1), PATIENCE).astype(float)
    fetched = at <= begins + alarm[run] + REACTION
    harmed: Numbers = np.bincount(run, fetched * (once + flow * (last - first)), RUNS)
    return alarm, harmed


def _copies(
    crowd: Crowd, plan: Plan, begins: float, looked: float
) -> tuple[Numbers, Numbers, Numbers]:
    """The new build's copies that matter: when each was fetched, in which run, and its rate."""
    dice = np.random.default_rng(crowd.seed)
    rates = np.broadcast_to(crowd.rates, (RUNS, crowd.resolvers))
    runs = np.broadcast_to(np.arange(RUNS)[:, None], rates.shape)
    # In the long run a cache holds a copy with chance λT / (1 + λT), of an age that is uniform.
    # One without is as if it had fetched its last one so long ago that it has just expired.
    held = dice.random(rates.shape) < rates * plan.ttl / (1 + rates * plan.ttl)
    at = begins - plan.ttl * np.where(held, dice.random(rates.shape), 1.0)
    found = []
    while at.min() <= begins + looked:
        drawn = dice.random(rates.shape) < plan.shares(at)
        drawn &= (at > begins - plan.ttl) & (at <= begins + looked)
        found.append((at[drawn], runs[drawn], rates[drawn]))
        at = at + plan.ttl + dice.exponential(1 / rates)
    times, numbers, flows = (np.concatenate(each) for each in zip(*found, strict=True))
    return times, numbers, flows


# --- worlds ---------------------------------------------------------------------------------------

START: Final = 2  # per cent: enough to find what fails at any weight
STEEP: Final = 2  # times the weight before: as far as a careful step goes
TTL: Final = 20
ROOM: Final = 1.25  # times what careful plans come to


class Limits(NamedTuple):
    """At most: seconds, failed requests, queries an hour."""

    detection: int
    harmed: int
    queries: int


def limits(crowd: Crowd) -> Limits:
    """What careful plans come to, and a quarter more.

    The slowest of them has a step to the very weight at which the fault begins, the boldest was
    just below it, and goes to twice that: no plan whose steps at most double does worse.
    """
    least = max(START, crowd.since)
    most = START if crowd.since == 0 else min(100, STEEP * crowd.since)
    slow, bold = (measured(crowd, _met_at(weight, crowd.since)) for weight in (least, most))
    found = slow.detection, bold.harmed, slow.queries
    return Limits(*(int(ROOM * each) + 1 for each in found))


def _met_at(weight: int, since: int) -> Plan:
    return Plan((Step(0, since // STEEP), Step(10, weight)), TTL)


def drawn(dice: Random, since: tuple[int, int]) -> Crowd:
    """A crowd whose fault shows from a weight on that is between these."""
    return Crowd(
        resolvers=dice.randint(50, 1000),
        skew=round(dice.uniform(0.5, 1.2), 2),
        error=dice.randint(10, 50) / 1000,
        since=dice.randint(*since),
        seed=dice.getrandbits(32),
    )
