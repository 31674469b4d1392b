"""Places that differ in their clients and their resolvers, and places that share one of these."""

import math
from itertools import pairwise

import pytest

from lab_engine.authority.policies import Geolocation
from lab_engine.authority.records import RRset
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.errors import ScenarioError
from lab_engine.simulation import Clients, Resolvers, Scenario, run, supports, theory
from lab_engine.simulation.parts import Layer, Place, ScheduledChange
from lab_engine.simulation.sites import Site
from lab_engine.simulation.travel import member_of
from tests.counts import LONG, long_but
from tests.seeds import shifted

ENGINES = ("events", "population")
NEAR, FAR = "198.51.100.0/25", "198.51.100.128/25"
MIX = {"none": 1, "jvm": 1}


def scenario(places, ttl=60, **fields):
    zone = Zone.of("shop.example", [RRset.of("www", "A", ["192.0.2.1"], ttl)])
    fields = {"resolvers": Resolvers(2, 0), "duration": 3600, "seed": shifted(1), **fields}
    return Scenario(zone, "www", places=places, **fields)


def of_place(outcome, name):
    return sum(trip.requests for trip in outcome.trips if trip.place == name)


LASTS = 7200 if LONG else 900


def able(one, engine):
    """Whether an engine takes it on; what it does not is named."""
    return engine == "events" or not supports(one)


def near(count, mean):
    """4 sigma of a Poisson count."""
    return abs(count - mean) < 4 * math.sqrt(mean)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("client", long_but(["none", "os-cache", "jvm"], "none", "os-cache"))
def test_a_place_asks_at_its_own_rate(engine, client):
    places = [Place(NEAR, 3, name="near", rate=0.02), Place(FAR, 1, name="far")]
    one = scenario(places, clients=Clients(80, 0.5, profile=client))
    if not able(one, engine):
        return

    outcome = run(one, engine)
    assert near(of_place(outcome, "near"), 60 * 0.02 * 3600)
    assert near(of_place(outcome, "far"), 20 * 0.5 * 3600)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_unequal_leaves_have_hit_ratios_of_their_own(engine):
    """Each behind a resolver of its own: λT/(1 + λT) for each rate; 4 sigma of their misses."""
    rates = (0.005, 0.05, 0.5)
    places = [Place(f"198.51.100.{64 * at}/26", rate=rate) for at, rate in enumerate(rates)]
    one = scenario(
        places, clients=Clients(300), resolvers=Resolvers(300, 0), duration=LASTS, bin=LASTS
    )
    if not able(one, engine):
        return

    queries = run(one, engine).authority_queries
    expected = sum(100 * theory.upstream_rate(rate, 60) * LASTS for rate in rates)
    assert near(queries, expected)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_clients_of_a_place_remember_what_they_do_there(engine):
    places = [Place(NEAR, client_profile="jvm"), Place(FAR, client_profile={"os-cache": 1})]
    outcome = run(scenario(places, clients=Clients(100, 0.2)), engine)

    asked = outcome.levels.application, outcome.levels.os
    for level in asked:
        assert near(sum(level), 50 * 0.2 * 3600)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_resolvers_of_a_place_have_its_profiles(engine):
    """CoreDNS raises a TTL of 1 to 5 s, the others do not."""
    places = [Place(NEAR, resolver_profile="coredns"), Place(FAR)]
    lasts = 600 if LONG else 150
    one = scenario(places, 1, clients=Clients(200, 5.0), duration=lasts)

    outcome = run(one, engine)
    expected = theory.upstream_rate(500, 5) + theory.upstream_rate(500, 1)
    assert near(outcome.authority_queries, expected * lasts)


# --- one resolver for several places --------------------------------------------------------------


def sharing(**fields):
    """Two places with one resolver, and what both of them do to it."""
    places = [
        Place(NEAR, 3, name="near", resolver="google", resolver_ms=5),
        Place(FAR, 1, name="far", resolver="google", resolver_ms=20),
    ]
    return scenario(places, **fields)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("profile", long_but(["ideal", "unbound", "bind"], "ideal", "bind"))
def test_places_that_name_one_resolver_share_its_cache(engine, profile):
    """One renewal process of all their requests; each place has its part of these."""
    one = sharing(clients=Clients(100, 0.01), resolvers=Resolvers(2, 0, profile))
    if not able(one, engine):
        return

    outcome = run(one.set("duration", 36_000), engine)
    if profile == "ideal":
        expected = theory.upstream_rate(1.0, 60) * 36_000
        assert outcome.authority_queries == pytest.approx(
            expected, abs=4 * math.sqrt(expected / 60)
        )
    else:
        assert 36_000 / 63 < outcome.authority_queries < 36_000 / 53
    assert near(of_place(outcome, "near"), 0.75 * 36_000)
    assert near(of_place(outcome, "far"), 0.25 * 36_000)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_whoever_misses_waits_as_long_as_from_its_place(engine):
    one = sharing(clients=Clients(100, 0.01), duration=36_000)
    if not able(one, engine):
        return

    outcome = run(one, engine)
    waited = dict(outcome.lookups)
    assert set(waited) == {5, 20, 55, 70}
    assert waited[55] + waited[70] == outcome.levels.resolver.misses
    misses = outcome.levels.resolver.misses
    sigma = math.sqrt(misses * 0.75 * 0.25)
    assert waited[55] == pytest.approx(0.75 * misses, abs=4 * sigma)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("client", long_but(["os-cache", "jvm", MIX], "os-cache", MIX))
def test_clients_that_remember_may_share_a_resolver_across_places(engine, client):
    one = sharing(clients=Clients(60, 0.05, profile=client), duration=7200)
    apart = one.set("places.near.resolver", "").set("places.far.resolver", "")
    if not able(one, engine):
        return

    together = run(one, engine)
    assert near(of_place(together, "near"), 45 * 0.05 * 7200)
    assert together.levels.resolver.misses == together.authority_queries
    assert together.authority_queries < 0.75 * run(apart, engine).authority_queries


def geo():
    """Another answer for each quarter of the network."""
    codes = ("FR", "DE", "GB", "BR")
    sets = [
        RecordSet.of(
            "www",
            "A",
            [f"192.0.2.{at}"],
            60,
            policy=Geolocation(CountryCode=code),
            set_identifier=code,
        )
        for at, code in enumerate(codes)
    ]
    atlas = [Site(f"198.51.{100 + at}.0/24", code) for at, code in enumerate(codes)]
    return Zone.of("shop.example", sets), atlas


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_client_subnets_fragment_a_shared_cache(engine):
    """Four places with one resolver: one entry without client subnets, four with them."""
    lasts = 3600 if LONG else 1800
    zone, atlas = geo()
    places = [
        Place(site.network, resolver="google", egress="198.51.100.53", name=site.country)
        for site in atlas
    ]
    plain = Scenario(
        zone,
        "www",
        places=places,
        atlas=atlas,
        clients=Clients(100, 0.2),
        resolvers=Resolvers(profile="ideal"),
        profiles={"tells": {"like": "ideal", "ecs": (24, 56)}},
        duration=lasts,
    )
    told = plain.set("resolvers.profile", "tells")
    if not able(plain, engine) or not able(told, engine):
        return

    one, four = run(plain, engine), run(told, engine)
    assert one.authority_queries == pytest.approx(lasts / 60, abs=2)
    assert four.authority_queries == pytest.approx(4 * lasts / 60, abs=8)
    reached = {trip.place: trip.server for trip in four.trips if trip.requests}
    assert reached == {code: f"192.0.2.{at}" for at, code in enumerate(("FR", "DE", "GB", "BR"))}


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_a_change_reaches_all_places_of_a_resolver_at_once(engine):
    """One copy of it: from bin to bin all that are stale are so, or none."""
    one = sharing(
        ttl=1000,
        clients=Clients(100, 0.1),
        schedule=[ScheduledChange(50, "zone.www.ttl", 900)],
        duration=1500,
        bin=10,
        window=10,
    )
    if not able(one, engine):
        return

    stale = run(one, engine).stale_fraction()[5:]
    assert all(part in (0, 1) or 0 < part < 1 for part in stale)
    assert sum(0 < part < 1 for part in stale) <= 1
    assert all(before >= after for before, after in pairwise(stale))


def test_a_trace_calls_a_resolver_by_its_name():
    outcome = run(sharing(clients=Clients(4, 0.1), duration=60), trace=True)

    assert {event.who for event in outcome.trace if event.kind == "query"} <= {"google"}


@pytest.mark.slow
def test_layers_may_stand_before_a_shared_resolver():
    """Each place has its own: two levels of the same TTL leave what one level would."""
    one = sharing(clients=Clients(100, 0.1), layers=[Layer("router", count=8)], duration=7200)

    outcome = run(one)
    (routers,) = outcome.levels.layers
    assert near(sum(routers), 100 * 0.1 * 7200)
    assert sum(outcome.levels.resolver) == routers.misses
    assert outcome.authority_queries == pytest.approx(7200 / 60, abs=4)


# --- where clients are in their network -----------------------------------------------------------


@pytest.mark.slow
def test_clients_are_spread_over_equal_parts_by_their_weights():
    place = Place("198.51.100.0/24", subnets=(5, 0, 2, 1))

    parts = [
        int(str(member_of(place, index).network.network_address).rpartition(".")[2]) // 64
        for index in range(8000)
    ]
    counts = [parts.count(part) for part in range(4)]
    assert counts == pytest.approx([5000, 0, 2000, 1000], abs=10)
    assert len({member_of(place, index) for index in range(8000)}) > 180


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_weights_of_subnets_decide_who_is_led_where(engine):
    zone, atlas = geo()
    place = Place("198.51.100.0/22", subnets=(6, 2, 1, 1))
    one = Scenario(
        zone,
        "www",
        places=[place],
        atlas=atlas,
        clients=Clients(200, 0.1),
        resolvers=Resolvers(4, 0, "google-like"),
        duration=LASTS,
    )

    outcome = run(one, engine)
    counts = dict(zip(outcome.addresses, map(sum, outcome.requests), strict=True))
    homes = [str(member_of(place, index).network).split(".")[2] for index in range(200)]
    for at in range(4):
        there = homes.count(str(100 + at))
        assert abs(there - 20 * (6, 2, 1, 1)[at]) <= 2
        assert near(counts[f"192.0.2.{at}"], there * 0.1 * LASTS)


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rate": 0}, r"places.rate 0: is not a number from 1e-06"),
        ({"rate": "1"}, r"places.rate '1'"),
        ({"client_profile": {}}, r"places.client_profile {}: has parts that sum to zero"),
        ({"client_profile": "jvm/curl/chrome"}, r"places.client_profile .* chain of 3"),
        ({"resolver_profile": 3}, r"places.resolver_profile 3: is not a profile"),
        ({"resolver": None}, r"places.resolver None: is not a name"),
        ({"name": "x" * 41}, r"places.name 'x+': is not a name"),
        ({"subnets": 3}, r"places.subnets 3: is not a list of weights"),
        ({"subnets": (1, 2, 3)}, r"are 3 weights, and no equal parts of 198.18.1.0/24"),
        ({"subnets": (1,) * 512}, r"are 512 weights, and no equal parts"),
        ({"subnets": (0, 0)}, r"places.subnets \(0, 0\): sum to zero"),
        ({"subnets": (1, -1)}, r"places.subnets -1: is not a number"),
    ],
)
def test_a_place_refuses_what_it_cannot_have(given, said):
    with pytest.raises(ScenarioError, match=said):
        Place(**given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"client_profile": "crome"}, r"places 'paris' client_profile 'crome': .* mean chrome\?"),
        ({"resolver_profile": "jvm"}, r"places 'paris' resolver_profile 'jvm': is a client's"),
    ],
)
def test_profiles_of_places_are_those_of_the_scenario(given, said):
    with pytest.raises(ScenarioError, match=said):
        scenario([Place(name="paris", **given)])
