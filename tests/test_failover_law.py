"""Failover in both engines against its law: six checks by one checker and by sixteen.

The cases, and what 10^6 draws of the formula gave, are those of `test_theory`. What clients lose is
taken apart besides: detection, publication and cache each follow a law of their own. A run throws
the checkers' dice once, and the copies' for each of its clients, so the runs are the sample.
"""

import math
import os
from statistics import fmean, stdev
from typing import NamedTuple

import pytest

from lab_engine.authority.policies import Failover
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.simulation import Clients, Resolvers, Scenario, run, theory
from lab_engine.simulation.failing import Failure
from lab_engine.simulation.outages import Outage
from lab_engine.simulation.parts import Backend, Checkers, ScheduledChange

from .seeds import shifted

LONG = "LAB_LONG" in os.environ
OLD, NEW = "192.0.2.1", "192.0.2.2"
LEVELS = (0.05, 0.5, 0.95, 0.99)
AT = 100.0


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


def outages(given, engine, runs) -> list[Outage]:
    """One of each run."""
    seeds = range(runs)
    return [run(given.set("seed", shifted(seed)), engine).outages[0] for seed in seeds]


def agrees(sample, expected):
    """Whether the mean of independent values is within 4 standard errors of what it should be."""
    error = stdev(sample) / math.sqrt(len(sample))
    return abs(fmean(sample) - expected) <= 4 * error + 1e-9


def below(outage, limit):
    """The part of the clients whose outage lasts no longer."""
    return sum(weight for seconds, weight in outage.lasted if seconds <= limit) / sum(
        weight for _, weight in outage.lasted
    )


CELLS = pytest.mark.parametrize("count", [1, 16])
EVERY = pytest.mark.parametrize("name", CASES)


@pytest.mark.slow
@CELLS
@EVERY
def test_outages_follow_the_law(name, count):
    """Mean and quantiles of 100 runs within 4 sigma; with all counts within 1 and 2 %, besides."""
    clients = Clients(25, 100.0)
    law, given = law_of(CASES[name], count, clients).outage, scenario(CASES[name], count, clients)
    runs = {1: 12_000, 16: 4_000}[count] if LONG else 100

    found = outages(given, "population", runs)

    means = [each.mean for each in found]
    assert agrees(means, law.mean)
    for level in LEVELS:
        limit = law.quantile(level)
        assert agrees([below(each, limit) for each in found], level)
    assert law.shortest <= min(each.lasted[0][0] for each in found)
    assert max(each.lasted[-1][0] for each in found) <= law.longest
    if LONG:
        lasted = sorted(seconds for each in found for seconds, _ in each.lasted)
        assert 4 * stdev(means) / math.sqrt(runs) < 0.01 * law.mean
        assert fmean(means) == pytest.approx(law.mean, rel=0.01)
        for level in LEVELS:
            drawn = lasted[math.ceil(level * len(lasted)) - 1]
            assert drawn == pytest.approx(law.quantile(level), rel=0.02)


@pytest.mark.slow
@CELLS
@EVERY
def test_outages_follow_the_law_request_by_request(name, count):
    """20 runs, 25 clients of one request a second."""
    clients = Clients(25, 1.0)
    law, given = law_of(CASES[name], count, clients).outage, scenario(CASES[name], count, clients)

    found = outages(given, "events", 300 if LONG else 20)

    assert agrees([each.mean for each in found], law.mean)
    assert agrees([below(each, law.quantile(0.5)) for each in found], 0.5)


@pytest.mark.slow
@EVERY
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


@pytest.mark.parametrize("engine", ["events", "population"])
def test_parts_sum_to_the_outage_of_every_client(engine):
    """Also of clients that keep answers beyond their TTL, and where the watch ends first."""
    case, mix = CASES["the lab"], {"none": 1, "os-cache": 1, "jvm": 1, "windows": 1}
    given = scenario(case, 16, Clients(60, 0.2, mix)).set("duration", 140).set("bin", 20)

    (outage,) = run(given, engine).outages

    assert outage.open > 0
    for (seconds, _), parts in zip(outage.lasted, outage.parts, strict=True):
        assert parts.total == pytest.approx(seconds, abs=1e-9)
        assert min(parts) >= 0


@pytest.mark.parametrize(("engine", "runs"), [("events", 10), ("population", 60)])
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
