"""Caches before caches: what is left of a TTL where an answer has lain in another one before."""

import math
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_engine.authority.records import Question, Reply, RRset
from lab_engine.authority.zone import Zone
from lab_engine.caches.profiles import RECURSIVES
from lab_engine.caches.recursives import Limits
from lab_engine.caches.resolver import Resolver
from lab_engine.simulation import Clients, Resolvers, Scenario, run, theory
from lab_engine.simulation.events import engine as events
from lab_engine.simulation.parts import Layer
from tests.counts import LONG, long_but

from .seeds import shifted

WWW = Question.of("www.shop.example")
IDEAL = RECURSIVES["ideal"]


def answering(ttl):
    return Reply(answer=(RRset.of("www.shop.example.", "A", "192.0.2.1", ttl),))


def levels(*profiles, ttl=20):
    """Caches one behind the other, the nearest to the client first."""
    caches = []

    def authority(_question, _now):
        return answering(ttl)

    for profile in reversed(profiles):
        above = caches[0].resolve if caches else authority
        caches.insert(0, Resolver(above, Random(1), profile))
    return caches


def four_sigma(share, of):
    return 4 * math.sqrt(share * (1 - share) / of)


@pytest.mark.slow
@given(st.integers(1, 4), st.floats(0, 19.9), st.lists(st.floats(0, 0.99), max_size=4))
def test_on_continuous_clocks_no_level_keeps_an_answer_longer_than_its_ttl(depth, age, steps):
    """However often it was handed on, a copy ends a TTL after the authority gave it."""
    caches = levels(*[IDEAL] * depth)
    caches[-1].answer(WWW, 100.0)
    now = min(100 + age, 119.9)
    for cache, step in zip(reversed(caches), steps, strict=False):
        now = min(now + step, 119.95)
        cache.answer(WWW, now)

    for cache in caches:
        assert cache.answer(WWW, now).expires == pytest.approx(120, abs=1e-9)


def test_what_is_told_on_the_wire_stays_in_whole_seconds():
    near, _ = levels(IDEAL, IDEAL)
    near.answer(WWW, 0.25)

    assert [near.resolve(WWW, now).answer[0].ttl for now in (0.25, 1.2, 1.3, 20.2)] == [
        20,
        20,
        19,
        1,
    ]


def test_a_clock_of_whole_seconds_reads_whole_seconds():
    """RFC 1035 has no others: what is left is rounded up, and counts from this second."""
    near, far = levels("powerdns", IDEAL)
    far.answer(WWW, 0.5)
    near.answer(WWW, 3.2)

    assert near.answer(WWW, 3.2).expires == 3 + 18
    assert far.answer(WWW, 3.2).expires == 20.5


@pytest.mark.parametrize(
    ("limits", "asked", "expires"),
    [
        (Limits(floor=5), 16.3, 21.3),  # 3.7 s left
        (Limits(floor=5), 15.3, 20.3),  # 4.7 s left: 5 on the wire, and still short of the floor
        (Limits(floor=5), 14.3, 20.0),
        (Limits(cap=10), 14.3, 20.0),
        (Limits(cap=10), 3.3, 13.3),
    ],
)
def test_limits_hold_for_what_is_left(limits, asked, expires):
    near, far = levels(replace(IDEAL, limits=limits), IDEAL)
    far.answer(WWW, 0.0)

    assert near.answer(WWW, asked).expires == pytest.approx(expires)


@pytest.mark.long
@pytest.mark.slow
def test_three_levels_leave_the_authority_the_rate_of_one():
    """All copies of one answer end together, so that the next request fetches: Λ/(1 + ΛT)."""
    near, middle, far = levels(IDEAL, IDEAL, IDEAL)
    rng, now, count = Random(shifted(3)), 0.0, 150_000
    for _ in range(count):
        now += rng.expovariate(0.5)
        rng.choice((near, near, middle, far)).answer(WWW, now)

    expected = theory.upstream_rate(0.5, 20)
    sigma = 1 / math.sqrt(expected * now) / (1 + 0.5 * 20)  # gaps between fetches vary by so much
    assert far.cache.misses / now == pytest.approx(expected, rel=4 * sigma)
    assert 4 * sigma < 0.01


@pytest.mark.slow
def test_a_slow_leaf_hits_as_often_as_what_is_left_allows():
    """Behind a busy cache each TTL brings a leaf one miss where it asks at all: (1 - e^(-x))/x."""
    rate, ttl, leaves = 0.05, 20, 400
    far = levels(IDEAL, ttl=ttl)[0]
    near = [Resolver(far.resolve, Random(1), IDEAL) for _ in range(leaves)]
    rng, now, count = Random(shifted(4)), 0.0, 60_000 if LONG else 20_000
    for _ in range(count):
        now += rng.expovariate(rate * leaves)
        rng.choice(near).answer(WWW, now)

    missed = sum(leaf.cache.misses for leaf in near) / count
    busy = rate * (ttl + 1 / (rate * leaves))  # requests of a leaf from fetch to fetch
    expected = -math.expm1(-busy) / busy
    assert missed == pytest.approx(expected, abs=four_sigma(expected, count))


@pytest.mark.long
def test_three_layers_of_a_scenario_leave_the_authority_the_rate_of_one():
    """Within 1 %: 24 resolvers, 5 clients each, T = 20 s, for 20,000 s."""
    tall = Scenario(
        Zone.of("shop.example", [RRset.of("www", "A", "192.0.2.1", 20)]),
        "www",
        clients=Clients(120, 0.05),
        resolvers=Resolvers(24, skew=0),
        layers=(Layer("home", count=120), Layer("town", count=48)),
        duration=20_000,
        bin=100,
        seed=shifted(1),
    )

    outcome = events.run(tall)

    expected = 24 * theory.upstream_rate(0.25, 20) * 20_000
    assert outcome.authority_queries == pytest.approx(expected, rel=0.01)
    homes = outcome.levels.layers[0]
    assert homes.hit_ratio < theory.hit_ratio(0.05, 20)  # whose copies are old when they come


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rate", "ttl"), long_but([(2.0, 10), (0.5, 30), (1.0, 5)], (2.0, 10), (0.5, 30))
)
def test_prefetch_begins_before_the_ttl_ends_and_lasts_through_the_grace(rate, ttl):
    """Unbound 1.17.1: from fetch + T - T/10 on. 2/s and T = 10 miss .0010, not .0067."""
    eager = replace(RECURSIVES["unbound"], prefetch_share=0.1)
    (cache,) = levels(eager, ttl=ttl)
    rng, now, count = Random(shifted(5)), 1000.0, 150_000 if LONG else 50_000
    for _ in range(count):
        now += rng.expovariate(rate)
        cache.answer(WWW, now)

    hold, window = ttl - ttl // 10, ttl // 10 + 1
    fetched = 1 / (rate * (hold + 1 / math.expm1(rate)))
    missed = fetched * math.exp(-rate * window)
    fetches = cache.cache.misses + cache.prefetched
    assert fetches / count == pytest.approx(fetched, abs=four_sigma(fetched, count))
    assert cache.cache.misses / count == pytest.approx(missed, abs=four_sigma(missed, count))


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["events", "population"])
def test_both_engines_renew_as_unbound_does(engine):
    """2/s and T = 10: fetches .0546, misses .0010; 4 sigma of 120,000 requests."""
    alone = Scenario(
        Zone.of("shop.example", [RRset.of("www", "A", "192.0.2.1", 10)]),
        "www",
        clients=Clients(30, 2.0),
        resolvers=Resolvers(30, skew=0, profile="eager"),
        profiles={"eager": {"like": "unbound", "prefetch_share": 0.1}},
        duration=2000,
        bin=100,
        seed=shifted(1),
    )

    outcome = run(alone, engine)

    fetched = 1 / (2 * (9 + 1 / math.expm1(2)))
    missed = fetched * math.exp(-2 * 2)
    asked = outcome.authority_queries / outcome.total
    assert asked == pytest.approx(fetched, abs=four_sigma(fetched, outcome.total))
    found = 1 - outcome.levels.resolver.hit_ratio
    assert found == pytest.approx(missed, abs=four_sigma(missed, outcome.total))
