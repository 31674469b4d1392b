"""The two engines against each other: one scenario, one law of outcomes.

For each of some random small scenarios, both engines run many times, and the means of many
statistics and of their squares are compared. Seeds are fixed, so a verdict does not change.
"""

import math
from collections.abc import Callable
from random import Random
from statistics import fmean, pvariance

import pytest

from lab_engine.authority.records import RRset
from lab_engine.authority.zone import Zone
from lab_engine.simulation import Clients, Outcome, Resolvers, Scenario, run
from tests.alike import chance, spread_chance
from tests.counts import FULL, LONG, long_but
from tests.random_scenarios import scenario, sums
from tests.seeds import shifted

SCENARIOS, RUNS = (60, 1500) if FULL else (30, 400) if LONG else (4, 120)
pytestmark = pytest.mark.slow
REJECTED = 800 if LONG else 400
REJECT = 4.9  # standard errors: p < 10^-6


KEPT = ("none", "none", "for-3", "for-25", "for-ever")
REMEMBERED = (*KEPT, "os-cache", "os-cache", *(f"{name}/os-cache" for name in KEPT[2:]))


def random_scenario(seed):
    """Few clients and a short checkers, so that nothing averages out."""
    dice = Random(seed)
    addresses = [f"192.0.2.{host}" for host in range(1, dice.choice([2, 3, 4]) + 1)]
    ttl = dice.choice([0, 1, 4, 10, 30, 100])
    return Scenario(
        Zone.of("shop.example", [RRset.of("www", "A", addresses, ttl)]),
        "www",
        order=dice.choice(["shuffle", "cyclic", "cyclic", "by_id", "fixed"]),
        resolvers=Resolvers(
            dice.randint(1, 6), dice.choice([0, 1.0, 2.0]), dice.choice(["ideal", "frozen"])
        ),
        clients=Clients(
            dice.randint(3, 25), dice.choice([0.02, 0.1, 0.3]), dice.choice(REMEMBERED)
        ),
        profiles={
            f"for-{name}": {"like": "fixed", "lifetime": lifetime}
            for name, lifetime in (("3", 3), ("25", 25), ("ever", math.inf))
        },
        down=dice.choice([(), (), addresses[1:2], addresses[::3]]),
        duration=40,
        bin=10,
        window=20,
    )


def statistics(outcome: Outcome) -> list[float]:
    """Counts of the first and the last bin, of answers and of levels, some joint; and squares."""
    first = [row[0] for row in outcome.requests]
    last = [row[-1] for row in outcome.requests]
    levels = outcome.levels
    found = [
        outcome.total,
        sum(outcome.failed),
        outcome.queries[0],
        outcome.queries[-1],
        *levels.application,
        *levels.os,
        *levels.resolver,
        *outcome.answers,
        *first,
        *last,
        max(first),
        max(last),
        max(map(sum, outcome.requests)),
        first[0] * first[1],  # two servers at once
        first[0] * last[0],  # one server, before and after
        levels.os.misses * outcome.total,  # a level and the requests
        outcome.queries[0] * first[0],
    ]
    return found + [value * value for value in found]


def distance(ones: tuple[float, ...], others: tuple[float, ...]) -> float:
    """Difference of the means, in standard errors."""
    error = math.sqrt((pvariance(ones) + pvariance(others)) / len(ones))
    apart = fmean(ones) - fmean(others)
    if not error:
        return math.inf if apart else 0.0
    return abs(apart) / error


def compared(
    runs: int,
    one: Callable[[int], Outcome],
    other: Callable[[int], Outcome],
    read: Callable[[Outcome], list[float]] = statistics,
) -> list[float]:
    seeds = [shifted(seed) for seed in range(runs)]
    ones = zip(*(read(one(seed)) for seed in seeds), strict=True)
    others = zip(*(read(other(seed)) for seed in seeds), strict=True)
    return [distance(*pair) for pair in zip(ones, others, strict=True)]


@pytest.mark.parametrize("number", range(SCENARIOS))
def test_both_engines_follow_one_law(number):
    one = random_scenario(shifted(number))

    apart = compared(
        RUNS,
        lambda seed: run(one.set("seed", seed), "events"),
        lambda seed: run(one.set("seed", seed), "population"),
    )

    assert max(apart) < REJECT, f"{one}: statistic {apart.index(max(apart))}"


# --- forty scenarios of every kind that both engines know -----------------------------------------

FORTY, FORTY_RUNS = 40, (600 if FULL else 200 if LONG else 40)
FAMILY = 1e-3  # the chance that any sum of any of them is rejected, if all is well


def sums_of(one, engine, runs):
    """Every sum of so many runs, by name; what a run does not name is zero."""
    found = [sums(run(one.set("seed", shifted(seed)), engine)) for seed in range(runs)]
    return {name: [each.get(name, 0) for each in found] for name in set().union(*found)}


@pytest.mark.parametrize("number", long_but(range(FORTY), 0, 24, 36))
def test_both_engines_agree_in_every_sum(number):
    """And in how each scatters. `alike.chance` is a bound, so nothing is left to the sample."""
    one = scenario(shifted(number))

    events, population = (sums_of(one, each, FORTY_RUNS) for each in ("events", "population"))
    nothing = [0] * FORTY_RUNS
    pairs = {
        name: (events.get(name, nothing), population.get(name, nothing))
        for name in sorted({*events, *population})
    }
    chances = {
        (name, kind): test(*pair)
        for name, pair in pairs.items()
        for kind, test in (("mean", chance), ("spread", spread_chance))
    }
    allowed = FAMILY / FORTY / len(chances)
    apart = {
        name: (*map(fmean, pairs[name[0]]), unlikely)
        for name, unlikely in chances.items()
        if unlikely < allowed
    }
    assert apart == {}, one


@pytest.mark.parametrize(
    ("path", "value"),
    long_but(
        [
            ("zone.www.ttl", 12),
            ("clients.rate", 0.13),
            ("resolvers.profile", "ideal"),
            ("order", "shuffle"),
        ],
        ("zone.www.ttl", 12),
    ),
)
def test_the_comparison_tells_other_laws_apart(path, value):
    """A fifth more TTL, a third more requests, another order: each is rejected."""
    one = Scenario(
        Zone.of("shop.example", [RRset.of("www", "A", ["192.0.2.1", "192.0.2.2"], 10)]),
        "www",
        order="cyclic",
        resolvers=Resolvers(3, 1.0, "frozen"),
        clients=Clients(12, 0.1),
        duration=40,
        bin=10,
        window=20,
    )

    apart = compared(
        REJECTED,
        lambda seed: run(one.set("seed", seed), "population"),
        lambda seed: run(one.set("seed", seed).set(path, value), "population"),
    )

    assert max(apart) > REJECT
