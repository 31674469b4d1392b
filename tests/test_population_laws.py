"""The population engine against closed forms: hit laws, stale lines, outages, canaries.

Each sample is so large that 4 standard errors lie within the tolerance; seeds are fixed.
"""

import math
import os
import signal
import threading
from ipaddress import ip_network

import numpy as np
import pytest

from lab_engine.authority.policies import CidrLocation, Geolocation, IpBased, Weighted
from lab_engine.authority.records import RRset
from lab_engine.authority.recordset import RecordSet
from lab_engine.authority.zone import Zone
from lab_engine.caches.crowds import zipf_shares
from lab_engine.errors import ScenarioError
from lab_engine.simulation import Clients, Resolvers, Scenario, run, supports, theory
from lab_engine.simulation.parts import Backend, Layer, Place, ScheduledChange
from lab_engine.simulation.population import engine as population
from lab_engine.simulation.strata import profile_of, strata
from tests.counts import LONG, long_but

OLD, NEW = "192.0.2.1", "192.0.2.2"
LASTS = 3600 if LONG else 300


def one_address(ttl, **fields):
    zone = Zone.of("shop.example", [RRset.of("www", "A", [OLD], ttl)])
    return Scenario(zone, "www", **fields)


def policy_set(address, ttl, policy, check=""):
    return RecordSet.of(
        "www", "A", [address], ttl, policy=policy, set_identifier=address, health_check_id=check
    )


def each_alone(count, rate, lifetime=0.0):
    """So many clients, each behind a resolver of its own, whose applications keep answers."""
    return {
        "clients": Clients(count, rate, "mine"),
        "resolvers": Resolvers(count, 0),
        "profiles": {"mine": {"like": "fixed", "lifetime": lifetime}},
    }


def resolver_hits(outcome):
    return outcome.levels.resolver.hit_ratio


def four_sigma(ratio, sample):
    return 4 * math.sqrt(ratio * (1 - ratio) / sample)


# --- T1: hits ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ttl", "rate"), [(1, 0.1), (1, 1), (3, 1), (10, 1)])
def test_an_ideal_cache_follows_jung(ttl, rate):
    found = run(one_address(ttl, **each_alone(2000, rate), duration=1000, bin=100), "population")

    expected = theory.hit_ratio(rate, ttl)
    assert four_sigma(expected, found.total) < 0.005
    assert resolver_hits(found) == pytest.approx(expected, abs=0.005)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("profile", "grace"),
    long_but(
        [("powerdns", 0), ("unbound", 1), ("unbound-1.25", 0), ("bind", 0)],
        ("powerdns", 0),
        ("unbound", 1),
    ),
)
@pytest.mark.parametrize(("ttl", "rate"), [(5, 0.2), (5, 1.0), (2, 3.0), (1, 0.5)])
def test_whole_second_clocks_follow_their_own_law(profile, grace, ttl, rate):
    """±0.003; at T=5, λ=0.2 the law of the continuous clock is 0.025 off and refused."""
    behind = each_alone(2000, rate)
    behind["resolvers"] = Resolvers(2000, 0, profile=profile)

    found = run(one_address(ttl, **behind, duration=1000, bin=1000), "population")

    expected = theory.whole_second_hit_ratio(rate, ttl, grace)
    assert four_sigma(expected, found.total) < 0.0035
    assert resolver_hits(found) == pytest.approx(expected, abs=0.0035)
    if (ttl, rate) == (5, 0.2):
        assert abs(resolver_hits(found) - theory.hit_ratio(rate, ttl)) > 0.02


def test_a_prefetch_hides_misses_and_costs_queries():
    """BIND: the last 2 s of T=20 at λ=0.5, on its clock of whole seconds, against its own cycle."""
    behind = each_alone(4000, 0.5)
    behind["resolvers"] = Resolvers(4000, 0, profile="bind")

    found = run(one_address(20, **behind, duration=1000, bin=1000), "population")

    cycle = 18 + 1 / math.expm1(0.5)
    assert found.authority_queries / found.total == pytest.approx(1 / (0.5 * cycle), abs=0.003)
    missed = found.levels.resolver.misses / found.authority_queries
    assert missed == pytest.approx(math.exp(-0.5 * 2), abs=0.003)


@pytest.mark.slow
def test_every_bin_of_a_watch_is_alike_from_the_first():
    """In the long run from the start, on every clock: the first second asks as the others do."""
    for profile in ("ideal", "unbound", "bind", "google-like"):
        behind = each_alone(40_000, 0.3)
        behind["resolvers"] = Resolvers(40_000, 0, profile=profile)

        found = run(one_address(12, **behind, duration=40, bin=1), "population")

        mean = np.mean(found.queries)
        assert np.abs(np.array(found.queries) - mean).max() < 4 * math.sqrt(mean)


@pytest.mark.parametrize(
    ("rate", "lifetime", "ttl", "expected"),
    [(0.2, 5, 30, 0.7241), (0.05, 60, 300, 0.7669), (1, 30, 60, 0.5)],
)
def test_a_chain_that_restarts_its_lifetime(rate, lifetime, ttl, expected):
    """Also measures how well a warm-up makes up for what is not known at the beginning."""
    chain = each_alone(20_000, rate, lifetime)

    found = run(one_address(ttl, **chain, duration=ttl, bin=ttl), "population")

    questions = sum(found.levels.resolver)
    assert theory.chain_hit_ratio(rate, lifetime, ttl) == pytest.approx(expected, abs=1e-4)
    assert resolver_hits(found) == pytest.approx(expected, abs=0.005 + four_sigma(0.5, questions))


def test_caches_behind_one_address_are_each_asked_their_part():
    behind = {"clients": Clients(10_000, 0.1), "resolvers": Resolvers(10, 0, profile="google-like")}

    found = run(one_address(60, **behind, duration=36_000, bin=3600), "population")

    expected = theory.hit_ratio(1000 * 0.1 / 16, 60)
    assert resolver_hits(found) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("rate", "lifetime", "ttl"), [(0.2, 5, 30), (0.05, 60, 300), (1, 30, 60), (0.3, 25, 30)]
)
def test_the_beginning_behind_own_lifetimes_is_as_good_as_its_note_says(rate, lifetime, ttl):
    """One client each, lifetimes and TTLs close to each other: the hardest case known."""
    chain = each_alone(20_000, rate, lifetime)

    found = run(one_address(ttl, **chain, duration=ttl, bin=ttl), "population")

    error = resolver_hits(found) - theory.chain_hit_ratio(rate, lifetime, ttl)
    assert abs(error) < 0.05 + four_sigma(0.5, sum(found.levels.resolver))
    assert found.notes == (population.BEGINNING,)


@pytest.mark.slow
@pytest.mark.parametrize("profile", long_but(["ideal", "bind", "google-like"], "google-like"))
@pytest.mark.parametrize(
    "client", long_but(["os-cache", "fixed", "fixed/os-cache"], "fixed/os-cache")
)
def test_the_first_ttl_behind_ten_clients_is_as_good_as_the_note_says(profile, client):
    crowds = Clients(200_000, 0.2, client)

    found = run(
        one_address(
            20,
            clients=crowds,
            resolvers=Resolvers(20_000, 0, profile=profile),
            duration=400,
            bin=20,
        ),
        "population",
    )

    settled = np.mean(found.queries[10:])
    assert found.queries[0] / settled == pytest.approx(1, abs=0.03)


# --- T3: stale lines and outages -----------------------------------------------------------------


def moved(ttl, **fields):
    """One address gives way to another at 100 s."""
    zone = Zone.of("shop.example", [RRset.of("www", "A", [OLD], ttl)])
    new = Zone.of("shop.example", [RRset.of("www", "A", [NEW], ttl)])
    return Scenario(zone, "www", schedule=(ScheduledChange(100.0, "zone", new),), bin=0.5, **fields)


def stale_at(outcome, *seconds):
    """The stale part of the requests in the second around these times after the change."""
    row = outcome.stale_fraction()
    return [
        np.mean([row[round((100 + t) * 2) + k] for k in (-1, 0)]) if t else row[200]
        for t in seconds
    ]


def test_the_stale_line_of_poisson_caches():
    found = run(moved(20, **each_alone(100_000, 1.0), duration=130), "population")

    expected = [theory.stale_fraction(t, 20, 1.0) for t in (0.25, 5, 10, 15)]
    assert stale_at(found, 0, 5, 10, 15) == pytest.approx(expected, abs=0.01)
    assert sum(found.stale[0][-18:]) == 0  # after T, nothing is stale
    assert sum(found.stale[0][:200]) == 0  # nor before the change


def test_the_new_server_gets_what_is_not_stale():
    found = run(moved(20, **each_alone(10_000, 1.0), duration=130), "population")

    old, new = found.requests
    assert found.addresses == (OLD, NEW)
    assert [*old[200:]] == [*found.stale[0][200:]]
    assert sum(new[:200]) == 0


@pytest.mark.slow
def test_two_levels_that_restart_need_the_sum_of_their_times():
    """JVMs keep 30 s whatever is left of 30: .875, .5, .125, 0. Others keep resolvers busy."""
    half = Clients(80_000, 50.0, profile={"none": 1, "jvm": 1})

    found = run(moved(30, clients=half, resolvers=Resolvers(20_000, 0), duration=165), "population")

    expected = [theory.two_level_stale_fraction(t, 30, 30) for t in (15, 30, 45)]
    others = [theory.stale_fraction(t, 30) for t in (15, 30, 45)]
    stale = 2 * np.array(stale_at(found, 15, 30, 45)) - others
    assert expected == pytest.approx([0.875, 0.5, 0.125])
    assert stale == pytest.approx(expected, abs=0.01)
    assert sum(found.stale[0][-6:]) == 0


@pytest.mark.slow
def test_a_mix_of_lifetimes_replicates_the_long_tail_of_a_move():
    """88.3 % keep 60 s, 7.7 % 300 s, 4.0 % 1800 s: stale .10 after a minute, .02 after 15."""
    mix, after = {60: 0.883, 300: 0.077, 1800: 0.040}, {}
    for lifetime, part in mix.items():
        one = each_alone(20_000, 1.0, lifetime)
        found = run(moved(0, **one, duration=1100), "population")
        for t in (60, 900):
            after[t] = after.get(t, 0) + part * stale_at(found, t)[0]

    assert after[60] == pytest.approx(0.10, abs=0.01)
    assert after[900] == pytest.approx(0.02, abs=0.005)


def test_caches_that_never_led_to_the_dead_count_nothing():
    zone = Zone.of("shop.example", [RRset.of("www", "A", [OLD, NEW], 60)])
    found = run(
        Scenario(zone, "www", schedule=(ScheduledChange(100.0, "down", [OLD]),)), "population"
    )

    assert set(found.outages[0].lasted) == {(0.0, weight) for _, weight in found.outages[0].lasted}
    assert sum(found.failed) == 0


def test_an_outage_ends_when_the_server_is_back():
    both = (ScheduledChange(100.0, "down", [OLD]), ScheduledChange(130.0, "down", []))
    found = run(one_address(300, schedule=both, clients=Clients(1000, 1.0)), "population")

    assert found.outages[0].quantiles(0.5) == (30.0,)
    assert sum(found.failed[:1]) == 0
    assert sum(found.failed[3:]) == 0
    assert sum(found.failed) == pytest.approx(30_000, abs=4 * math.sqrt(30_000))


# --- T2: canaries (1.9) --------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("resolvers", "part", "ttl", "window", "expected"),
    [
        pytest.param(Resolvers(100, 0), 10, 60, 60, 0.0245, marks=pytest.mark.long),
        pytest.param(Resolvers(20, 1), 5, 300, 300, 0.0625, marks=pytest.mark.long),
        pytest.param(Resolvers(100, 1), 5, 60, 600, 0.0167, marks=pytest.mark.long),
        pytest.param(Resolvers(1000, 1), 10, 60, 600, 0.0160, marks=pytest.mark.long),
    ],
)
def test_the_share_of_a_canary_varies_as_derived(resolvers, part, ttl, window, expected):
    """sd within 7 %, the closed form's own exactness; one window of each of 3,000 runs."""
    sets = [
        policy_set(OLD, ttl, Weighted(100 - part)),
        policy_set(NEW, ttl, Weighted(part)),
    ]
    watched = Scenario(
        Zone.of("shop.example", sets),
        "www",
        clients=Clients(10_000, 200.0),
        resolvers=resolvers,
        duration=window,
        bin=window,
    )

    shares = [run(watched.set("seed", seed), "population").shares()[1] for seed in range(3000)]

    sizes = zipf_shares(resolvers.count, resolvers.skew)
    assert theory.canary_error(part / 100, sizes, ttl, window) == pytest.approx(expected, rel=0.01)
    assert np.std(shares) == pytest.approx(expected, rel=0.07)


# --- places, levels and notes --------------------------------------------------------------------


def test_each_place_asks_as_itself_and_waits_its_own_time():
    near, far = (
        Place("198.51.100.0/24", 3, resolver_ms=5),
        Place("203.0.113.0/24", 1, authority_ms=90),
    )
    found = run(one_address(60, places=(near, far)), "population")

    waited = dict(found.lookups)
    assert sorted(waited) == [5, 10, 55, 100]
    assert sum(waited.values()) == found.total
    assert waited[55] + waited[100] == found.levels.resolver.misses
    by_place = {trip.place: trip.requests for trip in found.trips}
    assert by_place[near.network] == pytest.approx(0.75 * found.total, rel=0.02)


def test_profiles_of_clients_have_their_own_levels():
    mixed = Clients(3000, 0.2, profile={"none": 1, "jvm": 1, "systemd-resolved": 1})

    levels = run(one_address(60, clients=mixed), "population").levels

    third = 1000 * 0.2 * 3600
    assert sum(levels.application) == pytest.approx(third, rel=0.01)
    assert sum(levels.os) == pytest.approx(third, rel=0.01)
    assert levels.application.hit_ratio == pytest.approx(theory.hit_ratio(0.2, 30), abs=0.01)
    asked = levels.application.misses + levels.os.misses
    assert sum(levels.resolver) == pytest.approx(third + asked, rel=0.01)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"clients": Clients(10, arrivals="h2")}, "Poisson"),
        ({"backends": (Backend(OLD, capacity=5.0),)}, "servers refuse"),
        ({"layers": (Layer("router"),)}, "caches stand between"),
        ({"reachable": False}, "out of reach"),
        ({"clients": Clients(10, profile="curl")}, "keeps connections open"),
        ({"clients": Clients(10, profile="firefox")}, "renews its answers"),
        ({"clients": Clients(10, profile="haproxy")}, "set times"),
        ({"clients": Clients(10, profile="nginx")}, "turns the order"),
    ],
)
def test_what_it_cannot_do_it_says(fields, word):
    beyond = one_address(60, **fields)

    assert any(word in reason for reason in supports(beyond))
    with pytest.raises(ScenarioError, match=word):
        run(beyond, "population")


def test_what_would_not_fit_is_refused_before_it_starts():
    large = one_address(60, clients=Clients(10**7, 0.1, "os-cache"), resolvers=Resolvers(10**6))

    with pytest.raises(ScenarioError, match=r"GB of memory: are more than"):
        population.run(large)


def test_what_many_deaths_of_many_caches_would_take_is_refused_too():
    times = range(100, 1000, 100)
    dying = [ScheduledChange(at, "down", [OLD] if at % 200 else []) for at in times]
    wide = one_address(60, clients=Clients(10**7, 0.1), resolvers=Resolvers(10**7, 0))

    with pytest.raises(ScenarioError, match=r"GB of memory: are more than"):
        population.run(wide.set("schedule", tuple(dying)))


@pytest.mark.slow
@pytest.mark.parametrize("caches", long_but([100_000, 2_000], 2_000))
def test_broken_off_it_keeps_what_is_whole_for_who_asks(caches):
    many = one_address(
        5,
        clients=Clients(caches, 1.0, "os-cache" if caches < 10**4 else "none"),
        resolvers=Resolvers(caches, 0),
    ).set("duration", 30_000.0)
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()

    found = population.run(many, partial=True)

    assert found.partial
    assert found.notes or found.ended < 30_000
    assert 0 < found.total < 0.9 * caches * 30_000


@pytest.mark.slow
def test_an_interrupt_is_an_interrupt_where_nobody_asks_for_a_part():
    many = one_address(5, clients=Clients(10**5, 1.0), resolvers=Resolvers(10**5, 0))
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()

    with pytest.raises(KeyboardInterrupt):
        population.run(many.set("duration", 30_000.0))


@pytest.mark.slow
def test_progress_is_told_in_caches_or_in_seconds():
    caches, seconds = [], []
    alone = one_address(60, clients=Clients(50_000), resolvers=Resolvers(50_000, 0))

    population.run(alone, progress=lambda *done: caches.append(done))
    system = alone.set("clients.count", 100).set("clients.profile", "os-cache")
    population.run(system, progress=lambda *done: seconds.append(done))

    assert caches == [(20_000, 50_000), (40_000, 50_000), (50_000, 50_000)]
    assert seconds == sorted(seconds)
    assert seconds[-1][0] > 3000
    assert {total for _, total in seconds} == {3600}


def by_country(**fields):
    """France is led to one address, all others to another."""
    sets = [
        policy_set(OLD, 60, Geolocation(CountryCode="FR")),
        policy_set(NEW, 60, Geolocation(CountryCode="*")),
    ]
    return Scenario(Zone.of("shop.example", sets), "www", **fields)


def test_client_subnets_lead_by_the_place_of_the_client():
    """Of two places with resolvers in the first: led as resolvers are, or as clients are."""
    french, american = "198.18.1.0/24", "198.19.1.0/24"
    places = (Place(french), Place(american, egress="198.18.1.1"))
    told = Resolvers(10, profile="google-like")

    blind = run(by_country(places=places), "population")
    seeing = run(by_country(places=places, resolvers=told), "population")

    assert {(trip.place, trip.server) for trip in blind.trips} == {(french, OLD), (american, OLD)}
    assert {(trip.place, trip.server) for trip in seeing.trips} == {(french, OLD), (american, NEW)}


@pytest.mark.slow
def test_each_scope_block_at_a_resolver_is_a_cache_of_its_own():
    """Four blocks told apart by an IP-based policy, behind 16 caches of one resolver."""
    locations = [
        CidrLocation("c", f"l{index}", (ip_network(f"198.51.{100 + index}.0/24"),))
        for index in range(4)
    ]
    sets = [
        RecordSet.of(
            "www",
            "A",
            [f"192.0.2.{index + 1}"],
            60,
            policy=IpBased(location),
            set_identifier=f"l{index}",
        )
        for index, location in enumerate(locations)
    ]
    zone = Zone.of("shop.example", sets)
    found = run(
        Scenario(
            zone,
            "www",
            clients=Clients(6400, 0.1),
            places=(Place("198.51.100.0/22"),),
            resolvers=Resolvers(1, profile="google-like"),
            duration=36_000,
        ),
        "population",
    )

    assert resolver_hits(found) == pytest.approx(theory.hit_ratio(640 / 64, 60), abs=2e-4)
    assert found.shares() == pytest.approx((0.25,) * 4, abs=0.005)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["events", "population"])
def test_only_clients_with_a_system_cache_look_up_in_one_that_has_nothing_to_keep(engine):
    """TTL 0, and a quarter of the clients has one: a quarter of the requests, 4 sigma."""
    mixed = Scenario(
        Zone.of("shop.example", [RRset.of("www", "A", "192.0.2.1", 0)]),
        "www",
        clients=Clients(40, 0.2, {"os-cache": 1, "none": 3}),
        duration=LASTS,
    )

    outcome = run(mixed, engine)
    assert outcome.levels.os.hits == 0
    (stratum,) = strata(mixed)
    having = [profile_of(index, stratum.mix) for index in range(40)].count("os-cache")
    expected = having * 0.2 * LASTS
    assert outcome.levels.os.misses == pytest.approx(expected, abs=4 * math.sqrt(expected))


@pytest.mark.slow
def test_a_system_that_knows_asks_none_of_the_caches_behind_an_address():
    """6 clients before 16 of them, TTL 30: most windows are closed when an application looks again.

    Every miss is a question, and both engines count as many; 4 sigma of each.
    """
    dealt = Scenario(
        Zone.of("shop.example", [RRset.of("www", "A", "192.0.2.1", 30)]),
        "www",
        clients=Clients(6, 0.4, "short/os-cache"),
        resolvers=Resolvers(1, 0, "google-like"),
        profiles={"short": {"like": "fixed", "lifetime": 4}},
        duration=7200 if LONG else 2400,
    )

    events, drawn = (run(dealt, engine) for engine in ("events", "population"))
    for outcome in (events, drawn):
        assert outcome.levels.os.misses == sum(outcome.levels.resolver)
        assert outcome.levels.resolver.hits > 0
    apart = events.authority_queries - drawn.authority_queries
    assert abs(apart) < 4 * math.sqrt(events.authority_queries + drawn.authority_queries)
