"""Layers of shared caches: as many as asked for, dealt out to clients, crowds and resolvers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab_engine.authority.policies import Geolocation
from lab_engine.authority.records import RRset
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.simulation import Clients, Resolvers, Scenario, theory
from lab_engine.simulation.events import engine as events
from lab_engine.simulation.events.layers import Asking, dealt, ways
from lab_engine.simulation.parts import Layer, Place
from lab_engine.simulation.sites import Site
from tests.counts import LONG
from tests.seeds import shifted

LASTS = 36_000 if LONG else 7_200
ZONE = Zone.of("shop.example", [RRset.of("www", "A", ["192.0.2.1"], 30)])


class Named:
    """Stands for a cache."""

    def __init__(self, layer, asking, name):
        assert isinstance(asking, Asking)
        self.name = name


def names_of(several):
    return [shared.cache.name for shared in several]


@pytest.mark.slow
@given(st.integers(1, 40), st.lists(st.integers(1, 30), min_size=1, max_size=12))
def test_there_are_as_many_caches_as_asked_for(count, heads):
    """Fewer only where there are not clients enough, and each crowd has one."""
    crowds = dealt([Layer("edge", count=count)], heads, [f"r{n}" for n in range(len(heads))], Named)

    found = {id(shared.cache) for (several,) in crowds for shared in several}
    assert all(several for (several,) in crowds)
    assert len(found) <= count
    if count <= len(heads) or all(clients >= count for clients in heads):
        assert len(found) == count
    for (several,), clients in zip(crowds, heads, strict=True):
        assert len(several) <= clients
        assert all(shared.by_several == (count < len(heads)) for shared in several)


def test_crowds_share_what_are_too_few_in_turn():
    crowds = dealt([Layer("edge", count=2)], [5, 4, 3, 2, 1], list("abcde"), Named)

    assert [names_of(several) for (several,) in crowds] == [
        ["edge 0"], ["edge 1"], ["edge 0"], ["edge 1"], ["edge 0"]
    ]  # fmt: skip


def test_each_way_leads_to_the_crowds_own_resolver():
    """Two crowds, a router for each client, and one edge before both resolvers."""
    layers = [Layer("router", count=4), Layer("edge", count=1), Layer("core", count=2)]
    crowds = dealt(layers, [2, 2], ["a", "b"], Named)
    resolvers = [Named(None, Asking(), name) for name in ("A", "B")]

    found = [
        [*ways(of_crowd, resolver, Place())]
        for of_crowd, resolver in zip(crowds, resolvers, strict=True)
    ]
    names = [[[cache.name for cache in caches] for caches, _ in each] for each in found]
    assert names == [
        [[f"router {n} of {c}", "edge 0", f"core 0 of {c}", c.upper()] for n in (0, 1)]
        for c in ("a", "b")
    ]
    edge = crowds[0][1][0].asking
    for each, core in zip(found, ("core 0 of a", "core 0 of b"), strict=True):
        (turn,) = each[1][1]
        turn.take()
        assert edge.above.name == core


def scenario(resolvers, layers, clients=40, rate=0.05, **fields):
    fields = {"duration": LASTS, "bin": 3600, "seed": shifted(3), **fields}
    return Scenario(
        ZONE,
        "www",
        clients=Clients(clients, rate),
        resolvers=Resolvers(resolvers, 0),
        layers=layers,
        **fields,
    )


@pytest.mark.slow
@pytest.mark.parametrize("resolvers", [1, 20])
def test_one_cache_before_twenty_resolvers_is_one(resolvers):
    """Its copies end with those it got: one renewal process, whoever is asked; 4 sigma."""
    outcome = events.run(scenario(resolvers, [Layer("edge", count=1)]))

    expected = theory.upstream_rate(40 * 0.05, 30) * LASTS
    gap_sigma = math.sqrt(expected) / (40 * 0.05)  # each cycle is a TTL and one exponential gap
    assert outcome.authority_queries == pytest.approx(expected, abs=4 * gap_sigma / 30)
    (edge,) = outcome.levels.layers
    assert edge.misses == sum(outcome.levels.resolver) == outcome.authority_queries


@pytest.mark.slow
def test_as_many_caches_as_resolvers_are_one_for_each():
    """Twenty renewal processes of a twentieth of the requests."""
    outcome = events.run(scenario(20, [Layer("edge", count=20)]))

    expected = 20 * theory.upstream_rate(2 * 0.05, 30) * LASTS
    assert outcome.authority_queries == pytest.approx(expected, abs=4 * math.sqrt(expected))


@pytest.mark.slow
def test_places_behind_one_cache_get_what_the_first_of_them_asked_for():
    """An edge before the resolvers of two places knows nothing of places.

    Who fills it is answered rightly; each request after that is of the other place with probability
    1/2. So the wrong ones are binomial, and 4 sigma is 2 roots of their number.
    """
    codes = {"FR": "192.0.2.1", "US": "192.0.2.2"}
    sets = [
        RecordSet.of(
            "www", "A", [address], 30, policy=Geolocation(CountryCode=code), set_identifier=code
        )
        for code, address in codes.items()
    ]
    places = [Place("10.0.0.0/24", name="FR"), Place("10.0.1.0/24", name="US")]
    mixed = Scenario(
        Zone.of("shop.example", sets),
        "www",
        places=places,
        atlas=[Site(place.network, place.name) for place in places],
        resolvers=Resolvers(2),
        clients=Clients(40, 0.2),
        layers=[Layer("edge", count=1)],
        duration=6000,
        seed=shifted(4),
    )

    shared, apart = events.run(mixed), events.run(mixed.set("layers.edge.count", 2))
    right = {(trip.place, trip.server) for trip in apart.trips}
    assert right == set(codes.items())
    wrong = [trip.requests for trip in shared.trips if codes[trip.place] != trip.server]
    (edge,) = shared.levels.layers
    assert sum(wrong) == pytest.approx(edge.hits / 2, abs=2 * math.sqrt(edge.hits))


def test_a_proxy_that_polls_for_several_crowds_polls_once():
    polling = scenario(4, [Layer("node", "envoy-strict", 1)], duration=600, bin=600, clients=8)
    alone = polling.set("resolvers.count", 1)

    several, one = (events.run(each).levels.layers[0].misses for each in (polling, alone))
    assert several == pytest.approx(one, abs=2)


@pytest.mark.slow
def test_the_count_of_a_layer_is_kept_over_places():
    """100 of them in two places, and not 100 for each: 50 clients each, behind 25 of them."""
    places = (Place("10.0.0.0/24"), Place("10.0.1.0/24"))
    two = scenario(2, [Layer("router", count=50)], clients=100, places=places, rate=0.01)

    outcome = events.run(two)
    expected = 50 * theory.upstream_rate(2 * 0.01, 30) * LASTS
    (routers,) = outcome.levels.layers
    assert expected < routers.misses < 1.35 * expected  # more where a copy is old when it comes
