"""What is stale after a change: for whom it altered the answer, and from when on it counts."""

import math

import pytest

from lab_engine.authority.plan import Share, alike
from lab_engine.authority.policies import Geolocation, Weighted
from lab_engine.authority.records import Reply, RRset
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.simulation import Clients, Resolvers, Scenario, run, theory
from lab_engine.simulation.parts import Checkers, Place, ScheduledChange
from tests.counts import LONG, long_but

from .seeds import shifted

ENGINES = pytest.mark.parametrize("engine", ["events", "population"])
A, B = "192.0.2.1", "192.0.2.2"
FEW = {"clients": Clients(100, 1.0), "resolvers": Resolvers(100, skew=0)}  # where no share is met
FRENCH, AMERICAN = Place("198.18.1.0/24"), Place("198.19.1.0/24")


def zone(addresses, ttl=20):
    return Zone.of("shop.example", [RRset.of("www", "A", addresses, ttl)])


def changed(at, path, value, **fields):
    """Resolvers with one client each, asked once a second, and one change."""
    given = {
        "zone": zone([A, B]),
        "name": "www",
        "clients": Clients(400, 1.0),
        "resolvers": Resolvers(400, skew=0),
        "duration": 120,
        "bin": 10,
        "window": 10,
        "seed": shifted(1),
    }
    return Scenario(**given | fields, schedule=(ScheduledChange(at, path, value),))


def by_country(ttl=20, french=A):
    return Zone.of(
        "shop.example",
        [
            RecordSet.of(
                "www", "A", address, ttl, policy=Geolocation(CountryCode=code), set_identifier=code
            )
            for address, code in ((french, "FR"), (B, "*"))
        ],
    )


@pytest.mark.slow
@ENGINES
@pytest.mark.parametrize(
    ("path", "value"), [("down", [A]), ("zone", zone([A, B])), ("zone.www.ttl", 20)]
)
def test_where_no_answer_is_altered_nothing_is_stale(engine, path, value):
    outcome = run(changed(60, path, value, **FEW), engine)

    assert sum(outcome.stale[0]) == 0


@pytest.mark.slow
def test_an_authority_out_of_reach_says_nothing_else():
    outcome = run(changed(60, "reachable", False, **FEW), "events")

    assert sum(outcome.stale[0]) == 0
    assert sum(outcome.failed) > 0


@pytest.mark.slow
@ENGINES
def test_of_a_bin_that_a_change_cuts_only_what_comes_after_counts(engine):
    """T = 20, λ = 1, changed 5 s into a bin: the line from 0 to 5 s, not half of it."""
    outcome = run(changed(65, "zone", zone([B])), engine)

    stale = outcome.stale_fraction()
    expected = theory.stale_fraction(2.5, 20, 1)
    sigma = math.sqrt(expected * (1 - expected) / 400)
    assert stale[6] == pytest.approx(expected, abs=4 * sigma)
    assert stale[:6] == (0,) * 6
    assert outcome.cuts[0][0] == 6
    assert outcome.cuts[0][1] == pytest.approx(2000, abs=4 * math.sqrt(2000))


@pytest.mark.slow
@ENGINES
def test_a_change_between_two_bins_cuts_neither(engine):
    outcome = run(changed(60, "zone", zone([B]), **FEW), engine)

    assert outcome.cuts == ((6, 0),)


@pytest.mark.slow
@ENGINES
@pytest.mark.parametrize("profile", long_but(["ideal", "google-like"], "google-like"))
@pytest.mark.parametrize("client", long_but([{}, {"profile": "os-cache"}], {"profile": "os-cache"}))
def test_only_those_are_stale_whom_the_change_concerns(engine, profile, client):
    """France moves: its half of the requests is stale, though all copies are as old."""
    split = changed(
        60,
        "zone",
        by_country(french="192.0.2.3"),
        zone=by_country(),
        places=(FRENCH, AMERICAN),
        clients=Clients(1600 if LONG else 400, 0.5, **client),
        resolvers=Resolvers(40, skew=0, profile=profile),
    )

    outcome = run(split, engine)

    old = outcome.requests[outcome.addresses.index(A)]
    assert sum(outcome.stale[0]) > 0
    assert outcome.stale[0][6:] == old[6:]


@pytest.mark.slow
@ENGINES
def test_another_weight_makes_every_answer_before_it_stale(engine):
    """Also those that could still be given: the dice have changed."""
    sets = [
        RecordSet.of("www", "A", each, 20, policy=Weighted(1), set_identifier=each)
        for each in (A, B)
    ]
    canary = changed(60, f"zone.www.{A}.weight", 3, zone=Zone.of("shop.example", sets))

    stale = run(canary, engine).stale_fraction()

    expected = theory.stale_fraction(5, 20, 1)
    assert stale[6] == pytest.approx(expected, abs=4 * math.sqrt(expected / 400))


@pytest.mark.slow
@ENGINES
def test_what_health_changes_is_no_change_of_the_scenario(engine):
    """The dead are routed around from 80 s or so on: nothing was stale when they died."""
    sets = [
        RecordSet.of(
            "www",
            "A",
            each,
            20,
            policy=Weighted(1),
            set_identifier=each,
            health_check_id=f"hc-{each}",
        )
        for each in (A, B)
    ]
    watched = changed(
        60, "down", [A], zone=Zone.of("shop.example", sets), checkers=Checkers(10, 2, 3), **FEW
    )

    outcome = run(watched, engine)

    assert sum(outcome.stale[0]) == 0
    assert [(each.check, each.healthy) for each in outcome.verdicts] == [(f"hc-{A}", False)]
    assert 70 <= outcome.verdicts[0].at <= 80


def test_plans_are_alike_whatever_the_order_of_their_replies():
    one, two = (Reply(answer=(RRset.of("www.", "A", each, 20),)) for each in (A, B))
    half = (Share(0.5, one), Share(0.5, two))

    assert alike(half, half[::-1])
    assert not alike(half, (Share(0.4, one), Share(0.6, two)))
    assert not alike(half, (Share(1.0, one),))
    assert not alike((Share(1.0, one),), (Share(1.0, two),))


@ENGINES
@pytest.mark.parametrize("seed", range(1, 9))
def test_a_change_at_the_edge_of_two_bins_cuts_neither(engine, seed):
    """Whenever the caches began before the watch, and whatever the clock made of that."""
    one = changed(
        30,
        "zone.www.ttl",
        5,
        clients=Clients(10, 0.3, "jvm"),
        resolvers=Resolvers(2),
        seed=seed,
    )

    assert run(one, engine).cuts == ((3, 0),)
