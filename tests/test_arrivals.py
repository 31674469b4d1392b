"""Arrivals: hit laws of renewal processes, and beginnings in the middle of things."""

import math
from itertools import islice
from random import Random

import pytest

from lab_engine.authority.records import RRset
from lab_engine.authority.zone import Zone
from lab_engine.simulation import Clients, Resolvers, Scenario, theory
from lab_engine.simulation.events import engine as events
from lab_engine.simulation.events.arrivals import gaps
from lab_engine.simulation.parts import Arrivals
from tests.counts import LONG, long_but

REQUESTS = 200_000 if LONG else 50_000


def hit_ratio(arrivals, ttl, requests, rate=1.0):
    """Of as many clients as fit into a short watch, each with a resolver of its own."""
    zone = Zone.of("shop.example", [RRset.of("www", "A", "192.0.2.1", ttl)])
    alone = Scenario(
        zone,
        "www",
        clients=Clients(20, rate, arrivals=arrivals),
        resolvers=Resolvers(20, skew=0),
        duration=requests / 20 / rate,
    )
    return events.run(alone).levels.resolver


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arrivals", "ratio"),
    long_but([("poisson", 0.75), ("erlang2", 0.7333), ("h2", 0.8019)], ("h2", 0.8019)),
)
def test_the_hit_law_of_each_kind_of_arrivals(arrivals, ratio):
    """T1 at T = 3, λ = 1. Hits of neighbouring requests go together: 4 sigma of cycles.

    Of 200,000 requests they are .005, of a quarter of them twice as much.
    """
    level = hit_ratio(arrivals, 3, REQUESTS)

    assert level.hit_ratio == pytest.approx(ratio, abs=0.005 * math.sqrt(200_000 / REQUESTS))


@pytest.mark.slow
@pytest.mark.parametrize(("ttl", "rate", "ratio"), [(5, 0.5, 2 / 3), (7, 0.5, 0.75)])
def test_the_hit_law_of_a_period(ttl, rate, ratio):
    """d = 2 s: T/d = 2.5 and 3.5. No dice but the phase: all cycles but the cut ones are alike."""
    level = hit_ratio("deterministic", ttl, 20_000, rate)

    expected = theory.renewal_hit_ratio(theory.periodic_renewals(1 / rate, ttl))
    assert ratio == pytest.approx(expected)
    assert level.hit_ratio == pytest.approx(ratio, abs=2 * 20 / 20_000)


@pytest.mark.long
def test_heavy_tails_hit_more_often():
    """No closed form: 0.7855 is a simulation's; the variance has no bound, so no 4 sigma either."""
    assert hit_ratio("pareto", 3, 200_000).hit_ratio == pytest.approx(0.7855, abs=0.01)


@pytest.mark.parametrize("kind", [kind for kind in Arrivals if kind is not Arrivals.PARETO])
def test_all_kinds_have_the_same_rate_from_the_start(kind):
    """Requests in the first 3 s and in the next: 3λ each; c² of the counts is at most some 4."""
    rng, runs = Random(5), 4000
    early = late = 0
    for _ in range(runs):
        now = 0.0
        for gap in gaps(kind, 1.0, rng):
            now += gap
            if now >= 6:
                break
            early, late = early + (now < 3), late + (now >= 3)

    tolerance = 4 * math.sqrt(3 * 4 / runs)
    assert early / runs == pytest.approx(3, abs=tolerance)
    assert late / runs == pytest.approx(3, abs=tolerance)


def test_a_pareto_gap_has_its_law_and_its_rest():
    """P(gap > x) = (x0/x)^1.5 with x0 = 1/3; P(rest > x) = 2/3 (x0/x)^0.5: at x = 4/3."""
    rng, runs = Random(6), 20_000
    later = [list(islice(gaps(Arrivals.PARETO, 1.0, rng), 2)) for _ in range(runs)]

    over = [sum(pair[which] > 4 / 3 for pair in later) / runs for which in (0, 1)]

    for found, expected in zip(over, (2 / 3 * 0.5, 0.125), strict=True):
        assert found == pytest.approx(expected, abs=4 * math.sqrt(expected / runs))
