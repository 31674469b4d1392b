"""Failover in both engines against its law: six checks by one checker and by sixteen.

The cases, and what 10^6 draws of the formula gave, are those of `test_theory`. What clients lose is
taken apart besides: detection, publication and cache each follow a law of their own. A run throws
the checkers' dice once, and the copies' for each of its clients, so the runs are the sample.

With LAB_LONG each cell of the table is run in both engines until 4 standard errors are less than
1 % of the mean, and than what 2 % make at each quantile: then both must be met. The cells that
take most of it, one checker with a threshold of one, are run so with LAB_LONG=full.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import count as numbers
from itertools import islice, product
from statistics import fmean
from typing import NamedTuple

import pytest

from lab_engine.authority.policies import Failover
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.simulation import Clients, Resolvers, Scenario, run, theory
from lab_engine.simulation.failing import Failure
from lab_engine.simulation.outages import Outage
from lab_engine.simulation.parts import Backend, Checkers, ScheduledChange
from tests.counts import FULL, LONG, long_but

from .sampling import agrees, standard_error
from .seeds import shifted

OLD, NEW = "192.0.2.1", "192.0.2.2"
LEVELS = (0.05, 0.5, 0.95, 0.99)
AT = 100.0
EARLY = 5.0
BATCH, MOST = 500, 60_000  # runs between looks at the spread, and at the most


class Case(NamedTuple):
    """Checks, and the TTL of what they decide on."""

    interval: float
    threshold: int
    ttl: int
    timeout: float = 0.0
    publication: float = 0.0


CASES = {
    "folklore": Case(30, 1, 30, publication=5),
    "the default": Case(30, 3, 30),
    "a TTL of a minute": Case(30, 3, 60),
    "a black hole": Case(30, 3, 60, timeout=4),
    "fast checks": Case(10, 3, 60),
    "the lab": Case(5, 3, 20, timeout=2, publication=1),
}


def policy_set(address, ttl, role, check=""):
    return RecordSet.of(
        "www",
        "A",
        [address],
        ttl,
        policy=Failover(role),
        set_identifier=role,
        health_check_id=check,
    )


def scenario(case, count, clients):
    """Each client behind a resolver of its own; the primary dies at 100 s."""
    sets = [policy_set(OLD, case.ttl, "PRIMARY", "hc"), policy_set(NEW, case.ttl, "SECONDARY")]
    kind = Failure.BLACK_HOLE if case.timeout else Failure.REFUSED
    return Scenario(
        Zone.of("shop.example", sets),
        "www",
        clients=clients,
        resolvers=Resolvers(clients.count, 0),
        backends=(Backend(OLD, fails=kind),),
        checkers=Checkers(
            case.interval,
            case.threshold,
            count,
            connect_timeout=case.timeout,
            publication=case.publication,
        ),
        schedule=(ScheduledChange(AT, "down", [OLD]),),
        duration=300,
        bin=60,
    )


def law_of(case, count, clients):
    held = theory.hit_ratio(clients.rate, case.ttl)
    return theory.Failover(
        case.interval, case.threshold, case.ttl, case.timeout, case.publication, count, held
    )


def brief(case, count, clients):
    """The same with a death at 5 s, watched until the last outage is over."""
    early = EARLY + law_of(case, count, clients).outage.longest + 1
    dies = ScheduledChange(EARLY, "down", [OLD])
    given = scenario(case, count, clients)
    return replace(given, schedule=(dies,), duration=early, bin=early, window=early)


def drawn(given, engine) -> Iterator[Outage]:
    """One of each run, without end."""
    return (run(given.set("seed", shifted(n)), engine).outages[0] for n in numbers())


def outages(given, engine, runs) -> list[Outage]:
    """One of each of so many runs."""
    return [*islice(drawn(given, engine), runs)]


def around(found, law, level):
    """The parts of each run within 2 % less than a quantile, within it, and within 2 % more."""
    limit = law.quantile(level)
    return tuple([below(each, limit * part) for each in found] for part in (0.98, 1.0, 1.02))


def resolved(found, law):
    """Whether 4 standard errors are within 1 % of the mean, and within 2 % of each quantile."""
    fine = 4 * standard_error([each.mean for each in found]) < 0.01 * law.mean
    for level in LEVELS if fine else ():
        limit, error = law.quantile(level), 4 * standard_error(around(found, law, level)[1])
        fine &= law.cdf(0.98 * limit) < level - error
        fine &= level + error < law.cdf(1.02 * limit) or 1.02 * limit >= law.longest
    return fine


def sized(given, engine, law) -> list[Outage]:
    """As many runs as the tolerances want."""
    source, found = drawn(given, engine), list[Outage]()
    while len(found) < MOST and not (found and resolved(found, law)):
        found += islice(source, BATCH)
    return found


def below(outage, limit):
    """The part of the clients whose outage lasts no longer."""
    return sum(weight for seconds, weight in outage.lasted if seconds <= limit) / sum(
        weight for _, weight in outage.lasted
    )


ENGINES = pytest.mark.parametrize("engine", ["population", "events"])
CELLS = [*product(CASES, (1, 16), ("population", "events"))]
SHORT = [  # in each engine one checker, and sixteen in the one where they are cheap
    ("folklore", 1, "events"),
    ("a TTL of a minute", 16, "population"),
    ("a black hole", 1, "population"),
    ("the lab", 1, "events"),
]


def crowd(engine, count):
    """Who asks: few where the phase of one checker is most of what scatters, and requests cost."""
    if engine == "population":
        return Clients(200, 100.0)
    return Clients(5 if count == 1 else 25, 1.0)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "count", "engine"), long_but(CELLS, *SHORT))
def test_outages_follow_the_law(name, count, engine):
    """Mean and quantiles of 100 runs within 4 sigma; of large counts within 1 and 2 %, besides."""
    clients = crowd(engine, count)
    law, given = law_of(CASES[name], count, clients).outage, brief(CASES[name], count, clients)

    fine = FULL or (LONG and (name, count) != ("folklore", 1))
    found = sized(given, engine, law) if fine else outages(given, engine, 100)

    assert agrees([each.mean for each in found], law.mean)
    for level in LEVELS:
        assert agrees(around(found, law, level)[1], level)
    assert max(each.lasted[-1][0] for each in found) <= law.longest
    if engine == "population":  # of rare requests some have no copy when the answer changes
        assert law.shortest <= min(each.lasted[0][0] for each in found)
    if fine:
        assert resolved(found, law)
        assert fmean(each.mean for each in found) == pytest.approx(law.mean, rel=0.01)
        for level in LEVELS:
            less, _, more = map(fmean, around(found, law, level))
            assert less <= level <= more


@pytest.mark.slow
@pytest.mark.parametrize("name", long_but(CASES, "the lab"))
def test_each_part_follows_its_own_law(name):
    """Detection as without a TTL, publication as assumed, half a TTL in caches, nothing after it.

    The clients are so busy that there is always a copy.
    """
    case = CASES[name]
    law = law_of(case, 16, Clients(25, 1000.0)).mean_parts
    given = scenario(case, 16, Clients(25, 1000.0))

    found = [each.mean_parts() for each in outages(given, "population", 100)]

    detection, publication, cache, client = zip(*found, strict=True)
    assert agrees(detection, law.detection)
    assert publication == pytest.approx([law.publication] * 100, abs=1e-3)
    assert agrees(cache, law.cache)
    assert set(client) == {law.client} == {0.0}


@ENGINES
def test_parts_sum_to_the_outage_of_every_client(engine):
    """Also of clients that keep answers beyond their TTL, and where the watch ends first."""
    case, mix = CASES["the lab"], {"none": 1, "os-cache": 1, "jvm": 1, "windows": 1}
    given = scenario(case, 16, Clients(60, 0.2, mix)).set("duration", 140).set("bin", 20)

    (outage,) = run(given, engine).outages

    assert outage.open > 0
    for (seconds, _), parts in zip(outage.lasted, outage.parts, strict=True):
        assert parts.total == pytest.approx(seconds, abs=1e-9)
        assert min(parts) >= 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "runs"), long_but([("events", 10), ("population", 60)], ("population", 60))
)
def test_what_a_client_keeps_beyond_its_ttl_is_its_own(engine, runs):
    """A JVM, told 5 s at each of its fetches, keeps the answer for 30 and asks 0.2 s later.

    So at the switch its last fetch is U(0, 30) ago; 5 s of what follows are the cache's.
    """
    given = scenario(Case(10, 1, 5), 1, Clients(60, 5.0, "jvm"))

    found = [each.mean_parts() for each in outages(given, engine, runs)]

    assert agrees([each.cache for each in found], 5**2 / 2 / 30.2)
    assert agrees([each.client for each in found], (30**2 - 5**2) / 2 / 30.2)


def test_the_part_of_a_client_at_a_quantile():
    outage = Outage(0.0, ((10.0, 1.0), (40.0, 2.0), (90.0, 1.0)), 0.0, 20.0, 25.0, (0.0, 5.0, 80.0))

    assert outage.parts_at(0.5) == (20.0, 5.0, 10.0, 5.0)
    assert outage.parts_at(1) == (20.0, 5.0, 0.0, 65.0)
    assert outage.parts == (
        (10.0, 0.0, 0.0, 0.0),
        (20.0, 5.0, 10.0, 5.0),
        (20.0, 5.0, 0.0, 65.0),
    )
    assert outage.mean == 45.0
    assert outage.mean_parts() == (17.5, 3.75, 5.0, 18.75)


def test_nobody_has_no_parts():
    assert all(map(math.isnan, (Outage(1.0, ()).mean, *Outage(1.0, ()).mean_parts())))
    assert all(map(math.isnan, Outage(1.0, ()).parts_at(0.5)))
