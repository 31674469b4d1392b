"""How a watch begins, by examples, each with the fault that would spoil it planted again.

The same check that holds for the engines must fail for the fault: that is what it is worth.
"""

import heapq
import math
from functools import cache
from random import Random

import numpy as np
import pytest

from lab_engine.authority.records import RRset
from lab_engine.authority.zone import Zone
from lab_engine.simulation import Clients, Resolvers, Scenario, theory
from lab_engine.simulation.events.waking import _Told, _Waking
from lab_engine.simulation.parts import Layer, Place
from lab_engine.simulation.population.layers import Layers
from lab_engine.simulation.start import CYCLES, Memory
from tests.counts import FULL, LONG
from tests.seeds import shifted
from tests.watches import critical, freedom, from_law, watched, worst

pytestmark = pytest.mark.slow
TIMES = 10 if FULL else 1
WATCHES = 200 if FULL else 40 if LONG else 12


def scenario(ttl, **fields):
    zone = Zone.of("shop.example", [RRset.of("www", "A", "192.0.2.1", ttl)])
    return Scenario(zone, "www", **fields)


def off(counts, expected):
    """How much further than chance allows the sums of watches are from a law; below 1 is well."""
    return from_law(counts.sum(axis=1), expected) / critical(20, len(counts) - 1)


def uneven(watch, engine="events", watches=20):
    """How much further than chance allows some bin is from the mean of all; below 1 is well."""
    counts = watched(watch, engine, range(watches * TIMES))
    return worst(counts) / critical(1000, freedom(counts))


ROUTERS = scenario(
    60,
    clients=Clients(400, 0.1),
    resolvers=Resolvers(20, 0),
    layers=(Layer("router", "ideal", 400),),
    duration=480 if FULL else 240,
    bin=10,
    window=10,
)


def test_resolvers_behind_a_layer_are_at_any_phase():
    counts = watched(ROUTERS, "events", range(WATCHES))

    expected = 20 * theory.upstream_rate(2.0, 60) * ROUTERS.duration
    assert off(counts, expected) < 1
    assert worst(counts) < critical(1000, freedom(counts))


@pytest.mark.long
def test_copies_as_old_as_the_oldest_of_a_layer_are_seen(monkeypatch):
    """Planted: what a layer holds has been asked for before the resolver's own copy is taken."""

    def oldest_first(self, copy):
        ages = sorted(self._rng.random() * 60 for _ in copy.crowd.shared)
        for age, shared in zip(reversed(ages), copy.crowd.shared, strict=True):
            shared.look_up(self._question, -age)

    monkeypatch.setattr(_Waking, "take", oldest_first)

    assert uneven(ROUTERS) > 1


NODES = scenario(
    10,
    clients=Clients(80, 0.5, "app"),
    resolvers=Resolvers(40, 0),
    profiles={"app": {"like": "fixed", "lifetime": 4}},
    duration=80,
    bin=1,
    window=1,
)


@pytest.mark.parametrize("engine", ["events", "population"])
def test_caches_with_times_of_their_own_are_at_any_phase(engine):
    assert uneven(NODES, engine, 40 if LONG else 20) < 1


@pytest.mark.long
@pytest.mark.parametrize("engine", ["events", "population"])
def test_crowds_that_begin_all_at_once_are_seen(engine, monkeypatch):
    """Planted: all of them the same two cycles before the watch, busy, and with nothing held."""
    monkeypatch.setattr(Memory, "before", lambda self, _: self.own + CYCLES * self.cycle)
    monkeypatch.setattr(_Waking, "_last_fetch", lambda *_: None)
    monkeypatch.setattr("lab_engine.simulation.population.engine.SPREAD", 0.0)
    monkeypatch.setattr(Layers, "_opened", lambda self, rates, early=None: np.zeros(len(rates)))
    busy = NODES.set("clients.rate", 5).set("profiles.app.lifetime", 9)

    assert uneven(busy, engine, 10) > 1


SECONDS = scenario(
    5,
    clients=Clients(40, 6.0),
    resolvers=Resolvers(40, 0, "unbound"),
    duration=40,  # no multiple of six seconds, or sums would hardly vary
    bin=1,
    window=1,
)


@pytest.mark.parametrize("engine", ["events", "population"])
def test_every_second_of_a_ttl_is_alike_on_a_clock_of_seconds(engine):
    counts = watched(SECONDS, engine, range(20 * TIMES))

    expected = 40 * 40 / (6 + 1 / math.expm1(6.0))
    assert off(counts, expected) < 1
    assert worst(counts) < critical(1000, freedom(counts))


@pytest.mark.long
def test_copies_taken_at_any_moment_of_such_a_clock_are_seen(monkeypatch):
    """Planted: ages uniform over a lifetime that is half a second shorter on average."""

    def uniformly(self, profile, life, rate):
        held = self._rng.random() < theory.hit_ratio(rate, life - 0.5)
        return self._rng.random() * (life - 0.5) if held else None

    monkeypatch.setattr(_Waking, "_last_fetch", uniformly)

    assert uneven(SECONDS, watches=60) > 1


TOWNS = scenario(
    10,
    clients=Clients(200, 0.5),
    resolvers=Resolvers(40, 0, "told"),
    profiles={"told": {"like": "ideal", "ecs": [24, 56]}},
    places=(Place("198.51.0.0/16"),),
    duration=40,
    bin=1,
    window=1,
)


def test_answers_for_everybody_are_at_any_phase_where_subnets_are_told():
    counts = watched(TOWNS, "events", range(WATCHES))

    assert off(counts, 40 * 40 * theory.upstream_rate(2.5, 10)) < 1
    assert worst(counts) < critical(1000, freedom(counts))


@pytest.mark.long
def test_a_copy_for_each_subnet_of_an_answer_for_everybody_is_seen(monkeypatch):
    """Planted: the resolver's copy is as old as the oldest of many."""
    monkeypatch.setattr(_Told, "of", lambda _, crowd, index: crowd.members[index].client)

    assert uneven(TOWNS) > 1


DEALT = scenario(
    60,
    clients=Clients(100, 0.01, "os-cache"),
    resolvers=Resolvers(1, 0, "parts"),
    profiles={"parts": {"like": "ideal", "fragments": 16}},
    duration=4000,
    bin=200,
    window=200,
)


def plainly(seed):
    """Queries of DEALT, event by event: 100 clients before 16 caches, each question to any."""
    dice = Random(f"dealt {seed}")
    asking = [(dice.expovariate(0.01), client) for client in range(100)]
    heapq.heapify(asking)
    ends, queries = [0.0] * 16, 0
    while asking[0][0] < DEALT.duration + 1000:
        now, client = asking[0]
        part = dice.randrange(16)
        if now >= ends[part]:
            ends[part] = now + 60
            queries += now >= 1000
        heapq.heapreplace(asking, (ends[part] + dice.expovariate(0.01), client))
    return queries


@cache
def plain_queries(runs):
    return np.array([plainly(shifted(seed)) for seed in range(runs)])


def dealt(counts):
    """How far an engine's watches are from the plain simulation, in standard errors."""
    one, other = counts.sum(axis=1), plain_queries(10 * len(counts))
    error = math.sqrt(one.var(ddof=1) / len(one) + other.var(ddof=1) / len(other))
    return abs(one.mean() - other.mean()) / error


@pytest.mark.parametrize("engine", ["events", "population"])
def test_questions_to_several_caches_meet_what_was_fetched_before(engine):
    counts = watched(DEALT, engine, range(WATCHES))

    assert dealt(counts) < 4
    assert worst(counts) < critical(1000, freedom(counts))


def test_windows_opened_out_of_the_order_of_time_are_seen(monkeypatch):
    """Planted: a question finds a copy that is fetched after it."""
    monkeypatch.setattr(Layers, "_in_order", lambda self, opening: np.isfinite(opening))

    assert dealt(watched(DEALT, "population", range(20))) > 8


@pytest.mark.long
def test_several_levels_of_exact_caches_leave_the_authority_its_rate():
    """Three levels and the clients' own: within 1 % of r / (1 + r T), T = 10."""
    levels = scenario(
        10,
        clients=Clients(90, 0.3, "os-cache"),
        resolvers=Resolvers(30, 0),
        layers=(Layer("router", "ideal", 60), Layer("provider", "ideal", 45)),
        duration=400,
        bin=10,
        window=10,
    )

    counts = watched(levels, "events", range(6 * TIMES))

    expected = 30 * 400 * theory.upstream_rate(0.9, 10)
    sums = counts.sum(axis=1)
    assert 4 * sums.std(ddof=1) / math.sqrt(len(sums)) < 0.01 * expected
    assert sums.mean() == pytest.approx(expected, rel=0.01)
