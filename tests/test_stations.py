"""Servers with a capacity, and health that sees their load."""

import math
from random import Random

import pytest

from lab_engine.authority.policies import Failover, Weighted
from lab_engine.authority.records import RRset
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.errors import LabError
from lab_engine.simulation import Clients, Resolvers, Scenario, run
from lab_engine.simulation.events import engine as events
from lab_engine.simulation.events.stations import Station
from lab_engine.simulation.events.trace import Trace
from lab_engine.simulation.parts import Backend, Checkers, ScheduledChange
from lab_engine.simulation.service import UNSERVED
from tests.counts import LONG


def blocking(load, places):
    """M/M/1/K: the part of requests that find all K places taken."""
    return load**places * (1 - load) / (1 - load ** (places + 1))


@pytest.mark.parametrize(("load", "queue"), [(0.8, 3), (1.5, 2), (0.5, 0)])
def test_a_full_server_refuses_as_the_closed_form_says(load, queue):
    """K = queue + 1; blocked requests come in runs: 4 sigma of a binomial, thrice as wide."""
    rng, runs, now = Random(3), 60_000, 0.0
    server = Station(Backend("192.0.2.1", capacity=1.0, queue=queue), Random(4))
    for _ in range(runs):
        now += rng.expovariate(load)
        server.accepts(now)

    expected = blocking(load, queue + 1)
    tolerance = 12 * math.sqrt(expected * (1 - expected) / runs)
    assert server.refused / runs == pytest.approx(expected, abs=tolerance)


def test_one_that_falls_over_is_gone_for_its_restart():
    station = Station(Backend("192.0.2.1", capacity=0.001, queue=1, restart=30), Random(1))

    taken = [station.accepts(at) for at in (0, 1, 2, 3, 31, 32.5, 33)]

    assert taken == [True, True, False, False, False, True, True]
    assert station.refused == 3


def test_how_long_one_more_would_wait():
    station = Station(Backend("192.0.2.1", capacity=1, queue=9), Random(1))

    assert station.wait(5) == 0
    station.accepts(5)
    assert station.wait(5) > station.wait(5.1) >= 0
    assert station.wait(1e6) == 0


@pytest.mark.parametrize(
    "schedule", [(), (ScheduledChange(30, "zone.www.ttl", 5),)], ids=["steady", "changed"]
)
def test_service_is_told_where_there_is_one_or_where_it_is_asked_for(schedule):
    """A change of a TTL makes no server one with a limit."""
    plain = Scenario(
        Zone.of("shop.example", [RRset.of("www", "A", "192.0.2.1", 60)]),
        "www",
        clients=Clients(10, 1.0),
        resolvers=Resolvers(2),
        schedule=schedule,
        duration=60,
        window=60,
    )

    assert run(plain, "events").service == UNSERVED
    assert sum(count for _, count in run(plain, served=True).service.latencies) > 400
    assert run(plain.set("backends", (Backend("192.0.2.1", capacity=99),))).service != UNSERVED


def test_the_population_engine_counts_nothing_where_it_is_served():
    zone = Zone.of("shop.example", [RRset.of("www", "A", "192.0.2.1", 60)])

    with pytest.raises(LabError, match="where they are served"):
        run(Scenario(zone, "www"), "population", served=True)


@pytest.mark.slow
def test_what_is_refused_has_failed():
    zone = Zone.of("shop.example", [RRset.of("www", "A", "192.0.2.1", 60)])
    busy = Scenario(
        zone,
        "www",
        clients=Clients(100, 1.0),
        backends=(Backend("192.0.2.1", capacity=50, queue=5),),
        duration=600,
    )

    outcome = events.run(busy)

    refused = sum(outcome.failed) / outcome.total
    assert outcome.refused == outcome.failed
    assert sum(outcome.dead) == 0
    # half of 60,000 are served; the ratio of two counts scatters as both do
    tolerance = 4 * 0.5 * math.sqrt(1 / 30_000 + 1 / 60_000)
    assert refused == pytest.approx(blocking(2.0, 6), abs=tolerance)
    assert sum(outcome.requests[0]) / 600 == pytest.approx(50, abs=4 * math.sqrt(50 / 600))


def failover(secondary):
    """A primary for all load, and a secondary, each with a check; 100 requests a second."""
    sets = [
        RecordSet.of(
            "www",
            "A",
            address,
            5,
            policy=Failover(role),
            set_identifier=role.lower(),
            health_check_id=f"hc-{role.lower()}",
        )
        for role, address in (("PRIMARY", "192.0.2.1"), ("SECONDARY", "192.0.2.2"))
    ]
    return Scenario(
        Zone.of("shop.example", sets),
        "www",
        clients=Clients(100, 1.0),
        backends=(
            Backend("192.0.2.1", capacity=200, queue=50),
            Backend("192.0.2.2", capacity=secondary, queue=50),
        ),
        checkers=Checkers(interval=2, threshold=2, count=4),
        schedule=(ScheduledChange(60, "down", ["192.0.2.1"]),),
        duration=240,
        bin=10,
        window=10,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("secondary", "check", "served"), [(200, "HTTP", 100), (20, "TCP", 20), (20, "HTTP", 16)]
)
def test_a_secondary_that_is_too_small_dies_too(secondary, check, served):
    """The primary dies at 60 s; what the secondary cannot serve of 100 a second is lost.

    With 50 in its queue it answers after 2.5 s: an HTTP check, which waits for 2, fails even where
    there is room, and last resort leads to the dead meanwhile. A connection is all that TCP wants.
    """
    outcome = events.run(failover(secondary).set("checkers.type", check))

    assert sum(outcome.failed[12:]) / 120 == pytest.approx(100 - served, abs=5)
    assert sum(outcome.requests[1][12:]) / 120 == pytest.approx(served, rel=0.1)


@pytest.mark.slow
def test_the_dead_and_the_full_are_told_apart():
    """Nobody answers at the primary; the secondary takes 20 of 100 a second, and has no room."""
    outcome = events.run(failover(20))

    assert sum(outcome.dead[:6]) == sum(outcome.refused[:6]) == 0
    assert outcome.dead[6] > 0
    assert sum(outcome.refused[7:]) > 0
    both = zip(outcome.dead, outcome.refused, strict=True)
    assert tuple(map(sum, both)) == outcome.failed


@pytest.mark.slow
def test_verdicts_that_load_brings_about_are_told():
    outcome = events.run(failover(20), trace=True)

    known = [(each.at, each.check, each.healthy) for each in outcome.verdicts]
    assert known[0][1:] == ("hc-primary", False)
    assert 62 <= known[0][0] <= 64
    assert ("hc-secondary", False) in [each[1:] for each in known]
    noted = [
        (event.time, event.who, event.detail == "passes")
        for event in Trace(outcome.trace).of(kind="verdict")
    ]
    assert known[: len(noted)] == noted


@pytest.mark.slow
def test_health_sees_load_and_sheds_it():
    """Two servers, one too small for its half: its check fails, and it gets nothing for a time."""
    sets = [
        RecordSet.of(
            "www",
            "A",
            f"192.0.2.{host}",
            1,
            policy=Weighted(1),
            set_identifier=str(host),
            health_check_id=f"hc-{host}",
        )
        for host in (1, 2)
    ]
    base = Scenario(
        Zone.of("shop.example", sets),
        "www",
        clients=Clients(60, 1.0),
        resolvers=Resolvers(60, skew=0),
        backends=(Backend("192.0.2.1", capacity=10, queue=20), Backend("192.0.2.2")),
        duration=600 if LONG else 200,
    )

    blind = events.run(base)
    seen = events.run(base.set("checkers", Checkers(interval=5, threshold=2, count=1)))

    assert sum(seen.failed) < 0.8 * sum(blind.failed)
    assert seen.shares()[0] < blind.shares()[0]


@pytest.mark.slow
def test_a_trace_tells_of_changes_verdicts_and_refusals():
    outcome = events.run(failover(5).set("clients.count", 20), trace=True)

    trace = Trace(outcome.trace)
    change = trace.of(kind="change")
    verdict = trace.of(kind="verdict", who="hc-primary")
    assert [event.time for event in change] == [60]
    assert verdict[0].detail == "fails"
    assert 62 <= verdict[0].time <= 64
    assert all(event.time >= 60 for event in trace.of(kind="refuse"))
    assert len(trace.of(kind="refuse")) > 0


def test_one_address_has_one_back_end():
    """Of two, one would say what it serves and the other how it fails."""
    zone = Zone.of("shop.example", [RRset.of("www", "A", "192.0.2.1", 60)])
    two = (Backend("192.0.2.1", capacity=5), Backend("192.0.2.1", fails="silent"))

    with pytest.raises(LabError, match=r"192.0.2.1.*twice.*one back end"):
        Scenario(zone, "www", backends=two)
