"""The two engines against each other: one scenario, one law of outcomes.

For each of some random small scenarios, both engines run many times, and the means of many
statistics and of their squares are compared. Seeds are fixed, so a verdict does not change.
"""

import math
import os
from collections.abc import Callable
from random import Random
from statistics import fmean, pvariance

import pytest

from lab_engine.authority.policies import Failover, Multivalue, Weighted
from lab_engine.authority.records import RRset
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.simulation import Clients, Outcome, Resolvers, Scenario, run, supports
from lab_engine.simulation.parts import Place, ScheduledChange
from tests.seeds import shifted

LONG = "LAB_LONG" in os.environ
SCENARIOS, RUNS = (60, 1500) if LONG else (22, 120)
pytestmark = pytest.mark.slow
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
    one = random_scenario(number)

    apart = compared(
        RUNS,
        lambda seed: run(one.set("seed", seed), "events"),
        lambda seed: run(one.set("seed", seed), "population"),
    )

    assert max(apart) < REJECT, f"{one}: statistic {apart.index(max(apart))}"


# --- all that the population engine knows: profiles, places, changes, policies --------------------

ADDRESSES = ("192.0.2.1", "192.0.2.2", "192.0.2.3")
WIDER, WIDER_RUNS = (60, 1000) if LONG else (20, 150)
RESOLVERS = ("ideal", "frozen", "unbound", "unbound-1.25", "powerdns", "bind", "coredns", "knot")
CLIENTS = (
    "none",
    "os-cache",
    "glibc",
    "jvm",
    "systemd-resolved",
    "macos",
    "nodelocal",
    "cdn-pop",
    "jvm/os-cache",
    "fixed/os-cache",
)


TWO_PLACES = (Place(share=2), Place("203.0.113.0/24", 1, resolver_ms=4, authority_ms=9))


def policy_zone(dice, ttl):
    """One name with a policy of each kind that the atlas has no part in."""

    def one(index, policy, check=""):
        return RecordSet.of(
            "www",
            "A",
            [ADDRESSES[index]],
            ttl,
            policy=policy,
            set_identifier=f"set-{index}",
            health_check_id=check,
        )

    kinds = {
        "simple": [RRset.of("www", "A", ADDRESSES, ttl)],
        "weighted": [one(index, Weighted(weight)) for index, weight in enumerate((5, 2, 1))],
        "failover": [one(0, Failover("PRIMARY"), "hc"), one(1, Failover("SECONDARY"))],
        "multivalue": [one(index, Multivalue(), "hc" if not index else "") for index in range(3)],
    }
    kind = dice.choice(["simple", *kinds])
    return Zone.of("shop.example", kinds[kind]), kind


def some_changes(dice, kind):
    """Up to three of them."""
    known = ADDRESSES[: 2 if kind == "failover" else 3]
    possible = [
        ScheduledChange(dice.uniform(5, 35), "zone.www.ttl", dice.choice([3, 12, 40])),
        ScheduledChange(dice.uniform(5, 20), "down", list(known[: dice.choice([1, 2, 3])])),
        ScheduledChange(dice.uniform(21, 35), "down", []),
    ]
    if kind in ("failover", "multivalue"):
        possible.append(ScheduledChange(dice.uniform(5, 35), "unhealthy", ["hc"]))
    if kind == "weighted":
        possible.append(ScheduledChange(dice.uniform(5, 35), "zone.www.set-0.weight", 0))
    return tuple(dice.sample(possible, dice.choice([0, 1, 2, 3])))


def wider_scenario(seed):
    """The first that the population engine supports, of those that these dice bring."""
    dice = Random(f"wider {seed}")
    while True:
        zone, kind = policy_zone(dice, dice.choice([2, 5, 12, 30]))
        found = Scenario(
            zone,
            "www",
            order=dice.choice(["shuffle", "cyclic", "by_id", "fixed"]),
            resolvers=Resolvers(
                dice.randint(2, 6), 1.0, profile=dict.fromkeys(dice.sample(RESOLVERS, 2), 1)
            ),
            clients=Clients(
                dice.randint(6, 25),
                dice.choice([0.1, 0.3]),
                profile=dict.fromkeys(dice.sample(CLIENTS, dice.choice([1, 2])), 1),
            ),
            places=dice.choice(
                [(Place(),), (Place(share=2), Place("203.0.113.0/24", 1, "", 4, 9))]
            ),
            schedule=some_changes(dice, kind),
            duration=40,
            bin=10,
            window=20,
        )
        if not supports(found):
            return found


def wider_statistics(outcome: Outcome) -> list[float]:
    """Counts by address, since engines may find them in another order; and squares."""
    rows = dict(zip(outcome.addresses, outcome.requests, strict=True))
    firsts = dict(zip(outcome.addresses, outcome.answers, strict=True))
    nothing = (0,) * len(outcome.queries)
    found = [
        outcome.total,
        sum(outcome.failed),
        *outcome.queries,
        *outcome.levels.application,
        *outcome.levels.os,
        *outcome.levels.resolver,
        *(count for row in outcome.stale for count in row),
        *(firsts.get(address, 0) for address in ADDRESSES),
        *(count for address in ADDRESSES for count in rows.get(address, nothing)),
        sum(ms * count for ms, count in outcome.lookups),
        sum(trip.requests for trip in outcome.trips if trip.place == "203.0.113.0/24"),
        *(sum(seconds * w for seconds, w in each.lasted) for each in outcome.outages),
        *(each.open for each in outcome.outages),
        *(before for _, before in outcome.cuts),
        sum(verdict.at for verdict in outcome.verdicts),
    ]
    return found + [value * value for value in found]


@pytest.mark.parametrize("number", range(WIDER))
def test_both_engines_follow_one_law_of_all_they_know(number):
    one = wider_scenario(number)

    apart = compared(
        WIDER_RUNS,
        lambda seed: run(one.set("seed", seed), "events"),
        lambda seed: run(one.set("seed", seed), "population"),
        wider_statistics,
    )

    assert max(apart) < REJECT, f"{one}: statistic {apart.index(max(apart))}"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("zone.www.ttl", 12),
        ("clients.rate", 0.13),
        ("resolvers.profile", "ideal"),
        ("order", "shuffle"),
    ],
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
        800,
        lambda seed: run(one.set("seed", seed), "population"),
        lambda seed: run(one.set("seed", seed).set(path, value), "population"),
    )

    assert max(apart) > REJECT
